/** What anybody's refused orders may take from others: held against each grant and each wish as it is written, and at rest. */
import { PACE_MS, sharingOf } from '../functions/core/sharing.ts';
import { foldHeld } from '../functions/core/stock-fold.ts';
import { foldWishes } from '../functions/core/wishes.ts';
import type { Cell } from './cell.ts';
import type { Violation } from './invariants.ts';
import type { Change } from './replica.ts';

/** Milliseconds after which no wish counts, and nobody remembers what was sold before. */
const LATER_MS = 3_600_000;
/** A wish is up to twice what was ordered, and a view may count units twice that have left one row and are in another. */
const WISHED_TIMES_MAX = 4;
/** Milliseconds in which no region forgets what it sold, less the difference of clocks. */
const REMEMBERED_MS = PACE_MS - 10_000;

/** Watches what is written, in every region. */
export class Sharing {
  readonly #booked = new Map<string, number>();
  #beganMs: number | undefined;

  /**
   * Of a write at a cell. A giver keeps what it had sold when it was asked, in the first ten minutes of a world, and an
   * equal part of what it had; where a row is negative, of less.
   */
  wrote(cell: Cell, { key, item, before }: Change, nowMs: number): readonly Violation[] {
    this.#beganMs ??= nowMs;
    const [type, , units] = key.sk.split('#');
    const sku = key.pk.slice('STOCK#'.length);
    const booked = this.#booked.get(sku) ?? 0;
    if (type === 'BOOKED') this.#booked.set(sku, booked + Number(item?.['quantity'] ?? 0));
    if (type === 'WISH' && Number(units) > WISHED_TIMES_MAX * booked)
      return [{ rule: 'nobody wishes for what there never was', detail: `${cell.name} wishes for ${units} ${sku}; ${booked} were booked` }];
    if (type !== 'HELD' || item === undefined || before === undefined) return [];
    const given = Object.keys(item).some((name) => name.startsWith('granted_') && item[name] !== before[name]);
    const rows = cell.replica('data').query(key.pk, 'HELD#');
    if (!given || !key.sk.endsWith(`#${cell.writer}`) || rows.some((row) => Number(row['available'] ?? 0) < 0)) return [];
    const [had, sold, has] = [Number(before['available'] ?? 0), Number(before['lookedSold'] ?? 0), Number(item['available'] ?? 0)];
    const remembers = nowMs - this.#beganMs < REMEMBERED_MS;
    const kept = Math.max(remembers ? Math.min(had, sold) : 0, Math.ceil(had / cell.surroundings.regions.length));
    return has >= kept
      ? []
      : [{ rule: 'a giver goes on selling', detail: `${cell.name} had ${had} ${sku} and sold ${sold}; of what it had it keeps ${has}` }];
  }
}

/** At rest: once wishes are over, whatever they asked for, nobody hands anything over or notes anything. */
export const lastingWishes = (cell: Cell, nowMs: number): readonly Violation[] => {
  const laterMs = nowMs + LATER_MS;
  const stock = Map.groupBy(
    cell
      .replica('data')
      .items()
      .filter(({ pk }) => pk.startsWith('STOCK#')),
    ({ pk }) => pk,
  );
  return [...stock].flatMap(([pk, items]) => {
    const held = foldHeld(items);
    const own = held.find(({ region }) => region === cell.region);
    const { handovers, look } = own ? sharingOf(own, foldWishes(items, laterMs), held, laterMs) : { handovers: [], look: undefined };
    if (handovers.length === 0 && look === undefined) return [];
    return [{ rule: 'a wish ends by itself', detail: `${cell.name} hears wishes for ${pk.slice('STOCK#'.length)} an hour later` }];
  });
};
