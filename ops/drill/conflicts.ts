/**
 * Conflicts, made on purpose while the regions do not hear of each other: each is the same thing done in two regions, and
 * both must take it. How each is to end once they have healed, its `judge` knows by the rules' own words.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { HEADERS } from '../../functions/contract/names.ts';
import { type Facts, type OrderFacts, regionOfName, standingOf } from '../../sim/facts.ts';
import { UserError } from '../errors.ts';
import type { Action, Line, OperationRecord } from './operations.ts';
import type { Asked, Hand } from './region-caller.ts';

export const CONFLICT_KINDS = [
  'same order',
  'other order',
  'last units',
  'payment',
  'cancelled and shipped',
  'record',
  'receipt elsewhere',
  'token',
] as const;
export type ConflictKind = (typeof CONFLICT_KINDS)[number];

/** What is there once the regions have healed. */
export interface Healed {
  readonly facts: Facts;
  /** What a region answers now; undefined where it answers nothing that can be read. */
  look(region: string, action: Action, headers?: Readonly<Record<string, string>>): Promise<Asked>;
}

export interface Judgement {
  /** How it was resolved, the same words for the same way. */
  readonly how: string;
  /** What is wrong with that; null: nothing. */
  readonly wrong: string | null;
}

export interface Conflict {
  readonly kind: ConflictKind;
  /** What it is about: an id, a sku. */
  readonly what: string;
  readonly regions: readonly string[];
  /** Requests that made it. */
  readonly records: readonly OperationRecord[];
  judge(healed: Healed): Promise<Judgement>;
}

/** Two regions' hands; the first one's region is the smaller name. */
export type Pair = readonly [Hand, Hand];

export interface Ground {
  /** Two skus of which there is plenty. */
  readonly skus: readonly [string, string];
  readonly name: string;
}

/** What one round of conflicts needs to be there before: orders and a record that every region knows. */
export interface Prepared {
  readonly toPay: string;
  readonly toShip: string;
  readonly record: string;
  readonly head: string;
  readonly records: readonly OperationRecord[];
}

/** Units that each region holds of the sku that both sell out, and how many more are asked of each than it holds. */
const LAST_UNITS = 5;
const TOO_MANY = 3;
const lastSku = ({ name }: Ground): string => `${name}-last`;

/** Each region receives its last units of one sku. */
export const receiveLast = (hands: readonly Hand[], ground: Ground): Promise<readonly OperationRecord[]> =>
  Promise.all(
    hands.map(async ({ region, ask }) => {
      const receipt = { operation: 'receiveStock', key: randomUUID(), sku: lastSku(ground), region, quantity: LAST_UNITS } as const;
      return (await ask(receipt)).record;
    }),
  );

/** Every region sells what it holds, and no more, though others hold some too. */
export const sellLast = async (hands: readonly Hand[], ground: Ground): Promise<Conflict> => {
  const sku = lastSku(ground);
  const records: OperationRecord[] = [];
  // All regions at once, so that each sells while the others do.
  for (let unit = 0; unit < LAST_UNITS + TOO_MANY; unit += 1) {
    const asked = await Promise.all(
      hands.map((hand) => hand.ask({ operation: 'placeOrder', key: randomUUID(), lines: [{ sku, quantity: 1 }] })),
    );
    records.push(...asked.map((each) => each.record));
  }
  const judge = async ({ facts }: Healed) => {
    const rows = [...(facts.stock.get(sku)?.rows.values() ?? [])];
    const sold = rows.reduce((sum, row) => sum + row.sold, 0);
    const accepted = hands.map(({ region }) => records.filter(({ near, status }) => near === region && status === 201).length);
    return judged('each region sold what it held, and refused the rest', [
      [records.every(({ outcome }) => outcome === 'ok'), 'an order was neither taken nor refused'],
      [accepted.every((each) => each === LAST_UNITS), `of ${LAST_UNITS} units in each region, ${accepted.join(' and ')} were sold`],
      [sold === LAST_UNITS * hands.length, `${sold} sold on the table`],
      [rows.every((row) => row.available >= 0), 'a region sold more than it held'],
    ]);
  };
  return { kind: 'last units', what: sku, regions: hands.map(({ region }) => region), records, judge };
};

