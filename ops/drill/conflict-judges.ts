/** How each conflict of the drill `partition` is to end once the regions have healed, by the rules' own words. */
import { isDeepStrictEqual } from 'node:util';
import { HEADERS } from '../../functions/contract/names.ts';
import { type Facts, type OrderFacts, regionOfName, standingOf } from '../../sim/facts.ts';
import type { Action, Line, OperationRecord } from './operations.ts';
import type { Asked } from './region-caller.ts';

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

export type Judge = (healed: Healed) => Promise<Judgement>;

/** What was done in which regions, the smaller name first. */
export interface Made {
  readonly regions: readonly string[];
  /** Requests that made it. */
  readonly records: readonly OperationRecord[];
}

const NOT_MADE = 'not made: a region did not take it';

/** A conflict is one only when every region took its part. */
const taken =
  ({ records }: Made, judge: (healed: Healed) => Promise<Judgement> | Judgement): Judge =>
  async (healed) => {
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

/** @param units that each region held */
export const judgeLastUnits =
  ({ regions, records }: Made, sku: string, units: number): Judge =>
  async ({ facts }) => {
    const rows = [...(facts.stock.get(sku)?.rows.values() ?? [])];
    const sold = rows.reduce((sum, row) => sum + row.sold - row.atTills, 0);
    const accepted = regions.map((region) => records.filter(({ near, status }) => near === region && status === 201).length);
    return judged('each region sold what it held, and refused the rest', [
      [records.every(({ outcome }) => outcome === 'ok'), 'an order was neither taken nor refused'],
      [accepted.every((each) => each === units), `of ${units} units in each region, ${accepted.join(' and ')} were sold`],
      [sold === units * regions.length, `${sold} sold on the table`],
      [rows.every((row) => row.available >= 0), 'a region sold more than it held'],
    ]);
  };

export const judgeSameOrder = (made: Made, id: string): Judge =>
  taken(made, async (healed) => {
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order: id }, healed);
    return judged('one order: the smaller region keeps it, the other ended its reservation', [
      [made.records.every((each) => each.id === id), 'two ids for one key'],
      ...keptByOne(healed.facts.orders.get(id), made.regions),
      [body !== undefined, DIFFERENT],
      [listOf(body, 'conflicts').length === 0, 'equal bodies are called a conflict'],
    ]);
  });

/** @param lines the smaller region's; @param others the other's */
export const judgeOtherOrder = (
  made: Made,
  id: string,
  { lines, others }: { readonly lines: readonly Line[]; readonly others: readonly Line[] },
): Judge =>
  taken(made, async (healed) => {
    const order = healed.facts.orders.get(id);
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order: id }, healed);
    const shown: readonly { readonly lines?: unknown }[] = listOf(body, 'conflicts');
    const kept = [...((order && standingOf(order).keeper?.lines) ?? [])];
    return judged('one order: the smaller region keeps it with its body, the other body is shown in `conflicts`', [
      ...keptByOne(order, made.regions),
      [
        isDeepStrictEqual(
          kept,
          lines.map(({ sku, quantity }) => [sku, quantity]),
        ),
        'body and keeper are of two regions',
      ],
      [body !== undefined, DIFFERENT],
      [isDeepStrictEqual(listOf(body, 'lines'), lines), 'the body shown is not the keeper’s'],
      [shown.length === 1 && isDeepStrictEqual(shown[0]?.lines, others), 'the other body is not shown'],
    ]);
  });

export const judgePayment = (
  made: Made,
  order: string,
  { id, amounts }: { readonly id: string; readonly amounts: readonly [number, number] },
): Judge =>
  taken(made, async (healed) => {
    const found = (healed.facts.orders.get(order)?.payments.get(id) ?? []).map(({ amount }) => amount);
    const body = await sameAnswer(made.regions, { operation: 'getOrder', order }, healed);
    const { paid, payments } = { paid: undefined, payments: [], ...body };
    const shown: readonly { readonly amount?: unknown; readonly conflicts?: unknown }[] = listOf({ payments }, 'payments');
    return judged('counted once, as the smaller region took it; the other amount is shown', [
      [isDeepStrictEqual(found, [...amounts]), `amounts on the table: ${found.join(', ')}`],
      [body !== undefined, DIFFERENT],
      [paid === amounts[0], `paid is ${String(paid)}`],
      [shown.length === 1 && listOf(shown[0], 'conflicts').length === 1, 'the other amount is not shown'],
    ]);
  });

export const judgeCancelledAndShipped = (made: Made, order: string): Judge =>
  taken(made, async (healed) => {
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
  });

export const judgeEditedTwice = (made: Made, record: string): Judge =>
  taken(made, async (healed) => {
    const body = await sameAnswer(made.regions, { operation: 'getRecord', record }, healed);
    const { version } = { version: undefined, ...body };
    const others: readonly { readonly version?: unknown }[] = listOf(body, 'conflicts');
    const shown = [version, ...others.map((each) => each.version)].map(String).sort();
    return judged('both edits are heads, and the same one wins everywhere', [
      [body !== undefined, DIFFERENT],
      [isDeepStrictEqual(shown, made.records.map((each) => String(each.id)).sort()), 'not exactly both edits are shown'],
    ]);
  });

export const judgeReceiptElsewhere = (
  made: Made,
  { sku, region, quantity }: { readonly sku: string; readonly region: string; readonly quantity: number },
): Judge =>
  taken(made, ({ facts }) => {
    const booked = facts.stock.get(sku)?.bookings.filter(({ hash }) => hash === made.records[0]?.id) ?? [];
    return judged('booked once, by the region that it names', [
      [booked.length === 1, `booked ${booked.length} times`],
      [regionOfName(booked[0]?.by ?? '') === region, `booked by ${booked[0]?.by}`],
      [booked[0]?.quantity === quantity, `${booked[0]?.quantity} units booked`],
    ]);
  });

const NOT_OFFERED = 'not offered: answers carry no token';

/** A caller's question with a token to a region that did not hear of what the token names, and what it said. */
export interface AskedWithToken {
  readonly token: string;
  readonly region: string;
  readonly look: Action;
  readonly during: Asked;
}

/** @param asked undefined: the answer before carried no token to ask with */
export const judgeTold = (made: Made, asked: AskedWithToken | undefined): Judge =>
  taken(made, async (healed) => {
    if (asked === undefined) return { how: NOT_OFFERED, wrong: null };
    const { token, region, look, during } = asked;
    const after = await healed.look(region, look, { [HEADERS.token]: token });
    return judged('stale while the region did not hold what the token names, and no longer', [
      [during.header(HEADERS.stale) === 'true', 'not called stale while the regions did not hear of each other'],
      [after.record.outcome === 'ok', `not answered afterwards: ${after.record.detail}`],
      [after.header(HEADERS.stale) === null, 'still called stale'],
    ]);
  });
