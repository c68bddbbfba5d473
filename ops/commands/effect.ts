/** What a command does to a system: each says so, and a test walks all of them. */
import type { Command } from 'commander';

/**
 * `reads`: changes nothing. `changes`: shows what it would do, and does it with `--yes`. `tries`: breaks what runs on this
 * machine in order to measure it, and repairs it itself.
 */
export type Effect = 'reads' | 'changes' | 'tries';

const effects = new WeakMap<Command, Effect>();

export const effectOf = (command: Command): Effect | undefined => effects.get(command);

const declared = (command: Command, effect: Effect): Command => {
  effects.set(command, effect);
  return command;
};

export const reading = (command: Command): Command => declared(command, 'reads');
export const trying = (command: Command): Command => declared(command, 'tries');

/** @param flag where another word than `--yes` is the one of the field */
export const changing = (command: Command, what = 'do it', flag = '--yes'): Command =>
  declared(command, 'changes').option(flag, `${what}; without it, only show what would be done`, false);

/** What every dry run ends with. */
export const NOTHING_DONE = 'Nothing is done; --yes does it.';

/** The same, where something is in the way of doing it now. */
export const nothingDone = (inTheWay: string | undefined): string =>
  inTheWay === undefined ? NOTHING_DONE : `Nothing is done, and --yes is refused for now: ${inTheWay}.`;
