/** A run as people read it: one line for each thing that happened, orders by their keys and not their hashes. */
import { type OrderName, orderIdOf } from './requests.ts';
import type { Schedule } from './schedule.ts';
import type { TimelineEntry } from './world.ts';

/** Hexadecimal digits that tell two hashes of one timeline apart. */
const DIGITS = 4;

/** @param whole heartbeats, too, which seldom explain anything */
export const timelineOf = (schedule: Schedule, entries: readonly TimelineEntry[], whole = false): readonly string[] => {
  const names = new Map(ordersOf(schedule).map((order) => [orderIdOf(order), order.key]));
  const readable = (text: string): string =>
    text.replaceAll(/[0-9a-f]{32}/g, (hash) => names.get(hash) ?? hash.slice(0, DIGITS)).replaceAll('\n', ' ');
  const startMs = entries[0]?.atMs ?? 0;
  return entries
    .filter(({ where, what }) => whole || (!where.startsWith('deep check') && !what.startsWith('REGIONS BEAT')))
    .map(({ atMs, where, what }) => `${seconds(atMs - startMs)}  ${readable(`${where}: ${what}`)}`);
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3).padStart(9)} s`;

const ordersOf = ({ entries }: Schedule): readonly OrderName[] =>
  entries.flatMap((entry) => (entry.kind === 'call' && 'order' in entry.call.request ? [entry.call.request.order] : []));
