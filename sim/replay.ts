/** Names a schedule in a few characters: the run's seed, its number, and where it was shortened the entries that are left. */
import { generate } from './generate.ts';
import type { Entry, Schedule } from './schedule.ts';

/** `1:669`, or `1:669:3,5/1,9`: entries 3, 5 (with its first attempt only) and 9 of schedule 669 of seed 1. */
export const replayOf = (given: { readonly seed: number; readonly number: number; readonly kept?: Schedule }): string => {
  const whole = generate(given.seed, given.number);
  const name = `${given.seed}:${given.number}`;
  const { kept } = given;
  if (kept === undefined) return name;
  const entries = kept.entries.map((entry) => {
    const before = whole.entries.find(({ id }) => id === entry.id);
    const shorter = entry.kind === 'call' && before?.kind === 'call' && entry.call.attempts.length < before.call.attempts.length;
    return shorter ? `${entry.id}/${entry.call.attempts.length}` : String(entry.id);
  });
  return `${name}:${entries.join(',')}`;
};

const REPLAY = /^(\d{1,10}):(\d{1,10})(?::(\d+(?:\/\d+)?(?:,\d+(?:\/\d+)?)*))?$/;

/** @throws {RangeError} for text that names no schedule */
export const scheduleOf = (replay: string): Schedule => {
  const [, seed, number, entries] = REPLAY.exec(replay) ?? [];
  if (seed === undefined || number === undefined)
    throw new RangeError(`given ${replay} to replay, allowed: SEED:NUMBER, or SEED:NUMBER:ENTRIES as a violation prints it`);
  const whole = generate(Number(seed), Number(number));
  if (entries === undefined) return whole;
  const kept = new Map(
    entries.split(',').map((text) => {
      const [id, attempts] = text.split('/').map(Number);
      return [id, attempts] as const;
    }),
  );
  return withEntries(
    whole,
    whole.entries.flatMap((entry) => {
      if (!kept.has(entry.id)) return [];
      const attempts = kept.get(entry.id);
      return [attempts === undefined ? entry : firstAttempts(entry, attempts)];
    }),
  );
};

/** A schedule with other entries, and as many acts as these need. */
export const withEntries = (schedule: Schedule, entries: readonly Entry[]): Schedule => ({
  ...schedule,
  entries,
  acts: entries.reduce((acts, { act }) => Math.max(acts, act + 1), 1),
});

export const firstAttempts = (entry: Entry, count: number): Entry =>
  entry.kind === 'call' ? { ...entry, call: { ...entry.call, attempts: entry.call.attempts.slice(0, count) } } : entry;
