/**
 * A user's journey: an order of one unit is placed, read, paid, read again, listed and cancelled, and asked for by a
 * stranger in between. Each answer is compared with what was asked, whole, not only by its status. It puts no note on its
 * order: what it does not imitate, alarms must find.
 */
import { ANSWERS, type PlacedOrder, problem } from '../contract/answers.ts';
import { HEADERS } from '../contract/names.ts';
import { ROUTES } from '../contract/routes.ts';
import { orderIdOf } from '../core/order-items.ts';
import { regionOf } from '../core/writer.ts';
import {
  type Answered,
  type Answerer,
  type Failure,
  isProblem,
  judge,
  other,
  type Question,
  StepFailed,
  send,
  timed,
} from './questions.ts';
import type { Answer, PatientClock, Request, Transport } from './transport.ts';

/** In their order; `receive` only where there is no stock. */
export const STEPS = ['place', 'receive', 'read', 'pay', 'read-again', 'list', 'stranger', 'cancel'] as const;
export type Step = (typeof STEPS)[number];

/** Units received at a time. Journeys give theirs back, so few receipts are ever written: receipts do not expire. */
const RECEIVED_UNITS = 1_000;
/** Minor units. */
const AMOUNT = 100;
/** Looks for the order in the list: its index is eventually consistent. */
const LIST_LOOKS_MAX = 5;
/** Milliseconds before the second look; the wait grows by as much each time. */
const LIST_PAUSE_MS = 200;
/** Milliseconds after which no further step begins. */
const JOURNEY_MS_MAX = 20_000;

/** Who makes a journey. */
export interface Traveller {
  readonly subject: string;
  readonly sku: string;
  readonly token: string;
  /** Everybody may call (`auth: none`), so strangers are let in. */
  readonly open: boolean;
}

export interface JourneyProps {
  readonly transport: Transport;
  readonly clock: PatientClock;
  readonly traveller: Traveller;
  readonly answerer: Answerer;
  /** Idempotency-Key of the order; those of its payment, cancellation and stock begin with it. 8 to 100 characters. */
  readonly key: string;
}

export interface StepTime {
  readonly step: Step;
  /** Milliseconds of its slowest request. */
  readonly ms: number;
}

export type JourneyResult = {
  /** In the order in which they were made; of a step that was repeated, the slowest. */
  readonly times: readonly StepTime[];
  /** Megabytes that the answering function used, request by request, where that is told. */
  readonly memoryMb: readonly number[];
} & ({ readonly ok: true; readonly region: string } | { readonly ok: false; readonly failure: Failure<Step> });

/** Ends within `JOURNEY_MS_MAX` and one request of the transport. */
export const makeJourney = async (props: JourneyProps): Promise<JourneyResult> => {
  const journey = new Journey(props);
  try {
    const region = await journey.run();
    return { ok: true, region, ...journey.seen };
  } catch (error: unknown) {
    if (!(error instanceof StepFailed)) throw error;
    return { ok: false, failure: { step: journey.step, ...error.failure }, ...journey.seen };
  }
};

/** Failure of a journey whose key was used before. */
export const MADE_BEFORE = 'the order was there before';

class Journey {
  step: Step = 'place';
  readonly #props: JourneyProps;
  readonly #id: string;
  readonly #startedMs: number;
  readonly #times = new Map<Step, number>();
  readonly #memoryMb: number[] = [];

  constructor(props: JourneyProps) {
    this.#props = props;
    this.#id = orderIdOf(props.traveller.subject, props.key);
    this.#startedMs = props.clock.now();
  }

  get seen(): Pick<JourneyResult, 'times' | 'memoryMb'> {
    return { times: [...this.#times].map(([step, ms]) => ({ step, ms })), memoryMb: this.#memoryMb };
  }

  /** The region that answered. */
  async run(): Promise<string> {
    const placed = await this.#place();
    await this.#read('read', placed.value, []);
    const payment = await this.#pay(placed.region);
    await this.#read('read-again', placed.value, [{ ...payment, conflicts: [] }]);
    await this.#list(placed.value);
    if (!this.#props.traveller.open) await this.#stranger();
    await this.#cancel(placed.region);
    return placed.region;
  }

  async #place(): Promise<Answered<PlacedOrder>> {
    const request = this.#post(ROUTES.placeOrder.path, this.#props.key, { lines: this.#lines });
    let answer = await this.#send('place', request);
    if (answer.status === 409 && isProblem(answer, 'out-of-stock')) {
      await this.#receive(answer.headers[HEADERS.region] ?? '');
      answer = await this.#send('place', request);
    }
    // What an earlier journey under this key came to is not known: it may have been cut off anywhere.
    if (answer.headers[HEADERS.replayed] === 'true') throw new StepFailed('content', MADE_BEFORE);
    const placed = this.#judge(answer, {
      status: ROUTES.placeOrder.success.status,
      shape: ANSWERS.placeOrder,
      wrong: (order) => this.#wrongOrder(order),
    });
    const wrongWriter = other("the order's writer", regionOf(placed.value.placedBy), placed.region);
    if (wrongWriter !== undefined) throw new StepFailed('content', wrongWriter);
    return placed;
  }

