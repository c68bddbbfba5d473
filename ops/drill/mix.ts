/** What callers do next: place orders, read them back, pay for them, look at stock and receive some, edit records. Pure but for the chance given. */
import type { Action, OperationRecord } from './operations.ts';

/** Parts of a caller's requests. */
const PARTS = [
  ['placeOrder', 0.36],
  ['getOrder', 0.27],
  ['payOrder', 0.13],
  ['getStock', 0.07],
  ['receiveStock', 0.05],
  ['putRecord', 0.06],
  ['getRecord', 0.06],
] as const;
type Operation = (typeof PARTS)[number][0];
/** Orders that a caller remembers, to read and pay. */
const REMEMBERED_MAX = 50;
const SCARCE_PART = 0.1;
/** Every ninth caller sends a note with its orders: one of each kind near each region, or nearly, with the callers of a drill. */
const NOTE_EVERY = 9;
/** People pay a moment after they ordered, and edit a moment after they looked. */
const THOUGHT_MS = 2_000;

/** Stock of a drill: its own skus, plenty of most, and one that sells out while a region is lost. And records that callers share. */
export interface Assortment {
  readonly plenty: readonly string[];
  readonly scarce: string;
  readonly records: readonly string[];
}

export const assortment = (name: string): Assortment => ({
  plenty: ['a', 'b', 'c', 'd'].map((each) => `${name}-${each}`),
  scarce: `${name}-scarce`,
  records: ['r', 's', 't', 'u'].map((each) => `${name}-${each}`),
});
export const allSkus = (stock: Assortment): readonly string[] => [...stock.plenty, stock.scarce];

export interface MixProps {
  readonly stock: Assortment;
  /**
   * Whether a caller edits the shared records, or one of its own. Who edits what others edit is refused where it was outrun, and
   * while the region that it asked first is silent nobody can say what became of that: this is no failure of failing over.
   */
  readonly sharesRecords: (caller: string) => boolean;
  readonly regions: readonly string[];
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newKey: () => string;
}

interface Known {
  readonly id: string;
  readonly ackMs: number;
  paid: boolean;
}

export class Mix {
  private readonly props: MixProps;
  private readonly known = new Map<string, Known[]>();
  /** Callers in the order of their first request, and whether each sends notes. */
  private readonly notes = new Map<string, boolean>();
  /** Heads of records as a caller last saw them. Not there: it has not looked since it was refused, or not answered. Empty: there was no such record. */
  private readonly heads = new Map<string, { readonly vids: readonly string[]; readonly seenMs: number }>();

  /** Own records, and whether an edit of each is under way. */
  private readonly own = new Map<string, boolean>();

  constructor(props: MixProps) {
    this.props = props;
  }

  next(caller: string): Action {
    const { random, newKey, now, stock, regions } = this.props;
    const orders = this.known.get(caller) ?? [];
    switch (this.draw()) {
      case 'getOrder': {
        const order = orders[Math.floor(random() * orders.length)];
        return order ? { operation: 'getOrder', order: order.id } : this.order(caller);
      }
      case 'payOrder': {
        const order = orders.find((each) => !each.paid && now() - each.ackMs >= THOUGHT_MS);
        if (!order) return this.order(caller);
        order.paid = true;
        return { operation: 'payOrder', key: newKey(), order: order.id, amount: 100 + Math.floor(random() * 9_900) };
      }
      case 'getStock':
        return { operation: 'getStock', sku: this.pick(stock.plenty) };
      case 'receiveStock':
        return {
          operation: 'receiveStock',
          key: newKey(),
          sku: this.pick(stock.plenty),
          region: this.pick(regions),
          quantity: 1 + Math.floor(random() * 10),
        };
      case 'putRecord':
        return this.edit(caller);
      case 'getRecord':
        return { operation: 'getRecord', record: this.pick(stock.records) };
      case 'placeOrder':
        return this.order(caller);
    }
  }

  /** Remembers what was acknowledged, and what was seen. */
  learn(record: OperationRecord): void {
    this.learnHeads(record);
    if (record.operation !== 'placeOrder' || record.outcome !== 'ok' || record.id === null) return;
    const orders = this.known.get(record.caller) ?? [];
    this.known.set(record.caller, [...orders, { id: record.id, ackMs: record.endMs, paid: false }].slice(-REMEMBERED_MAX));
  }

  private order(caller: string): Action {
    const { stock, random, newKey } = this.props;
    const note = this.sendsNotes(caller) ? { note: `for ${caller}` } : {};
    if (random() < SCARCE_PART) return { operation: 'placeOrder', key: newKey(), lines: [{ sku: stock.scarce, quantity: 1 }], ...note };
    const first = Math.floor(random() * stock.plenty.length);
    const skus = new Set([stock.plenty[first], stock.plenty[(first + Math.floor(random() * 2)) % stock.plenty.length]]);
    return {
      operation: 'placeOrder',
      key: newKey(),
      lines: [...skus].flatMap((sku) => (sku === undefined ? [] : [{ sku, quantity: 1 + Math.floor(random() * 3) }])),
      ...note,
    };
  }

  /** From what it saw last; of what it has not seen, it looks first. What it has in flight it does not wait for: then it is refused. */
  private edit(caller: string): Action {
    if (!this.props.sharesRecords(caller)) return this.editOwn(caller);
    const record = this.pick(this.props.stock.records);
    const heads = this.heads.get(`${caller} ${record}`);
    if (!heads) return { operation: 'getRecord', record };
    if (this.props.now() - heads.seenMs < THOUGHT_MS) return this.order(caller);
    return { operation: 'putRecord', key: this.props.newKey(), record, parents: heads.vids };
  }

  /** One edit after the other. */
  private editOwn(caller: string): Action {
    const { stock, now, newKey } = this.props;
    const record = `${stock.records[0]}-${caller}`;
    const place = `${caller} ${record}`;
    // Nobody else makes it, so it need not look whether it is there.
    const heads = this.own.has(place) ? this.heads.get(place) : { vids: [], seenMs: 0 };
    if (this.own.get(place)) return this.order(caller);
    if (!heads) return { operation: 'getRecord', record };
    if (now() - heads.seenMs < THOUGHT_MS) return this.order(caller);
    this.own.set(place, true);
    return { operation: 'putRecord', key: newKey(), record, parents: heads.vids };
  }

  private learnHeads({ caller, operation, outcome, id, saw, endMs, value: { record } }: OperationRecord): void {
    if (record === undefined) return;
    const place = `${caller} ${record}`;
    if (operation === 'putRecord' && this.own.has(place)) this.own.set(place, false);
    const learn = (vids: readonly string[]): void => {
      const known = this.heads.get(place);
      if (known?.vids.join() !== vids.join()) this.heads.set(place, { vids, seenMs: endMs });
    };
    if (operation === 'getRecord' && outcome === 'ok') learn(saw?.heads ?? []);
    else if (operation === 'putRecord' && id !== null) learn([id]);
    else if (operation === 'putRecord') this.heads.delete(place);
  }

  private sendsNotes(caller: string): boolean {
    const known = this.notes.get(caller) ?? this.notes.size % NOTE_EVERY === 0;
    this.notes.set(caller, known);
    return known;
  }

  private draw(): Operation {
    let rest = this.props.random();
    for (const [operation, part] of PARTS) {
      rest -= part;
      if (rest < 0) return operation;
    }
    return 'placeOrder';
  }

  private pick(from: readonly string[]): string {
    return from[Math.floor(this.props.random() * from.length)] ?? '';
  }
}
