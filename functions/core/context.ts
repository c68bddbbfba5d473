/** What a use case works with, and how it ends. */
import type { Hlc } from './hlc.ts';
import type { Clock, Store } from './store.ts';

/** One region's hands: its replica, its clock, and the name it writes under. */
export interface Context {
  readonly store: Store;
  readonly clock: Clock;
  readonly hlc: Hlc;
  readonly region: string;
  /** `writerName` of the region's present incarnation. */
  readonly writer: string;
  /** Every configured region. */
  readonly regions: readonly string[];
}

/** Why a use case refused. A refusal has no effect and is not remembered. */
export type RefusalCode =
  | 'bad-request'
  | 'not-found'
  | 'order-cancelled'
  | 'order-shipped'
  | 'out-of-stock'
  | 'wrong-region'
  | 'key-reused';

export type Outcome<T> =
  /** `replayed`: the effect was there before; `value` is what the first answer said. */
  | { readonly kind: 'done'; readonly value: T; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: string; readonly region?: string };

export const done = <T>(value: T, replayed = false): Outcome<T> => ({ kind: 'done', value, replayed });

export const refused = (code: RefusalCode, detail: string, region?: string): Outcome<never> =>
  region === undefined ? { kind: 'refused', code, detail } : { kind: 'refused', code, detail, region };

/** The last millisecond that dates have, https://tc39.es/ecma262/#sec-time-values-and-time-range. */
const DATE_MS_MAX = 8.64e15;

/** A time as answers show it. Damaged ones are shown as the nearest that there is: an item never breaks its reader. */
export const instant = (ms: number): string => new Date(Math.min(Math.max(ms, -DATE_MS_MAX), DATE_MS_MAX)).toISOString();
