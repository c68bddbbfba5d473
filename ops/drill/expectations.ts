/**
 * What answers must say. An answer may come late, and from a region that has not heard of everything yet; but it may not
 * contradict what was asked for, nor what the same region acknowledged before: a region reads its own writes.
 */
import { ANSWERS } from '../../functions/contract/answers.ts';
import { sameLines } from './ledger.ts';
import type { Action, Line, OperationRecord } from './operations.ts';

export interface Given {
  /** The region that answered. */
  readonly region: string | null;
  readonly status: number;
  /** The body, where it is a JSON object. */
  readonly body: object | undefined;
}

/** What is wrong with a definite answer (2xx, 404, 409); null: nothing. */
export type Expectation = (given: Given) => string | null;

interface Known {
  readonly lines: readonly Line[];
  readonly note: string | undefined;
  /** Regions that acknowledged it, or showed it. */
  readonly at: Set<string>;
  /** The one payment that its caller makes, and the regions that acknowledged it. */
  payment: { readonly amount: number; readonly at: Set<string> } | undefined;
}

/** What is known of a record. Anybody may edit it, so only that it exists is, and who said so. */
interface KnownRecord {
  /** Regions that acknowledged an edit of it, or showed it. */
  readonly at: Set<string>;
  /** What was ever sent to be written to it. */
  readonly edits: Set<string>;
}

/** What callers asked for and were told, in the whole drill. */
export class Expectations {
  readonly #orders = new Map<string, Known>();
  readonly #records = new Map<string, KnownRecord>();
  readonly #scarce: string;

  /** @param scarce the sku that may run out */
  constructor(scarce: string) {
    this.#scarce = scarce;
  }

  /** Takes in what an operation came to. */
  learn({ operation, outcome, status, id, region, value }: OperationRecord): void {
    if (outcome !== 'ok' || status === null || status >= 300 || region === null) return;
    if (operation === 'placeOrder' && id !== null) {
      const known = this.#orders.get(id) ?? { lines: value.lines ?? [], note: value.note, at: new Set(), payment: undefined };
      known.at.add(region);
      this.#orders.set(id, known);
    }
    if (operation === 'putRecord' || operation === 'getRecord') this.#record(value.record ?? '').at.add(region);
    if (operation === 'payOrder') this.#orders.get(value.order ?? '')?.payment?.at.add(region);
  }

  /** What may be answered to an action that is sent now. */
  of(action: Action): Expectation {
    switch (action.operation) {
      case 'placeOrder':
        return ({ status, body }) => {
          if (status === 409) return action.lines.some((line) => line.sku === this.#scarce) ? null : 'no stock where there is plenty';
          const answer = ANSWERS.placeOrder.safeParse(body);
          return first([
            [answer.success, 'not the shape of an order'],
            [sameLines(answer.data?.lines ?? [], action.lines), 'other lines than were ordered'],
            [answer.data?.note === action.note, 'another note than was sent'],
          ]);
        };
      case 'getOrder':
        return this.#reading(action.order);
      case 'payOrder':
        return this.#paying(action.order, action.amount);
      case 'getStock':
        return ({ status, body }) => (status === 404 ? 'no stock where there is plenty' : stockProblem(action.sku, body));
      case 'receiveStock':
        return ({ status, body }) => {
          if (status === 409) return 'a key of its own was called used';
          const answer = ANSWERS.receiveStock.safeParse(body);
          return first([
            [answer.success, 'not the shape of a receipt'],
            [answer.data?.sku === action.sku && answer.data.region === action.region, 'a receipt of something else'],
            [answer.data?.quantity === action.quantity, 'another quantity than was received'],
          ]);
        };
      // What becomes of an order that is shipped in one region and cancelled in another, its maker looks at itself.
      case 'shipOrder':
      case 'cancelOrder':
        return () => null;
      case 'getRecord':
        return this.#readingRecord(action.record);
      case 'putRecord':
        return this.#editing(action.record, action.key);
    }
  }

  #record(id: string): KnownRecord {
    const known = this.#records.get(id) ?? { at: new Set(), edits: new Set() };
    this.#records.set(id, known);
    return known;
  }

