/** Histories of drills, request by request: each takes ten milliseconds, one after the other unless said otherwise. */
import type { Course } from '../../../ops/checkers/check.ts';
import type { OperationRecord } from '../../../ops/drill/operations.ts';
import type { ReplicaReading } from '../../../ops/drill/replicas.ts';

export const [A, B] = ['eu-central-1', 'us-east-2'] as const;

type Value = OperationRecord['value'];
type Saw = NonNullable<OperationRecord['saw']>;

/** How a request ended: with a status, and what the answer told; or without an answer. */
export type Answer = { readonly status: number; readonly id?: string; readonly saw?: Saw } | 'silence';

export class CourseMaker {
  readonly #records: OperationRecord[] = [];
  readonly #readings: ReplicaReading[] = [];
  #nowMs = 1_000_000;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** @param overlap begins with the request before it, and ends after that */
  request(operation: OperationRecord['operation'], region: string, value: Value, answer: Answer, key?: string, overlap = false): this {
    const startMs = overlap ? this.#nowMs - 20 : this.#nowMs;
    const endMs = this.#nowMs + 10;
    this.#nowMs += 20;
    const silent = answer === 'silence';
    const { status, id = null, saw } = silent ? { status: null } : answer;
    this.#records.push({
      caller: 'dns-1',
      kind: 'dns',
      near: region,
      operation,
      key: key ?? null,
      value,
      region: silent ? null : region,
      startMs,
      endMs,
      outcome: silent ? 'unknown' : 'ok',
      status,
      id,
      ...(saw ? { saw } : {}),
      missed: false,
      attempts: 1,
      wrong: null,
      sent: [{ region, version: null, status, startMs, endMs, end: silent ? 'failed' : 'answered', wrong: null }],
      detail: '',
    });
    return this;
  }

  place(region: string, order: string, answer?: Answer): this {
    return this.request('placeOrder', region, { lines: [] }, answer ?? { status: 201, id: order }, `place ${order}`);
  }

  pay(region: string, order: string, payment: string, answer?: Answer): this {
    return this.request('payOrder', region, { order, amount: 1 }, answer ?? { status: 201, id: payment }, `pay ${payment}`);
  }

  /** @param payments that it showed; none: there was no such order */
  look(region: string, order: string, payments?: readonly string[], overlap = false): this {
    const answer = payments ? { status: 200, saw: { payments: [...payments], state: 'placed' } } : { status: 404 };
    return this.request('getOrder', region, { order }, answer, undefined, overlap);
  }

  edit(region: string, version: string, parents: readonly string[], answer?: Answer): this {
    return this.request('putRecord', region, { record: 'r', parents: [...parents] }, answer ?? { status: 200, id: version }, version);
  }

  lookAtRecord(region: string, heads?: readonly string[]): this {
    return this.request('getRecord', region, { record: 'r' }, heads ? { status: 200, saw: { heads: [...heads] } } : { status: 404 });
  }

  /** What a region holds in the end. */
  holds(region: string, thing: string, ...holds: readonly string[]): this {
    this.#readings.push({ region, thing, startMs: this.#nowMs, endMs: this.#nowMs + 10, holds: [...holds] });
    this.#nowMs += 20;
    return this;
  }

  course(losses: Course['losses'] = []): Course {
    return { records: this.#records, readings: this.#readings, losses };
  }
}
