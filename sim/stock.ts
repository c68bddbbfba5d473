/** Stock at rest: every unit is accounted for. */
import type { Item, Key } from '../functions/core/store.ts';
import type { Closings } from './closings.ts';
import { byWriter, type Facts, type Row, regionOfName, type StockFacts } from './facts.ts';
import type { Happened } from './happened.ts';
import type { Violation } from './invariants.ts';

/** What must be known besides the facts: which regions are left, what was closed, and what was lost with a region. */
export interface Past {
  readonly cells: readonly { readonly region: string; replica(table: 'data'): { get(key: Key): Item | undefined } }[];
  readonly closings: Pick<Closings, 'regions' | 'missedReceipt' | 'missedGrant'>;
  readonly happened: Pick<Happened, 'gone'>;
}

export const stockViolations = (facts: Facts, healed: Past): readonly Violation[] => {
  const reserved = reservedUnits(facts);
  const skus = new Set([...facts.stock.keys(), ...[...reserved.keys()].map((key) => key.split(' ')[1] ?? '')]);
  return [...skus].flatMap((sku) => {
    const stock = facts.stock.get(sku) ?? { sku, receipts: [], bookings: [], rows: new Map<string, Row>() };
    return [...receipts(stock, healed), ...rows(stock, reserved, healed), ...moves(stock, healed)];
  });
};

/** Units in open or shipped reservations, by region and sku. */
const reservedUnits = (facts: Facts): ReadonlyMap<string, number> => {
  const units = new Map<string, number>();
  for (const { acceptances } of facts.orders.values()) {
    for (const { writer, lines, ends } of acceptances) {
      if (ends.length > 0 && !ends.some(({ kind }) => kind === 'shipped')) continue;
      for (const [sku, quantity] of lines) {
        const key = `${regionOfName(writer)} ${sku}`;
        units.set(key, (units.get(key) ?? 0) + quantity);
      }
    }
  }
  return units;
};

/** Every receipt is booked once, by the region it names, but where that is lost and its books were closed before. */
const receipts = ({ sku, receipts: all, bookings }: StockFacts, { closings }: Past): readonly Violation[] => {
  const hashes = new Set([...all, ...bookings].map(({ hash }) => hash));
  return [...hashes].flatMap((hash) => {
    const booked = bookings.filter((each) => each.hash === hash);
    const recorded = all.filter((each) => each.hash === hash).sort((a, b) => byWriter(a.by, b.by));
    const [only, ...more] = booked;
    const name = `receipt ${hash} of ${sku}`;
    const wrong = (detail: string): readonly Violation[] => [{ rule: 'a receipt is booked once', detail: `${name}: ${detail}` }];
    if (only === undefined && recorded.every(({ region }) => closings.missedReceipt(region, hash))) return [];
    if (only === undefined) return wrong(`recorded by ${recorded.map(({ by }) => by).join(' and ')}, booked by nobody`);
    if (more.length > 0) return wrong(`booked by ${booked.map(({ by }) => by).join(' and ')}`);
    if (recorded.length === 0) return [];
    const named = recorded.some((each) => each.region === regionOfName(only.by) && each.quantity === only.quantity);
    return named
      ? []
      : wrong(
          `${only.quantity} booked by ${only.by}, recorded ${recorded.map((each) => `${each.quantity} for ${each.region}`).join(' and ')}`,
        );
  });
};

const rows = (
  { sku, bookings, rows: all }: StockFacts,
  reserved: ReadonlyMap<string, number>,
  { cells, closings, happened }: Past,
): readonly Violation[] =>
  [...cells.map(({ region }) => region), ...closings.regions].flatMap((region) => {
    const row = all.get(region) ?? { writer: region, available: 0, sold: 0, atTills: 0, granted: new Map(), credited: new Map() };
    const wrong = (rule: string, detail: string): Violation => ({ rule, detail: `${sku} in ${row.writer}: ${detail}` });
    const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
    const held = reserved.get(`${region} ${sku}`) ?? 0;
    const booked = sum(bookings.filter(({ by }) => regionOfName(by) === region).map(({ quantity }) => quantity));
    const [granted, credited] = [sum(row.granted.values()), sum(row.credited.values())];
    const violations: Violation[] = [];
    if (row.sold !== held + row.atTills)
      violations.push(
        wrong(
          'no order without stock, no stock without an order',
          `${row.sold} sold, ${held} in open or shipped orders, ${row.atTills} at tills`,
        ),
      );
    if (row.available + row.sold + granted - credited !== booked)
      violations.push(
        wrong(
          'what a region booked is accounted for',
          `${row.available} available + ${row.sold} sold + ${granted} granted - ${credited} credited, ${booked} booked`,
        ),
      );
    // A rebuilt region's row is negative where its sales survived it, and the bookings under them did not.
    const gone = happened.gone(region, sku, (key) => cells.some((cell) => cell.replica('data').get(key) !== undefined));
    if (row.available + gone < 0)
      violations.push(wrong('never sold more than received', `${row.available} available, ${gone} booked by facts that are lost`));
    return violations;
  });

/** What a region granted, the other has credited, but where that is lost and its books were closed before. */
const moves = ({ sku, rows: all }: StockFacts, { closings }: Past): readonly Violation[] => {
  const violations: Violation[] = [];
  for (const [region, row] of all) {
    const takers = new Set([...row.granted.keys(), ...[...all].flatMap(([name, { credited }]) => (credited.has(region) ? [name] : []))]);
    for (const to of takers) {
      const [units, taken] = [row.granted.get(to) ?? 0, all.get(to)?.credited.get(region) ?? 0];
      if (taken !== units && !(taken < units && closings.missedGrant(region, to, sku)))
        violations.push({ rule: 'what is granted arrives', detail: `${sku}: ${region} granted ${units} to ${to}, which credits ${taken}` });
    }
  }
  return violations;
};
