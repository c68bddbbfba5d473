/**
 * An order is the fold of a set of facts. The fold is commutative, associative and idempotent, so every region that holds
 * the same facts sees the same order, whatever the order of their arrival; facts it does not know, it ignores.
 *
 * | fact | meaning |
 * |---|---|
 * | `PLACED#W` | W accepted the order and reserved its lines, in one transaction |
 * | `END#P#W` | W ended the reservation that P made (P is W, or a retired incarnation of W's region): shipped, cancelled or superseded |
 * | `E#paid#h#W`, `E#cancel#h#W` | a payment, the wish to cancel; h is the hash of subject, order, type and Idempotency-Key |
 */
import { isNumber, isRecord, numberOf, partsOf, textOf, writerOf } from './item.ts';
import type { Item, Value } from './store.ts';
import { compareWriters, smallestWriter } from './writer.ts';

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export type EndKind = 'shipped' | 'cancelled' | 'superseded';

export interface End {
  /**
   * `unknown`: of a later release. It ends the reservation as any other, so that nobody ends it a second time or ships it,
   * and its units stay out of the stock, because nobody here can tell where they are.
   */
  readonly kind: EndKind | 'unknown';
  readonly by: string;
  readonly atMs: number;
  /** Hash of the request, where a request ended it. */
  readonly request: string | undefined;
  readonly carrier: string | undefined;
  /** Sort key of the item that says so. */
  readonly sk: string;
}

/** What one writer accepted. An END carries the order too, and stands in for a PLACED that never arrived. */
export interface Reservation {
  readonly writer: string;
  readonly subject: string;
  readonly lines: readonly Line[];
  readonly note: string | undefined;
  /** Hash of the request's content. */
  readonly body: string;
  readonly placedAtMs: number;
  readonly ends: readonly End[];
  /** Sort key of the item that says so: its `PLACED` where that is here. */
  readonly sk: string;
}

export interface Payment {
  readonly hash: string;
  readonly amount: number;
  readonly atMs: number;
  readonly by: string;
  readonly conflicts: readonly { readonly amount: number; readonly by: string }[];
}

/** Sort key of a payment's fact, or of a wish to cancel. */
export const eventSk = (type: 'paid' | 'cancel', hash: string, writer: string): string => `E#${type}#${hash}#${writer}`;

export interface Cancellation {
  readonly hash: string;
  readonly atMs: number;
  readonly by: string;
}

export interface OrderView {
  /** In the order of their writers; never empty. */
  readonly reservations: readonly Reservation[];
  /** The reservation that counts: the smallest shipped writer, else the smallest. Body and stock come from it. */
  readonly keeper: Reservation;
  /** `cancelling`: asked for, and some reservation has not ended yet. */
  readonly state: 'placed' | 'shipped' | 'cancelling' | 'cancelled';
  readonly payments: readonly Payment[];
  /** The first one first. */
  readonly cancellations: readonly Cancellation[];
}

/** The order that these items of one partition make; undefined when no writer's acceptance is among them. */
export const foldOrder = (given: readonly Item[]): OrderView | undefined => {
  // In the order of their keys: of several ENDs that could stand in for a PLACED, every region takes the same.
  const items = [...new Map(given.map((item) => [item.sk, item])).values()].sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const reservations = foldReservations(items);
  const keeperWriter = smallestWriter(reservations.filter(isShipped).map((each) => each.writer)) ?? reservations[0]?.writer;
  const keeper = reservations.find((each) => each.writer === keeperWriter);
  if (!keeper) return undefined;
  const cancellations = foldCancellations(items);
  return { reservations, keeper, state: stateOf(reservations, cancellations), payments: foldPayments(items), cancellations };
};

export const isShipped = (reservation: Reservation): boolean => reservation.ends.some((end) => end.kind === 'shipped');
export const isOpen = (reservation: Reservation): boolean => reservation.ends.length === 0;
/** Its units are not with the stock: open, shipped, or ended nobody here knows how. */
export const holdsStock = (reservation: Reservation): boolean =>
  isOpen(reservation) || reservation.ends.some((end) => end.kind === 'shipped' || end.kind === 'unknown');

/** When an order was cancelled, and by whom, the first one first: by wish, or, where the wish was lost, by what ended for it. */
export const cancelledBy = ({ cancellations, reservations }: OrderView): readonly Pick<Cancellation, 'atMs' | 'by'>[] =>
  cancellations.length > 0 ? cancellations : reservations.flatMap(({ ends }) => ends.filter(({ kind }) => kind === 'cancelled'));