/** Makes what a round needs, in the first region of the pair. @throws {UserError} when the region does not take it */
export const prepareRound = async ([first]: Pair, ground: Ground, round: number): Promise<Prepared> => {
  const record = `${ground.name}-round-${round}`;
  const asked = await Promise.all([
    first.ask({ operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 1) }),
    first.ask({ operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 2) }),
    first.ask({ operation: 'putRecord', key: randomUUID(), record, parents: [] }),
  ]);
  const [toPay, toShip, head] = asked.map((each) => each.record.id);
  const records = asked.map((each) => each.record);
  if (toPay && toShip && head) return { toPay, toShip, record, head, records };
  const refused = records.find(({ id }) => id === null);
  throw new UserError(`${first.region} does not take the drill's ${refused?.operation} (${refused?.detail}); see \`tandem status\``);
};

/** One conflict of each kind: both regions at once, and one kind after the other, so that the drill itself is no burst of load. */
export const makeRound = async (pair: Pair, ground: Ground, prepared: Prepared): Promise<readonly Conflict[]> => [
  await sameOrder(pair, ground),
  await otherOrder(pair, ground),
  await payment(pair, prepared.toPay),
  await cancelledAndShipped(pair, prepared.toShip),
  await editedTwice(pair, prepared),
  await receiptElsewhere(pair, ground),
  await told(pair, ground),
];

const linesOf = ({ skus }: Ground, quantity: number): readonly Line[] => [{ sku: skus[0], quantity }];

/** The same in both regions, or what the second one is to do. */
const both = async ([first, second]: Pair, action: Action, other: Action = action): Promise<Pick<Conflict, 'regions' | 'records'>> => {
  const asked = await Promise.all([first.ask(action), second.ask(other)]);
  return { regions: [first.region, second.region], records: asked.map((each) => each.record) };
};

const NOT_MADE = 'not made: a region did not take it';

/** A conflict is one only when every region took its part. */
const taken =
  (records: readonly OperationRecord[], judge: (healed: Healed) => Promise<Judgement> | Judgement) =>
  async (healed: Healed): Promise<Judgement> => {
    const not = records.find(({ status }) => status === null || status >= 300);
    return not ? { how: NOT_MADE, wrong: `${not.operation} in ${not.near}: ${not.detail}` } : judge(healed);
  };

/** The first rule that is broken, beside how it was resolved. */
const judged = (how: string, rules: readonly (readonly [boolean, string])[]): Judgement => ({
  how,
  wrong: rules.find(([holds]) => !holds)?.[1] ?? null,
});

/** Kept by the smaller region, the other's reservation ended. */
const keptByOne = (order: OrderFacts | undefined, [keeper, other]: readonly string[]): readonly (readonly [boolean, string])[] => {
  const standing = order && standingOf(order);
  const loser = order?.acceptances.find(({ writer }) => regionOfName(writer) === other);
  return [
    [order !== undefined, 'the order is not there'],
    [order?.acceptances.length === 2, `accepted by ${order?.acceptances.map(({ writer }) => writer).join(' and ')}`],
    [regionOfName(standing?.keeper?.writer ?? '') === keeper, `kept by ${standing?.keeper?.writer}, not by ${keeper}`],
    [loser?.ends.length === 1 && loser.ends[0]?.kind === 'superseded', `${other} has not ended its reservation`],
  ];
};

/** Every region's answer to a read, which must be one and the same. */
const sameAnswer = async (regions: readonly string[], action: Action, { look }: Healed): Promise<object | undefined> => {
  const [first, ...others] = await Promise.all(regions.map(async (region) => (await look(region, action)).body));
  return others.every((each) => isDeepStrictEqual(each, first)) ? first : undefined;
};
const DIFFERENT = 'the regions answer differently';