  #readingRecord(id: string): Expectation {
    const { at: known, edits } = this.#record(id);
    const at = new Set(known);
    return ({ region, status, body }) => {
      if (status === 404) return region !== null && at.has(region) ? 'a record that this region acknowledged is not there' : null;
      const answer = ANSWERS.getRecord.safeParse(body);
      const heads = answer.data ? [answer.data, ...answer.data.conflicts] : [];
      return first([
        [answer.success, 'not the shape of a record'],
        [answer.data?.id === id, 'another record than was asked for'],
        [heads.every((head) => edits.has(String(head.value['edit']))), 'an edit that nobody made'],
      ]);
    };
  }

  #editing(id: string, edit: string): Expectation {
    this.#record(id).edits.add(edit);
    return ({ status, body }) => {
      // What it was made from is no longer what this region has.
      if (status === 412) return null;
      if (status === 404 || status === 409) return 'an edit was refused that nothing stands against';
      const answer = ANSWERS.putRecord.safeParse(body);
      return first([
        [answer.success, 'not the shape of a record'],
        [answer.data?.id === id, 'another record than was edited'],
        [answer.data?.value['edit'] === edit, 'another edit than was sent'],
      ]);
    };
  }

  #reading(order: string): Expectation {
    const known = this.#orders.get(order);
    // As it stands now: what is acknowledged while the read is under way may or may not be in its answer.
    const [at, paidAt] = [new Set(known?.at), new Set(known?.payment?.at)];
    return ({ region, status, body }) => {
      if (known === undefined) return null;
      if (status === 404) return region !== null && at.has(region) ? 'an order that this region acknowledged is not there' : null;
      const answer = ANSWERS.getOrder.safeParse(body);
      const payments = answer.data?.payments ?? [];
      return first([
        [answer.success, 'not the shape of an order'],
        [answer.data?.id === order, 'another order than was asked for'],
        [sameLines(answer.data?.lines ?? [], known.lines), 'other lines than were ordered'],
        [answer.data?.note === known.note, 'another note than was sent'],
        [payments.every((each) => each.amount === known.payment?.amount), 'a payment that nobody made'],
        [answer.data?.paid === payments.reduce((sum, each) => sum + each.amount, 0), 'paid is not the sum of the payments'],
        [region === null || !paidAt.has(region) || payments.length > 0, 'a payment that this region acknowledged is not there'],
      ]);
    };
  }

  #paying(order: string, amount: number): Expectation {
    const known = this.#orders.get(order);
    if (known) known.payment ??= { amount, at: new Set() };
    const at = new Set(known?.at);
    return ({ region, status, body }) => {
      if (status === 404) return region !== null && at.has(region) ? 'an order that this region acknowledged is not there' : null;
      if (status === 409) return 'a payment was refused that nothing stands against';
      const answer = ANSWERS.payOrder.safeParse(body);
      return first([
        [answer.success, 'not the shape of a payment'],
        [answer.data?.order === order, 'a payment of another order'],
        [answer.data?.amount === amount, 'another amount than was paid'],
      ]);
    };
  }
}

const stockProblem = (sku: string, body: object | undefined): string | null => {
  const answer = ANSWERS.getStock.safeParse(body);
  const { received = 0, available = 0, sold = 0, moving = 0, regions = [] } = answer.data ?? {};
  const total = (of: (row: (typeof regions)[number]) => number): number => regions.reduce((sum, row) => sum + of(row), 0);
  return first([
    [answer.success, 'not the shape of stock'],
    [answer.data?.sku === sku, 'the stock of another sku'],
    [total((row) => row.available) === available && total((row) => row.sold) === sold, 'sums that are not those of the regions'],
    [available + sold + moving === received, 'units received that are neither there nor sold nor moving'],
  ]);
};

/** The first rule that is broken. */
const first = (rules: readonly (readonly [boolean, string])[]): string | null => rules.find(([holds]) => !holds)?.[1] ?? null;
