/**
 * What items say, read a second time and independently of the core's folds: by the rules' own words, as plainly as can be.
 * The invariants compare both readings, so that a mistake in a fold cannot hide itself.
 */
import type { Item, Value } from '../functions/core/store.ts';

export interface Ending {
  readonly kind: string;
  readonly by: string;
}

export interface Acceptance {
  readonly writer: string;
  readonly lines: ReadonlyMap<string, number>;
  readonly note: string | undefined;
  readonly ends: readonly Ending[];
}

export interface OrderFacts {
  readonly id: string;
  readonly subject: string;
  /** By their writers' order. */
  readonly acceptances: readonly Acceptance[];
  /** Writers of each wish to cancel. */
  readonly cancellations: ReadonlyMap<string, readonly string[]>;
  /** Amounts by writer, of each payment's key. */
  readonly payments: ReadonlyMap<string, readonly { readonly by: string; readonly amount: number }[]>;
}

export interface Row {
  readonly writer: string;
  readonly available: number;
  readonly sold: number;
  /** Units of `sold` that lie at its tills, where they are for sale; where a till is damaged or nobody looks, no number. */
  readonly atTills: number;
  readonly granted: ReadonlyMap<string, number>;
  readonly credited: ReadonlyMap<string, number>;
}

export interface StockFacts {
  readonly sku: string;
  readonly receipts: readonly { readonly hash: string; readonly by: string; readonly region: string; readonly quantity: number }[];
  readonly bookings: readonly { readonly hash: string; readonly by: string; readonly quantity: number }[];
  /** The newest incarnation's row, by region. */
  readonly rows: ReadonlyMap<string, Row>;
}

export interface VersionFacts {
  readonly vid: string;
  /** The first of the writers that made it, by its stamp. */
  readonly by: string;
  readonly parents: readonly string[];
  readonly value: string;
  readonly subject: string;
  /** Idempotency-Key of the edit. */
  readonly key: string;
  readonly hlc: string;
  /** Which of its writer's edits it is, and up to which edit of each writer all is superseded by it. */
  readonly n: number;
  readonly seen: ReadonlyMap<string, number>;
}

export interface RecordFacts {
  readonly pk: string;
  readonly versions: ReadonlyMap<string, VersionFacts>;
  /** Every item that is a version: an edit that was made in two regions has two. */
  readonly copies: readonly VersionFacts[];
}

export interface Facts {
  readonly orders: ReadonlyMap<string, OrderFacts>;
  readonly stock: ReadonlyMap<string, StockFacts>;
  /** By partition. */
  readonly records: ReadonlyMap<string, RecordFacts>;
}

export const regionOfName = (writer: string): string => writer.split('.')[0] ?? writer;
const incarnationOf = (writer: string): number => Number(writer.split('.')[1] ?? 1);
export const byWriter = (a: string, b: string): number =>
  regionOfName(a) === regionOfName(b) ? incarnationOf(a) - incarnationOf(b) : regionOfName(a) < regionOfName(b) ? -1 : 1;

export const readFacts = (items: readonly Item[]): Facts => {
  const partitions = Map.groupBy(items, (item) => item.pk);
  const orders = new Map<string, OrderFacts>();
  const stock = new Map<string, StockFacts>();
  const records = new Map<string, RecordFacts>();
  for (const [pk, partition] of partitions) {
    const [type, name] = [pk.slice(0, pk.indexOf('#')), pk.slice(pk.indexOf('#') + 1)];
    if (type === 'STOCK') stock.set(name, readStock(name, partition, tillsOf(name, partitions)));
    const record = type === 'RECORD' ? readRecord(pk, partition) : undefined;
    if (record) records.set(pk, record);
    const order = type === 'ORDER' ? readOrder(name, partition) : undefined;
    if (order) orders.set(name, order);
  }
  return { orders, stock, records };
};

const readOrder = (id: string, items: readonly Item[]): OrderFacts | undefined => {
  const acceptances = new Map<string, Acceptance & { readonly ends: Ending[] }>();
  const cancellations = new Map<string, string[]>();
  const payments = new Map<string, { readonly by: string; readonly amount: number }[]>();
  let subject = '';
  for (const item of items) {
    const parts = item.sk.split('#');
    const [type, second = '', third = '', by = ''] = parts;
    if (type === 'PLACED' || type === 'END') {
      subject = String(item['subject']);
      const found = acceptances.get(second) ?? { writer: second, lines: linesOf(item['lines']), note: noteOf(item), ends: [] };
      if (type === 'END') found.ends.push({ kind: String(item['kind']), by: third });
      acceptances.set(second, found);
    }
    if (type === 'E' && second === 'cancel') cancellations.set(third, [...(cancellations.get(third) ?? []), by]);
    if (type === 'E' && second === 'paid') {
      const amounts = payments.get(third) ?? [];
      amounts.push({ by, amount: Number(item['amount']) });
      payments.set(third, amounts);
    }
  }
  if (acceptances.size === 0) return undefined;
  for (const amounts of payments.values()) amounts.sort((a, b) => byWriter(a.by, b.by));
  for (const { ends } of acceptances.values()) ends.sort((a, b) => byWriter(a.by, b.by));
  const sorted = [...acceptances.values()].sort((a, b) => byWriter(a.writer, b.writer));
  return { id, subject, acceptances: sorted, cancellations, payments };
};