const listOf = (body: object | undefined, name: string): readonly object[] => {
  const found: unknown = new Map(Object.entries(body ?? {})).get(name);
  return Array.isArray(found) ? found : [];
};

const sameOrder = async (pair: Pair, ground: Ground): Promise<Conflict> => {
  const made = await both(pair, { operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 3) });
  const id = made.records[0]?.id ?? '';
  const judge = async (healed: Healed) => {
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order: id }, healed);
    return judged('one order: the smaller region keeps it, the other ended its reservation', [
      [made.records.every((each) => each.id === id), 'two ids for one key'],
      ...keptByOne(healed.facts.orders.get(id), made.regions),
      [body !== undefined, DIFFERENT],
      [listOf(body, 'conflicts').length === 0, 'equal bodies are called a conflict'],
    ]);
  };
  return { ...made, kind: 'same order', what: id, judge: taken(made.records, judge) };
};

const otherOrder = async (pair: Pair, ground: Ground): Promise<Conflict> => {
  const key = randomUUID();
  const [lines, others] = [linesOf(ground, 1), [{ sku: ground.skus[1], quantity: 2 }]];
  const made = await both(pair, { operation: 'placeOrder', key, lines }, { operation: 'placeOrder', key, lines: others });
  const id = made.records[0]?.id ?? '';
  const judge = async (healed: Healed) => {
    const order = healed.facts.orders.get(id);
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order: id }, healed);
    const shown: readonly { readonly lines?: unknown }[] = listOf(body, 'conflicts');
    return judged('one order: the smaller region keeps it with its body, the other body is shown in `conflicts`', [
      ...keptByOne(order, made.regions),
      [isDeepStrictEqual([...(standingOrderLines(order) ?? [])], [[ground.skus[0], 1]]), 'body and keeper are of two regions'],
      [body !== undefined, DIFFERENT],
      [isDeepStrictEqual(listOf(body, 'lines'), lines), 'the body shown is not the keeper’s'],
      [shown.length === 1 && isDeepStrictEqual(shown[0]?.lines, others), 'the other body is not shown'],
    ]);
  };
  return { ...made, kind: 'other order', what: id, judge: taken(made.records, judge) };
};

const standingOrderLines = (order: OrderFacts | undefined): ReadonlyMap<string, number> | undefined =>
  order && standingOf(order).keeper?.lines;

const payment = async (pair: Pair, order: string): Promise<Conflict> => {
  const key = randomUUID();
  const made = await both(pair, { operation: 'payOrder', key, order, amount: 700 }, { operation: 'payOrder', key, order, amount: 300 });
  const id = made.records[0]?.id ?? '';
  const judge = async (healed: Healed) => {
    const amounts = healed.facts.orders.get(order)?.payments.get(id) ?? [];
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order }, healed);
    const { paid, payments } = { paid: undefined, payments: [], ...body };
    const shown: readonly { readonly amount?: unknown; readonly conflicts?: unknown }[] = listOf({ payments }, 'payments');
    return judged('counted once, as the smaller region took it; the other amount is shown', [
      [amounts.map(({ amount }) => amount).join() === '700,300', `amounts on the table: ${amounts.map(({ amount }) => amount).join(', ')}`],
      [body !== undefined, DIFFERENT],
      [paid === 700, `paid is ${String(paid)}`],
      [shown.length === 1 && listOf(shown[0], 'conflicts').length === 1, 'the other amount is not shown'],
    ]);
  };
  return { ...made, kind: 'payment', what: order, judge: taken(made.records, judge) };
};

