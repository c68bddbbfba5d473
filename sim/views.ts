/** What callers read in each region, against the facts: the same everywhere, and what the rules say. */
import type { Context } from '../functions/core/context.ts';
import { canonical } from '../functions/core/hash.ts';
import { Hlc } from '../functions/core/hlc.ts';
import { foldOrder } from '../functions/core/order-fold.ts';
import { orderAnswer } from '../functions/core/orders.ts';
import type { Item, Store } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';
import { type Facts, type OrderFacts, regionOfName, type StockFacts, standingOf } from './facts.ts';
import type { Healed, Violation } from './invariants.ts';
import { memberOf } from './ledger.ts';
import { recordView } from './records.ts';
import { perform } from './requests.ts';

export const viewViolations = async (healed: Healed, facts: Facts): Promise<readonly Violation[]> => {
  const violations = [...facts.orders.values()].flatMap((order) => orderViews(healed.cells, order));
  for (const cell of healed.cells) {
    const context = contextOf(cell, healed);
    for (const record of facts.records.values()) violations.push(...(await recordView(cell, context, record)));
    for (const stock of facts.stock.values()) violations.push(...(await stockView(cell, context, stock)));
    violations.push(...(await listViews(cell, context, facts)));
  }
  return violations;
};

/** The order as read in each region, and as read when its facts had come in the opposite order, and twice. */
const orderViews = ([first, ...others]: readonly Cell[], order: OrderFacts): readonly Violation[] => {
  if (first === undefined) return [];
  const name = `order ${order.id}`;
  const items = itemsOf(first, order);
  const answer = answerOf(order.id, items);
  const text = JSON.stringify(answer);
  const [wanted, seen] = [canonical(expectedOrder(order)), canonical(seenOrder(answer))];
  const violations: Violation[] = [];
  if (seen !== wanted) violations.push({ rule: READ, detail: `${name} in ${first.name}: reads ${seen}, should read ${wanted}` });
  const reversed = JSON.stringify(answerOf(order.id, [...items, ...items].reverse()));
  if (reversed !== text) violations.push({ rule: 'the order of arrival changes nothing', detail: `${name}: ${text} and ${reversed}` });
  for (const cell of others) {
    const there = JSON.stringify(answerOf(order.id, itemsOf(cell, order)));
    if (there !== text)
      violations.push({ rule: 'the same fold in every region', detail: `${name}: ${text} in ${first.name}, ${there} in ${cell.name}` });
  }
  return violations;
};

const READ = 'callers read what the facts say';

const itemsOf = (cell: Cell, order: OrderFacts): readonly Item[] => cell.replica('data').query(`ORDER#${order.id}`);

const answerOf = (id: string, items: readonly Item[]) => {
  const view = foldOrder(items);
  return view && orderAnswer(id, view);
};

/** By wish; where that was lost with its region, by what ended for it. */
const cancelledBy = ({ cancellations, acceptances }: OrderFacts): readonly string[] => {
  const wishes = [...cancellations].flatMap(([, writers]) => writers);
  const ends = acceptances.flatMap(({ ends: all }) => all.filter(({ kind }) => kind === 'cancelled').map(({ by }) => by));
  return (wishes.length > 0 ? wishes : ends).sort();
};

