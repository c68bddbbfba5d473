/** A run as people read it: one line for each thing that happened, orders by their keys and records by their ids, not their hashes. */
import { orderIdOf, recordKeyOf } from './requests.ts';
import type { Schedule } from './schedule.ts';
import type { TimelineEntry } from './world.ts';

/** Hexadecimal digits that tell two hashes of one timeline apart. */
const DIGITS = 4;

/** @param whole heartbeats, too, which seldom explain anything */
export const timelineOf = (schedule: Schedule, entries: readonly TimelineEntry[], whole = false): readonly string[] => {
  const names = new Map(namesOf(schedule));
  const readable = (text: string): string =>
    text.replaceAll(/[0-9a-f]{32}/g, (hash) => names.get(hash) ?? hash.slice(0, DIGITS)).replaceAll('\n', ' ');
  const startMs = entries[0]?.atMs ?? 0;
  return entries
    .filter(({ where, what }) => whole || (!where.startsWith('deep check') && !what.startsWith('REGIONS BEAT')))
    .map(({ atMs, where, what }) => `${seconds(atMs - startMs)}  ${readable(`${where}: ${what}`)}`);
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3).padStart(9)} s`;

const namesOf = ({ entries }: Schedule): readonly (readonly [string, string])[] =>
  entries.flatMap((entry) => {
    if (entry.kind === 'fault') return [];
    const { wish } = entry.call;
    if ('order' in wish) return [[orderIdOf(wish.order), wish.order.key] as const];
    return 'record' in wish ? [[recordKeyOf(wish.record).slice('RECORD#'.length), wish.record.id] as const] : [];
  });
