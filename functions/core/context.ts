/** What a use case works with, and how it ends. */
import type { Hlc } from './hlc.ts';
import type { RecentSkus } from './recent-skus.ts';
import type { Clock, Key, Store } from './store.ts';

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
  /** What the caller was told of, by its tokens. */
  readonly named?: readonly Key[];
  /** What its execution environment found to be short; without it every order is tried. */
  readonly shortages?: RecentSkus;
  /** What its execution environment found to be hot; without it, each order tries the region's row first. */
  readonly heat?: RecentSkus | undefined;
  /** Told of a damaged item that a write has made right. */
  readonly mended?: (key: Key) => void;
}

/** Why a use case refused. A refusal has no effect and is not remembered. */
export type RefusalCode =
  | 'bad-request'
  | 'not-found'
  | 'order-cancelled'
  | 'order-shipped'
  | 'order-full'
  | 'out-of-stock'
  | 'wrong-region'
  | 'key-reused'
  | 'precondition-failed'
  | 'unknown-version'
  | 'record-full';

export interface Done<T> {
  readonly kind: 'done';
  readonly value: T;
  /**
   * The effect was there before. `value` tells of it as it counts here now: where two regions had accepted the same request,
   * that may be with the other region's name and time.
   */
  readonly replayed: boolean;
  /**
   * The items that carry the answer to a write: whoever holds all of them can give it. Written once, never changed. Empty
   * for reads.
   */
  readonly carriers: readonly Key[];
  /** Entity tag of what was read or written, without quotation marks; where the resource has one. */
  readonly tag?: string;
  /** The write made a thing that was not there, where a write may do either. */
  readonly created?: boolean;
}

export type Outcome<T> =
  | Done<T>
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: string; readonly region?: string };

/** The answer to a read. */
export const read = <T>(value: T): Done<T> => ({ kind: 'done', value, replayed: false, carriers: [] });

/** The answer to a write, which one item carries. */
export const written = <T>(value: T, carrier: Key, replayed = false): Done<T> => ({
  kind: 'done',
  value,
  replayed,
  carriers: [{ pk: carrier.pk, sk: carrier.sk }],
});

export const refused = (code: RefusalCode, detail: string, region?: string): Outcome<never> =>
  region === undefined ? { kind: 'refused', code, detail } : { kind: 'refused', code, detail, region };

/** The last millisecond that dates have, https://tc39.es/ecma262/#sec-time-values-and-time-range. */
const DATE_MS_MAX = 8.64e15;

/** A time as answers show it. Damaged ones are shown as the nearest that there is: an item never breaks its reader. */
export const instant = (ms: number): string => new Date(Math.min(Math.max(ms, -DATE_MS_MAX), DATE_MS_MAX)).toISOString();