const expectedOrder = (order: OrderFacts) => {
  const { state, shipped, keeper } = standingOf(order);
  const body = (lines: ReadonlyMap<string, number> | undefined, note: string | undefined) => ({
    lines: Object.fromEntries(lines ?? []),
    note,
  });
  const kept = body(keeper?.lines, keeper?.note);
  return {
    ...kept,
    state,
    by: keeper?.writer,
    payments: [...order.payments]
      .map(([id, [first, ...others]]) => ({
        id,
        amount: first?.amount,
        by: first?.by,
        conflicts: others.filter((other) => other.amount !== first?.amount).map(({ amount, by }) => ({ amount, by })),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    paid: [...order.payments.values()].reduce((total, [first]) => total + (first?.amount ?? 0), 0),
    shipments: shipped.flatMap(({ ends }) => ends.filter(({ kind }) => kind === 'shipped').map(({ by }) => by)),
    cancellations: cancelledBy(order),
    conflicts: order.acceptances
      .filter((each) => each !== keeper && canonical(body(each.lines, each.note)) !== canonical(kept))
      .map((each) => ({ ...body(each.lines, each.note), by: each.writer })),
  };
};

const seenOrder = (answer: ReturnType<typeof answerOf>) => {
  if (answer === undefined) return null;
  const body = ({
    lines,
    note,
  }: {
    readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
    readonly note?: string;
  }) => ({ lines: Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity])), note });
  return {
    ...body(answer),
    state: answer.state,
    by: answer.placedBy,
    payments: answer.payments
      .map(({ id, amount, by, conflicts }) => ({ id, amount, by, conflicts }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    paid: answer.paid,
    shipments: answer.shipments.map(({ by }) => by),
    cancellations: answer.cancellations.map(({ by }) => by).sort(),
    conflicts: answer.conflicts.map((each) => ({ ...body(each), by: each.placedBy })),
  };
};

const stockView = async (cell: Cell, context: Context, { sku, bookings, rows }: StockFacts): Promise<readonly Violation[]> => {
  const outcome = await perform(context, { kind: 'stock', sku });
  if (rows.size === 0 && outcome.kind === 'refused') return [];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  const regions = [...rows.values()]
    .map(({ writer, available, sold, atTills }) => ({
      region: regionOfName(writer),
      writer,
      available: available + atTills,
      sold: sold - atTills,
    }))
    .sort((a, b) => (a.region < b.region ? -1 : 1));
  // What is still on the way at rest came too late for a lost region's books: stock.ts.
  const moving = sum(
    [...rows].flatMap(([from, row]) => [...row.granted].map(([to, units]) => units - (rows.get(to)?.credited.get(from) ?? 0))),
  );
  const wanted = canonical({
    sku,
    received: sum(bookings.map(({ quantity }) => quantity)),
    moving,
    regions,
    available: sum(regions.map(({ available }) => available)),
    sold: sum(regions.map(({ sold }) => sold)),
  });
  const seen = canonical(outcome.kind === 'done' ? outcome.value : null);
  return seen === wanted ? [] : [{ rule: READ, detail: `stock of ${sku} in ${cell.name}: reads ${seen}, should read ${wanted}` }];
};

/** Each order once in the list of its subject, also where its acceptance was lost and an end of it was not. */
const listViews = async (cell: Cell, context: Context, facts: Facts): Promise<readonly Violation[]> => {
  const orders = [...facts.orders.values()];
  const violations: Violation[] = [];
  for (const subject of new Set(orders.map((order) => order.subject))) {
    const outcome = await perform(context, { kind: 'orders', subject });
    const rows = memberOf(outcome.kind === 'done' ? outcome.value : undefined, 'orders');
    const seen = (Array.isArray(rows) ? rows : []).map((row) => String(memberOf(row, 'id')));
    const wanted = orders.flatMap(({ id, subject: of }) => (of === subject ? [id] : []));
    const [read, should] = [seen, wanted].map((ids) => ids.sort().join(', '));
    if (read !== should)
      violations.push({ rule: 'a list shows each order once', detail: `${subject} in ${cell.name}: reads ${read}, should read ${should}` });
  }
  return violations;
};

const contextOf = (cell: Cell, { regions, nowMs }: Healed): Context => {
  const replica = cell.replica('data');
  const store: Store = {
    get: async (key) => replica.get(key),
    query: async (pk, prefix) => replica.query(pk, prefix),
    listByOwner: (...given) => replica.listByOwner(...given),
    transact: () => Promise.reject(new TypeError('a read of the simulator wrote')),
  };
  return { store, clock: { now: () => nowMs }, hlc: new Hlc(), region: cell.region, writer: cell.writer, regions };
};
