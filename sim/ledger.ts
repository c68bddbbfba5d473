/** What callers were told. Kept outside of all regions, and compared with what the regions hold. */
import type { Item, Key } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';
import { type Facts, readFacts, type VersionFacts } from './facts.ts';
import { keyText } from './replica.ts';
import { identityOf, linesText, orderIdOf, type Request, recordKeyOf } from './requests.ts';

/** What a caller knows from an answer that said "done". */
export interface Told {
  readonly request: Request;
  readonly value: unknown;
  /** The items that its token names. */
  readonly carriers: readonly Key[];
}

/** An answer that said "done". */
export interface Acknowledgement extends Told {
  /** The effect was there before. */
  readonly replayed: boolean;
  readonly cell: Cell;
  readonly writer: string;
  readonly beganMs: number;
  readonly atMs: number;
  /** It said that a peer holds it. */
  readonly replicated: boolean;
}

/** An answer that said that a peer holds these items. */
export interface Replicated {
  readonly cell: Cell;
  readonly carriers: readonly Key[];
  readonly beganMs: number;
}

/** An answer to a read. */
export interface Read {
  readonly request: Request;
  readonly value: unknown;
  readonly cell: Cell;
  /** What the region said it holds of what the caller was told. */
  readonly told: readonly Told[];
}

/** An answer that said no. */
export interface Refusal {
  readonly request: Request;
  readonly code: string;
  readonly cell: Cell;
  readonly beganMs: number;
}

/** What a caller may believe in the end. `refused` only where every attempt was refused: else nobody knows. */
export type Verdict = 'ok' | 'refused' | 'unknown';

export class Ledger {
  #owed: Acknowledgement[] = [];
  /** Acknowledged by a region that was lost for good, and by then on no other. */
  readonly lost: Acknowledgement[] = [];
  /** Acknowledged by a region that was given up, after it was cut off: nobody but its caller ever hears of it. */
  readonly lostAfterCut: Acknowledgement[] = [];
  /** Orders that somebody read as cancelled. */
  readonly toldCancelled = new Set<string>();
  /** Orders that housekeeping counted as shipped after they were cancelled. */
  readonly shippedAfterCancelled = new Set<string>();
  readonly #replicated = new Set<string>();
  readonly #verdicts = new Map<string, { readonly request: Request; readonly verdicts: Verdict[] }>();

  get owed(): readonly Acknowledgement[] {
    return this.#owed;
  }

  /** By what the requests ask for: replays of one request count together. */
  get verdicts(): Iterable<{ readonly request: Request; readonly verdicts: readonly Verdict[] }> {
    return this.#verdicts.values();
  }

  /** Whether a region had acknowledged that an order is cancelled, before a request began there. */
  wasCancelled({ request, cell, beganMs }: Acknowledgement): boolean {
    return this.#owed.some(
      (each) =>
        each.request.kind === 'cancel' &&
        'order' in request &&
        orderIdOf(each.request.order) === orderIdOf(request.order) &&
        each.cell === cell &&
        each.atMs < beganMs,
    );
  }

  /** Whether a region had acknowledged a request before the same request began there again. */
  wasDone({ request, cell, beganMs }: Refusal): boolean {
    const identity = identityOf(request);
    return this.#owed.some((each) => each.cell === cell && each.atMs < beganMs && identityOf(each.request) === identity);
  }

  /** Somebody was told that these items outlive the region that told it. */
  replicated(carriers: readonly Key[]): void {
    for (const key of carriers) this.#replicated.add(keyText(key));
  }

  /** Lost, though somebody was told that it outlives its region. */
  lostThoughReplicated(): readonly Acknowledgement[] {
    return [...this.lost, ...this.lostAfterCut].filter(
      ({ carriers }) => carriers.length > 0 && carriers.every((key) => this.#replicated.has(keyText(key))),
    );
  }

  acknowledged(acknowledgement: Acknowledgement): void {
    this.#owed.push(acknowledgement);
  }

  ended(request: Request, verdict: Verdict): void {
    const identity = identityOf(request);
    const known = this.#verdicts.get(identity) ?? { request, verdicts: [] };
    known.verdicts.push(verdict);
    this.#verdicts.set(identity, known);
  }

  /** Regions are given up: what they acknowledged and no survivor holds is lost, and owed no more. */
  giveUp(lost: (cell: Cell) => boolean, survivors: readonly Item[]): void {
    const facts = readFacts(survivors);
    const isLost = (each: Acknowledgement): boolean => lost(each.cell) && !isPresent(each, facts);
    this.lost.push(...this.#owed.filter(isLost));
    this.#owed = this.#owed.filter((each) => !isLost(each));
  }
}

/** The members of an answer, looked at without trusting it. */
export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([each]) => each === name)?.[1] : undefined;

/** Whether the facts hold what was acknowledged: kept, whether or not it counts in the end. */
export const isPresent = ({ request, value }: Pick<Told, 'request' | 'value'>, facts: Facts): boolean => {
  switch (request.kind) {
    case 'place': {
      const order = facts.orders.get(orderIdOf(request.order));
      const by = memberOf(value, 'placedBy');
      const wanted = linesText(merged(request.lines));
      return (
        order?.acceptances.some((each) => each.writer === by && each.note === request.note && linesText(listed(each.lines)) === wanted) ??
        false
      );
    }
    case 'pay': {
      const amounts = facts.orders.get(orderIdOf(request.order))?.payments.get(String(memberOf(value, 'id'))) ?? [];
      return amounts.some((each) => each.amount === request.amount);
    }
    case 'ship': {
      const order = facts.orders.get(orderIdOf(request.order));
      const by = memberOf(value, 'by');
      return order?.acceptances.some(({ ends }) => ends.some((end) => end.kind === 'shipped' && end.by === by)) ?? false;
    }
    case 'cancel':
      return facts.orders.get(orderIdOf(request.order))?.cancellations.has(String(memberOf(value, 'id'))) ?? false;
    case 'receive': {
      const id = memberOf(value, 'id');
      const stock = facts.stock.get(request.sku);
      return (
        stock !== undefined &&
        (stock.receipts.some((each) => each.hash === id && each.quantity === request.quantity) ||
          stock.bookings.some((each) => each.hash === id && each.quantity === request.quantity))
      );
    }
    case 'edit': {
      const version = facts.records.get(recordKeyOf(request.record))?.versions.get(String(memberOf(value, 'version')));
      return version !== undefined && isEdit(version, request);
    }
    default:
      return true;
  }
};

/** Whether a version is what an edit asked for. */
export const isEdit = (version: VersionFacts, { parents, value, key }: Extract<Request, { kind: 'edit' }>): boolean =>
  version.value === value && version.key === key && version.parents.join() === [...new Set(parents)].sort().join();

const listed = (lines: ReadonlyMap<string, number>) => [...lines].map(([sku, quantity]) => ({ sku, quantity }));

export const merged = (lines: readonly { readonly sku: string; readonly quantity: number }[]) => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return listed(quantities);
};