/**
 * Somebody may have been told `cancelled`: a reservation was ended for that. And another one, which its region had made or
 * shipped without hearing of it, was shipped.
 */
export const isShippedAfterCancelled = ({ reservations }: OrderView): boolean =>
  reservations.some(isShipped) && reservations.some(({ ends }) => ends.some(({ kind }) => kind === 'cancelled'));

const stateOf = (reservations: readonly Reservation[], cancellations: readonly Cancellation[]): OrderView['state'] => {
  if (reservations.some(isShipped)) return 'shipped';
  const cancelled = cancellations.length > 0 || reservations.some((each) => each.ends.some((end) => end.kind === 'cancelled'));
  if (!cancelled) return 'placed';
  return reservations.some(isOpen) ? 'cancelling' : 'cancelled';
};

const foldReservations = (items: readonly Item[]): Reservation[] => {
  const ends = new Map<string, End[]>();
  const accepted = new Map<string, Omit<Reservation, 'ends'>>();
  for (const item of items) {
    const [type, placedBy] = partsOf(item);
    if ((type !== 'PLACED' && type !== 'END') || placedBy === undefined) continue;
    const acceptance = acceptanceOf(item, placedBy);
    if (acceptance && (type === 'PLACED' || !accepted.has(placedBy))) accepted.set(placedBy, acceptance);
    if (type === 'END') ends.set(placedBy, [...(ends.get(placedBy) ?? []), endOf(item)]);
  }
  return [...accepted.values()]
    .map((each) => ({ ...each, ends: (ends.get(each.writer) ?? []).sort((a, b) => compareWriters(a.by, b.by)) }))
    .sort((a, b) => compareWriters(a.writer, b.writer));
};

const acceptanceOf = (item: Item, writer: string): Omit<Reservation, 'ends'> | undefined => {
  const [subject, body, placedAtMs, lines] = [
    textOf(item, 'subject'),
    textOf(item, 'body'),
    numberOf(item, 'placedAt'),
    linesOf(item['lines']),
  ];
  if (subject === undefined || body === undefined || placedAtMs === undefined || lines === undefined) return undefined;
  return { writer, subject, body, placedAtMs, lines, note: textOf(item, 'note'), sk: item.sk };
};

const linesOf = (value: Value | undefined): readonly Line[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((line) => {
    const { sku, quantity } = isRecord(line) ? line : {};
    return typeof sku === 'string' && isNumber(quantity) ? [{ sku, quantity }] : [];
  });
};

const END_KINDS = ['shipped', 'cancelled', 'superseded'] as const satisfies readonly EndKind[];

const endOf = (item: Item): End => ({
  kind: END_KINDS.find((each) => each === item['kind']) ?? 'unknown',
  by: writerOf(item),
  atMs: numberOf(item, 'at') ?? 0,
  request: textOf(item, 'request'),
  carrier: textOf(item, 'carrier'),
  sk: item.sk,
});

/** Each key counted once: of different amounts the smallest writer's counts, and all are shown. */
const foldPayments = (items: readonly Item[]): Payment[] => {
  const byHash = Map.groupBy(events(items, 'paid'), (event) => event.hash);
  return [...byHash.values()].flatMap((group) => {
    const [first, ...others] = group
      .flatMap(({ item, hash, atMs, by }) => {
        const amount = numberOf(item, 'amount');
        return amount === undefined ? [] : [{ hash, amount, atMs, by }];
      })
      .sort((a, b) => compareWriters(a.by, b.by));
    if (!first) return [];
    const conflicts = others.filter((other) => other.amount !== first.amount).map(({ amount, by }) => ({ amount, by }));
    return [{ ...first, conflicts }];
  });
};

const foldCancellations = (items: readonly Item[]): Cancellation[] =>
  events(items, 'cancel')
    .map(({ hash, atMs, by }) => ({ hash, atMs, by }))
    .sort((a, b) => a.atMs - b.atMs || compareWriters(a.by, b.by));

const events = (items: readonly Item[], type: 'paid' | 'cancel') =>
  items
    .flatMap((item) => {
      const [prefix, kind, hash] = partsOf(item);
      const atMs = numberOf(item, 'at');
      return prefix === 'E' && kind === type && hash !== undefined && atMs !== undefined ? [{ item, hash, atMs, by: writerOf(item) }] : [];
    })
    .sort((a, b) => (a.hash === b.hash ? compareWriters(a.by, b.by) : a.hash < b.hash ? -1 : 1));