const noteOf = (item: Item): string | undefined => (typeof item['note'] === 'string' ? item['note'] : undefined);

const linesOf = (value: Value | undefined): ReadonlyMap<string, number> => {
  const lines = new Map<string, number>();
  for (const line of Array.isArray(value) ? value : []) lines.set(String(line['sku']), Number(line['quantity']));
  return lines;
};

/** All tills at which a sku is sold, by any writer. */
const tillsOf = (sku: string, partitions: ReadonlyMap<string, readonly Item[]>): readonly Item[] =>
  [...partitions].flatMap(([pk, items]) => (pk.startsWith(`TILL#${sku}#`) ? items : []));

const readStock = (sku: string, items: readonly Item[], tills: readonly Item[]): StockFacts => {
  const receipts: { hash: string; by: string; region: string; quantity: number }[] = [];
  const bookings: { hash: string; by: string; quantity: number }[] = [];
  const rows = new Map<string, Row>();
  for (const item of items) {
    const [type, second = '', third = ''] = item.sk.split('#');
    const quantity = Number(item['quantity']);
    if (type === 'RECEIPT') receipts.push({ hash: second, by: third, region: String(item['region']), quantity });
    if (type === 'BOOKED') bookings.push({ hash: second, by: third, quantity });
    if (type !== 'HELD') continue;
    const region = regionOfName(second);
    const known = rows.get(region);
    if (known === undefined || incarnationOf(known.writer) < incarnationOf(second)) rows.set(region, rowOf(second, item, tills));
  }
  return { sku, receipts, bookings, rows };
};

/** Units that are at tills and can be found there: at one that its row does not know nobody looks. */
const atTillsOf = (writer: string, item: Item, tills: readonly Item[]): number =>
  tills
    .filter(({ sk }) => sk === `TILL#${writer}`)
    .reduce((total, till) => {
      const [units, number] = [Number(till['available'] ?? 0), Number(till.pk.split('#')[2])];
      return total + (units < 0 || (units > 0 && number >= Number(item['tills'] ?? 0)) ? Number.NaN : units);
    }, 0);

const rowOf = (writer: string, item: Item, tills: readonly Item[]): Row => {
  const [granted, credited] = [new Map<string, number>(), new Map<string, number>()];
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith('granted_')) granted.set(name.slice('granted_'.length), Number(value));
    if (name.startsWith('credited_')) credited.set(name.slice('credited_'.length), Number(value));
  }
  return {
    writer,
    available: Number(item['available'] ?? 0),
    sold: Number(item['sold'] ?? 0),
    atTills: atTillsOf(writer, item, tills),
    granted,
    credited,
  };
};

const readRecord = (pk: string, items: readonly Item[]): RecordFacts | undefined => {
  const copies: VersionFacts[] = [];
  for (const item of items) {
    const [type, vid = '', by = ''] = item.sk.split('#');
    if (type !== 'V') continue;
    const parents = Array.isArray(item['parents']) ? item['parents'].map(String) : [];
    const said = { value: String(item['value']), subject: String(item['subject']), key: String(item['key']), hlc: String(item['hlc']) };
    const seen = new Map(Object.entries(Object(item['seen'])).map(([writer, n]) => [writer, Number(n)]));
    copies.push({ vid, by, parents, ...said, n: Number(item['n']), seen });
  }
  if (copies.length === 0) return undefined;
  const versions = new Map<string, VersionFacts>();
  for (const copy of copies) {
    const known = versions.get(copy.vid);
    if (known === undefined || isBefore(copy, known)) versions.set(copy.vid, copy);
  }
  return { pk, versions, copies };
};

const isBefore = (a: VersionFacts, b: VersionFacts): boolean => (a.hlc === b.hlc ? byWriter(a.by, b.by) < 0 : a.hlc < b.hlc);

/** Versions that no other was made from, or says that it superseded, the latest stamp first: the first one is what the record says. */
export const headsOf = ({ versions, copies }: RecordFacts): readonly VersionFacts[] => {
  const used = new Set<string>();
  for (const { parents, seen } of copies) {
    for (const parent of parents) used.add(parent);
    for (const other of copies) if (other.n <= (seen.get(other.by) ?? 0)) used.add(other.vid);
  }
  return latestFirst([...versions.values()].filter(({ vid }) => !used.has(vid)));
};

export const latestFirst = (versions: readonly VersionFacts[]): readonly VersionFacts[] => {
  const stamp = ({ hlc, vid }: VersionFacts): string => `${hlc} ${vid}`;
  return [...versions].sort((a, b) => (stamp(a) < stamp(b) ? 1 : -1));
};

/** How an order stands, by the rules: shipped before cancelled; the smallest shipped writer keeps it, else the smallest. */
export const standingOf = ({ acceptances, cancellations }: OrderFacts) => {
  const shipped = acceptances.filter(({ ends }) => ends.some(({ kind }) => kind === 'shipped'));
  const open = acceptances.filter(({ ends }) => ends.length === 0);
  const cancelled = cancellations.size > 0 || acceptances.some(({ ends }) => ends.some(({ kind }) => kind === 'cancelled'));
  const state = shipped.length > 0 ? 'shipped' : !cancelled ? 'placed' : open.length > 0 ? 'cancelling' : 'cancelled';
  return { state, shipped, open, keeper: shipped[0] ?? acceptances[0] } as const;
};
