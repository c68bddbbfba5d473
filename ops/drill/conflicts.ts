/**
 * Conflicts, made on purpose while the regions do not hear of each other: each is the same thing done in two regions, and
 * both must take it. How each is to end once they have healed, its judge in `conflict-judges.ts` knows.
 */
import { randomUUID } from 'node:crypto';
import { HEADERS } from '../../functions/contract/names.ts';
import { UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import {
  type Judge,
  judgeCancelledAndShipped,
  judgeEditedTwice,
  judgeLastUnits,
  judgeOtherOrder,
  judgePayment,
  judgeReceiptElsewhere,
  judgeSameOrder,
  judgeTold,
  type Made,
} from './conflict-judges.ts';
import type { Action, Line, OperationRecord } from './operations.ts';
import type { Hand } from './region-caller.ts';

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

export interface Conflict extends Made {
  readonly kind: ConflictKind;
  /** What it is about: an id, a sku. */
  readonly what: string;
  readonly judge: Judge;
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
  const made = { regions: hands.map(({ region }) => region), records };
  return { ...made, kind: 'last units', what: sku, judge: judgeLastUnits(made, sku, LAST_UNITS) };
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
  throw new UserError(`${first.region} does not take the drill's ${refused?.operation} (${refused?.detail}); see \`${tandem('status')}\``);
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
const both = async ([first, second]: Pair, action: Action, other: Action = action): Promise<Made> => {
  const asked = await Promise.all([first.ask(action), second.ask(other)]);
  return { regions: [first.region, second.region], records: asked.map((each) => each.record) };
};

const idOf = ({ records }: Made): string => records[0]?.id ?? '';

const sameOrder = async (pair: Pair, ground: Ground): Promise<Conflict> => {
  const made = await both(pair, { operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 3) });
  const id = idOf(made);
  return { ...made, kind: 'same order', what: id, judge: judgeSameOrder(made, id) };
};

const otherOrder = async (pair: Pair, ground: Ground): Promise<Conflict> => {
  const key = randomUUID();
  const [lines, others] = [linesOf(ground, 1), [{ sku: ground.skus[1], quantity: 2 }]];
  const made = await both(pair, { operation: 'placeOrder', key, lines }, { operation: 'placeOrder', key, lines: others });
  const id = idOf(made);
  return { ...made, kind: 'other order', what: id, judge: judgeOtherOrder(made, id, { lines, others }) };
};

const payment = async (pair: Pair, order: string): Promise<Conflict> => {
  const key = randomUUID();
  const made = await both(pair, { operation: 'payOrder', key, order, amount: 700 }, { operation: 'payOrder', key, order, amount: 300 });
  return { ...made, kind: 'payment', what: order, judge: judgePayment(made, order, { id: idOf(made), amounts: [700, 300] }) };
};

/** The first region holds the reservation, so it alone may ship; the second hears of the cancellation alone. */
const cancelledAndShipped = async (pair: Pair, order: string): Promise<Conflict> => {
  const made = await both(
    pair,
    { operation: 'shipOrder', key: randomUUID(), order },
    { operation: 'cancelOrder', key: randomUUID(), order },
  );
  return { ...made, kind: 'cancelled and shipped', what: order, judge: judgeCancelledAndShipped(made, order) };
};

const editedTwice = async (pair: Pair, { record, head }: Prepared): Promise<Conflict> => {
  const edit = (): Action => ({ operation: 'putRecord', key: randomUUID(), record, parents: [head] });
  const made = await both(pair, edit(), edit());
  return { ...made, kind: 'record', what: record, judge: judgeEditedTwice(made, record) };
};

/** Taken by the first region for the second, which hears of it when they have healed. */
const receiptElsewhere = async ([first, second]: Pair, { skus: [sku] }: Ground): Promise<Conflict> => {
  const receipt = { operation: 'receiveStock', key: randomUUID(), sku, region: second.region, quantity: 7 } as const;
  const { record } = await first.ask(receipt);
  const made = { regions: [first.region, second.region], records: [record] };
  return { ...made, kind: 'receipt elsewhere', what: record.id ?? '', judge: judgeReceiptElsewhere(made, receipt) };
};

/** What the second region says to a caller whom the first one told of an order. */
const told = async ([first, second]: Pair, ground: Ground): Promise<Conflict> => {
  const placed = await first.ask({ operation: 'placeOrder', key: randomUUID(), lines: linesOf(ground, 1) });
  const token = placed.header(HEADERS.token);
  const look: Action = { operation: 'getStock', sku: ground.skus[0] };
  const during = token === null ? undefined : await second.ask(look, { [HEADERS.token]: token });
  const records = [placed.record, ...(during ? [during.record] : [])];
  const made = { regions: [first.region, second.region], records };
  const asked = token === null || during === undefined ? undefined : { token, look, region: second.region, during };
  return { ...made, kind: 'token', what: placed.record.id ?? '', judge: judgeTold(made, asked) };
};
