/**
 * What must hold on the tables of all regions once they have healed, read item by item and apart from the folds that
 * callers' answers are made of: as the simulator reads its worlds. Pure.
 */
import { canonical } from '../../functions/core/hash.ts';
import type { Item } from '../../functions/core/store.ts';
import { canarySku, EXPIRES } from '../../functions/core/synthetic.ts';
import { wishOf } from '../../functions/core/wishes.ts';
import { type Facts, type Row, readFacts, regionOfName, type StockFacts } from '../../sim/facts.ts';
import { orderViolations } from '../../sim/orders.ts';

export interface Replica {
  readonly region: string;
  readonly items: readonly Item[];
}

export interface Broken {
  readonly rule: string;
  readonly detail: string;
}

/** What is checked, in the words of the report. `brokenRules` says which does not hold, and of what. */
export const RULES = {
  same: 'the same items in every region',
  order: 'one order for one key, with the stock of the region that keeps it',
  receipt: 'a receipt is booked once, by the region that it names',
  sold: 'sold is what open and shipped orders hold',
  accounted: 'received is held, moving, or in open or shipped orders',
  oversold: 'never sold more than received',
  moved: 'what is granted arrives',
  edit: 'what an edit was made from is there',
} as const;

const BROKEN_MAX = 100;

/** At most 100. Canaries go on all the while, and heartbeats: what is theirs is left out. */
export const brokenRules = (replicas: readonly Replica[]): readonly Broken[] => {
  const users = replicas.map(({ region, items }) => ({ region, items: usersItems(items) }));
  const [first] = users;
  if (first === undefined) return [];
  const differing = differences(users);
  // Of regions that differ, one stands for none of the others.
  const broken =
    differing.length > 0
      ? differing
      : atRest(
          first.items,
          users.map(({ region }) => region),
        );
  return broken.slice(0, BROKEN_MAX);
};

/** What regions do not hold alike, and orders that are not at rest, of the partitions given. */
export const disagreements = (replicas: readonly Replica[]): readonly Broken[] => [
  ...differences(replicas),
  ...replicas.slice(0, 1).flatMap(({ items }) => orderRules(readFacts(items))),
];

const orderRules = (facts: Facts): readonly Broken[] => orderViolations(facts).map(({ detail }) => ({ rule: RULES.order, detail }));

