/** Which deployment a command speaks to. */
import { type Command, Option } from 'commander';

const TARGETS = ['local', 'aws'] as const;
export type TargetName = (typeof TARGETS)[number];

export const addTargetOption = (command: Command): Command =>
  command.addOption(new Option('--target <target>', 'the system on this machine, or the one on AWS').choices(TARGETS).default('local'));