/** The first region holds the reservation, so it alone may ship; the second hears of the cancellation alone. */
const cancelledAndShipped = async (pair: Pair, order: string): Promise<Conflict> => {
  const made = await both(
    pair,
    { operation: 'shipOrder', key: randomUUID(), order },
    { operation: 'cancelOrder', key: randomUUID(), order },
  );
  const judge = async (healed: Healed) => {
    const facts = healed.facts.orders.get(order);
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order }, healed);
    const { state } = { state: undefined, ...body };
    return judged('shipped: what has left cannot be cancelled, and the wish stays', [
      [facts !== undefined && standingOf(facts).state === 'shipped', 'not shipped on the table'],
      [facts?.acceptances.every(({ ends }) => ends.length === 1) === true, 'a reservation has not ended once'],
      [facts?.cancellations.size === 1, 'the wish to cancel is not there'],
      [body !== undefined, DIFFERENT],
      [state === 'shipped', `its state is ${String(state)}`],
    ]);
  };
  return { ...made, kind: 'cancelled and shipped', what: order, judge: taken(made.records, judge) };
};

const editedTwice = async (pair: Pair, { record, head }: Prepared): Promise<Conflict> => {
  const edit = (): Action => ({ operation: 'putRecord', key: randomUUID(), record, parents: [head] });
  const made = await both(pair, edit(), edit());
  const judge = async (healed: Healed) => {
    const body = await sameAnswer(made.regions, { operation: 'getRecord', record }, healed);
    const { version } = { version: undefined, ...body };
    const others: readonly { readonly version?: unknown }[] = listOf(body, 'conflicts');
    const shown = [version, ...others.map((each) => each.version)].map(String).sort();
    return judged('both edits are heads, and the same one wins everywhere', [
      [body !== undefined, DIFFERENT],
      [isDeepStrictEqual(shown, made.records.map((each) => String(each.id)).sort()), 'not exactly both edits are shown'],
    ]);
  };
  return { ...made, kind: 'record', what: record, judge: taken(made.records, judge) };
};

/** Taken by the first region for the second, which hears of it when they have healed. */
const receiptElsewhere = async ([first, second]: Pair, { skus: [sku] }: Ground): Promise<Conflict> => {
  const { record } = await first.ask({ operation: 'receiveStock', key: randomUUID(), sku, region: second.region, quantity: 7 });
  const judge = ({ facts }: Healed) => {
    const booked = facts.stock.get(sku)?.bookings.filter(({ hash }) => hash === record.id) ?? [];
    return judged('booked once, by the region that it names', [
      [booked.length === 1, `booked ${booked.length} times`],
      [regionOfName(booked[0]?.by ?? '') === second.region, `booked by ${booked[0]?.by}`],
      [booked[0]?.quantity === 7, `${booked[0]?.quantity} units booked`],
    ]);
  };
  const records = [record];
  return {
    kind: 'receipt elsewhere',
    what: record.id ?? '',
    regions: [first.region, second.region],
    records,
    judge: taken(records, judge),
  };
};

const NOT_OFFERED = 'not offered: answers carry no token';

/** What the second region says to a caller whom the first one told of an order. */
const told = async ([first, second]: Pair, ground: Ground): Promise<Conflict> => {
  const placed = await first.ask({ operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 1) });
  const token = placed.header(HEADERS.token);
  const look: Action = { operation: 'getStock', sku: ground.skus[0] };
  const during = token === null ? undefined : await second.ask(look, { [HEADERS.token]: token });
  const judge = async (healed: Healed): Promise<Judgement> => {
    if (token === null || during === undefined) return { how: NOT_OFFERED, wrong: null };
    const after = await healed.look(second.region, look, { [HEADERS.token]: token });
    return judged('stale while the region did not hold what the token names, and no longer', [
      [during.header(HEADERS.stale) === 'true', 'not called stale while the regions did not hear of each other'],
      [after.record.outcome === 'ok', `not answered afterwards: ${after.record.detail}`],
      [after.header(HEADERS.stale) === null, 'still called stale'],
    ]);
  };
  const records = [placed.record, ...(during ? [during.record] : [])];
  return { kind: 'token', what: placed.record.id ?? '', regions: [first.region, second.region], records, judge: taken(records, judge) };
};