/** Without what is the canaries' or a heartbeat, and without wishes for stock, which expire beside what lasts. */
const usersItems = (all: readonly Item[]): readonly Item[] => {
  const items = all.filter((item) => !wishOf(item));
  const synthetic = new Set(items.filter((item) => item[EXPIRES] !== undefined).map(({ pk }) => pk));
  return items.filter(({ pk }) => /^(ORDER|STOCK|TILL|RECORD)#/.test(pk) && !pk.startsWith(`STOCK#${canarySku('')}`) && !synthetic.has(pk));
};

const differences = (replicas: readonly Replica[]): readonly Broken[] => {
  const views = replicas.map(({ region, items }) => ({
    region,
    byKey: new Map(items.map(({ reput: _, ...item }) => [`${item.pk} ${item.sk}`, canonical(item)])),
  }));
  const keys = new Set(views.flatMap(({ byKey }) => [...byKey.keys()]));
  return [...keys].flatMap((key) => {
    const said = views.map(({ region, byKey }) => ({ region, text: byKey.get(key) ?? 'nothing' }));
    if (new Set(said.map(({ text }) => text)).size === 1) return [];
    return [{ rule: RULES.same, detail: `${key}: ${said.map(({ region, text }) => `${region} has ${text}`).join('; ')}` }];
  });
};

const atRest = (items: readonly Item[], regions: readonly string[]): readonly Broken[] => {
  const facts = readFacts(items);
  const reserved = reservedUnits(facts);
  // What is in orders was in stock: a sku whose partition is gone is no sku less.
  const skus = new Set([...facts.stock.keys(), ...[...reserved.keys()].map((key) => key.split(' ')[1] ?? '')]);
  return [
    ...orderRules(facts),
    ...[...skus].flatMap((sku) => {
      const stock = facts.stock.get(sku) ?? { sku, receipts: [], bookings: [], rows: new Map<string, Row>() };
      return [
        ...receiptRules(stock),
        ...regions.flatMap((region) => rowRules(stock, region, reserved.get(`${region} ${sku}`) ?? 0)),
        ...moveRules(stock),
      ];
    }),
    ...recordRules(items),
  ];
};

/** Units in open or shipped reservations, by region and sku. */
const reservedUnits = (facts: Facts): ReadonlyMap<string, number> => {
  const units = new Map<string, number>();
  for (const { writer, lines, ends } of [...facts.orders.values()].flatMap((order) => order.acceptances)) {
    if (ends.length > 0 && !ends.some(({ kind }) => kind === 'shipped')) continue;
    for (const [sku, quantity] of lines) {
      const key = `${regionOfName(writer)} ${sku}`;
      units.set(key, (units.get(key) ?? 0) + quantity);
    }
  }
  return units;
};

/** A booking stands in for its receipt, which may be lost: twice it is booked all the same. */
const receiptRules = ({ sku, receipts, bookings }: StockFacts): readonly Broken[] =>
  [...new Set([...receipts, ...bookings].map(({ hash }) => hash))].flatMap((hash) => {
    const recorded = receipts.filter((each) => each.hash === hash);
    const booked = bookings.filter((each) => each.hash === hash);
    const named = recorded.some(({ region, quantity }) =>
      booked.some((each) => regionOfName(each.by) === region && each.quantity === quantity),
    );
    if (booked.length === 1 && (named || recorded.length === 0)) return [];
    const by = booked.map((each) => `${each.quantity} by ${each.by}`).join(' and ') || 'by nobody';
    return [{ rule: RULES.receipt, detail: `receipt ${hash} of ${sku} is booked ${by}` }];
  });

const NO_ROW: Row = { writer: '', available: 0, sold: 0, atTills: 0, granted: new Map(), credited: new Map() };
const total = (numbers: Iterable<number>): number => [...numbers].reduce((sum, each) => sum + each, 0);

const rowRules = ({ sku, bookings, rows }: StockFacts, region: string, reserved: number): readonly Broken[] => {
  const { available, sold, atTills, granted, credited } = rows.get(region) ?? NO_ROW;
  const booked = total(bookings.filter(({ by }) => regionOfName(by) === region).map(({ quantity }) => quantity));
  const [given, taken] = [total(granted.values()), total(credited.values())];
  const name = `${sku} in ${region}`;
  return [
    ...(sold === reserved + atTills
      ? []
      : [{ rule: RULES.sold, detail: `${name}: ${sold} sold, ${reserved} in open or shipped orders, ${atTills} at tills` }]),
    ...(available + sold + given - taken === booked
      ? []
      : [
          {
            rule: RULES.accounted,
            detail: `${name}: ${available} available + ${sold} sold + ${given} granted - ${taken} credited, ${booked} booked`,
          },
        ]),
    ...(available >= 0 ? [] : [{ rule: RULES.oversold, detail: `${name}: ${available} available` }]),
  ];
};

const moveRules = ({ sku, rows }: StockFacts): readonly Broken[] =>
  [...rows].flatMap(([giver, { granted }]) => {
    const takers = new Set([...granted.keys(), ...[...rows].flatMap(([name, { credited }]) => (credited.has(giver) ? [name] : []))]);
    return [...takers].flatMap((taker) => {
      const [units, taken] = [granted.get(taker) ?? 0, rows.get(taker)?.credited.get(giver) ?? 0];
      return taken === units
        ? []
        : [{ rule: RULES.moved, detail: `${sku}: ${giver} granted ${units} to ${taker}, which credits ${taken}` }];
    });
  });

/** Then every version that was ever acknowledged is a head, or an ancestor of one. */
const recordRules = (items: readonly Item[]): readonly Broken[] =>
  [...Map.groupBy(items, ({ pk }) => pk)].flatMap(([pk, partition]) => {
    const versions = partition.filter(({ sk }) => sk.startsWith('V#'));
    const known = new Set(versions.map(({ sk }) => sk.split('#')[1]));
    return versions.flatMap(({ sk, parents }) =>
      (Array.isArray(parents) ? parents : [])
        .filter((parent) => !known.has(String(parent)))
        .map((parent) => ({ rule: RULES.edit, detail: `${pk} ${sk} was made from ${String(parent)}, which is not there` })),
    );
  });
