import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { changing, effectOf } from '../../ops/commands/effect.ts';
import { makeProgram } from '../../ops/program.ts';

const leaves = (command: Command): readonly Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));
const nameOf = (command: Command): string => (command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name());
const all = leaves(makeProgram());

/** What is wrong with how a command says what it does. */
const problemOf = (command: Command): string | undefined => {
  const flags = command.options.map((each) => each.long);
  const confirms = flags.includes('--yes') || flags.includes('--apply');
  switch (effectOf(command)) {
    case undefined:
      return `${nameOf(command)} does not say whether it changes anything`;
    case 'changes':
      return confirms ? undefined : `${nameOf(command)} changes something, and does not show first`;
    case 'reads':
      return confirms ? `${nameOf(command)} reads, and has nothing to confirm` : undefined;
    case 'tries':
      return undefined;
  }
};

describe('every command', () => {
  it('says what it does to a system, and shows before it changes anything', () => {
    expect(all.length).toBeGreaterThan(16);
    expect(all.flatMap((each) => problemOf(each) ?? [])).toEqual([]);
  });

  it('that breaks what runs on this machine is a drill, or starts it', () => {
    expect(all.filter((each) => effectOf(each) === 'tries').map(nameOf)).toEqual(['start', 'drill']);
  });

  it('that is forgotten is found', () => {
    const program = makeProgram();
    expect(problemOf(program.command('burn'))).toContain('burn does not say');
    expect(problemOf(changing(program.command('erase'), 'erase', '--force'))).toContain('erase changes something');
  });

  it('fits a terminal of 100 columns with its help', () => {
    const tooLong = [makeProgram(), ...all].flatMap((each) => {
      const lines = each.helpInformation().split('\n');
      return lines.filter((line) => line.length > 100).map((line) => `${nameOf(each)}: ${line}`);
    });
    expect(tooLong).toEqual([]);
  });
});