  async #receive(region: string): Promise<void> {
    const { sku } = this.#props.traveller;
    const path = ROUTES.receiveStock.path.replace('{sku}', sku).replace('{region}', region);
    await this.#ask('receive', {
      request: this.#post(path, `${this.#props.key}.receive`, { quantity: RECEIVED_UNITS }),
      status: ROUTES.receiveStock.success.status,
      shape: ANSWERS.receiveStock,
      wrong: (receipt) => [
        other("the receipt's sku", receipt.sku, sku),
        other("the receipt's region", receipt.region, region),
        other("the receipt's quantity", receipt.quantity, RECEIVED_UNITS),
      ],
    });
  }

  async #read(step: 'read' | 'read-again', placed: PlacedOrder, payments: readonly object[]): Promise<void> {
    await this.#ask(step, {
      request: this.#get(this.#path(ROUTES.getOrder.path)),
      status: ROUTES.getOrder.success.status,
      shape: ANSWERS.getOrder,
      wrong: (order) => [
        ...this.#wrongOrder(order),
        other("the order's time", order.placedAt, placed.placedAt),
        other("the order's writer", order.placedBy, placed.placedBy),
        other("the order's state", order.state, 'placed'),
        other("the order's payments", order.payments, payments),
        other('what is paid', order.paid, payments.length * AMOUNT),
        other("the order's shipments", order.shipments, []),
        other("the order's conflicts", order.conflicts, []),
      ],
    });
  }

  async #pay(region: string): Promise<{ readonly id: string; readonly amount: number; readonly at: string; readonly by: string }> {
    const { value } = await this.#ask('pay', {
      request: this.#post(this.#path(ROUTES.payOrder.path), `${this.#props.key}.pay`, { amount: AMOUNT }),
      status: ROUTES.payOrder.success.status,
      shape: ANSWERS.payOrder,
      wrong: (payment) => [
        other("the payment's order", payment.order, this.#id),
        other("the payment's amount", payment.amount, AMOUNT),
        other("the payment's writer", regionOf(payment.by), region),
      ],
    });
    const { id, amount, at, by } = value;
    return { id, amount, at, by };
  }

  async #list(placed: PlacedOrder): Promise<void> {
    for (let look = 1; ; look += 1) {
      const { value } = await this.#ask('list', {
        request: this.#get(ROUTES.listOrders.path),
        status: ROUTES.listOrders.success.status,
        shape: ANSWERS.listOrders,
        wrong: () => [],
      });
      const row = value.orders.find(({ id }) => id === this.#id);
      const wrong = row && other("the list's row", row, placed);
      if (wrong !== undefined) throw new StepFailed('content', wrong);
      if (row) return;
      if (look >= LIST_LOOKS_MAX) throw new StepFailed('content', `the order is not in the list after ${look} looks`);
      await this.#props.clock.sleep(LIST_PAUSE_MS * look);
    }
  }

  /** Nobody without a token may see the order. */
  async #stranger(): Promise<void> {
    await this.#ask('stranger', {
      request: { method: 'GET', path: this.#path(ROUTES.getOrder.path), headers: {} },
      status: 401,
      shape: problem,
      wrong: ({ type }) => [other('the problem', type, '/problems/unauthorized')],
    });
  }

  async #cancel(region: string): Promise<void> {
    await this.#ask('cancel', {
      request: this.#post(this.#path(ROUTES.cancelOrder.path), `${this.#props.key}.cancel`, {}),
      status: ROUTES.cancelOrder.success.status,
      shape: ANSWERS.cancelOrder,
      wrong: (cancellation) => [
        other("the cancellation's order", cancellation.order, this.#id),
        other("the cancellation's writer", regionOf(cancellation.by), region),
      ],
    });
  }

  get #lines(): PlacedOrder['lines'] {
    return [{ sku: this.#props.traveller.sku, quantity: 1 }];
  }

  #wrongOrder(order: Pick<PlacedOrder, 'id' | 'lines' | 'note'>): readonly (string | undefined)[] {
    return [
      other("the order's id", order.id, this.#id),
      other("the order's lines", order.lines, this.#lines),
      other("the order's note", order.note, undefined),
    ];
  }

  #path(pattern: string): string {
    return pattern.replace('{id}', this.#id);
  }

  #get(path: string): Request {
    return { method: 'GET', path, headers: { authorization: `Bearer ${this.#props.traveller.token}` } };
  }

  #post(path: string, key: string, body: object): Request {
    const { headers } = this.#get(path);
    return {
      method: 'POST',
      path,
      headers: { ...headers, 'content-type': 'application/json', [HEADERS.idempotencyKey]: key },
      body: JSON.stringify(body),
    };
  }

  async #ask<T>(step: Step, question: Question<T>): Promise<Answered<T>> {
    return this.#judge(await this.#send(step, question.request), question);
  }

  async #send(step: Step, request: Request): Promise<Answer> {
    const { transport, clock } = this.#props;
    this.step = step;
    if (clock.now() - this.#startedMs > JOURNEY_MS_MAX)
      throw new StepFailed('timeout', `the journey took more than ${JOURNEY_MS_MAX} ms before this step`);
    const told = (ms: number) => this.#times.set(step, Math.max(ms, this.#times.get(step) ?? 0));
    const answer = await timed(clock, () => send(transport, request), told);
    if (answer.memoryMb !== undefined) this.#memoryMb.push(answer.memoryMb);
    return answer;
  }

  #judge<T>(answer: Answer, question: Omit<Question<T>, 'request'>): Answered<T> {
    return judge(answer, question, this.#props.answerer);
  }
}
