import type { Problem } from '../contract/answers.ts';
import type { ProblemName } from '../contract/problems.ts';
import { Damaged, PartitionTooLong, StoreBusy, StoreUnavailable, Unstorable } from '../core/store.ts';

/** Ends a request with a problem. What it says goes to the caller: never an exception's text. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: ProblemName;
  readonly detail: string;
  readonly more: RefusalExtras;

  constructor(problem: ProblemName, detail: string, more: RefusalExtras = {}, cause?: unknown) {
    super(`${problem}: ${detail}`, { cause });
    this.problem = problem;
    this.detail = detail;
    this.more = more;
  }
}

export interface RefusalExtras {
  /** Members of the problem besides those that every one has. */
  readonly members?: Pick<Problem, 'region' | 'errors'>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param errors what does not fit, by place */
export const badRequest = (errors: readonly { readonly at: string; readonly message: string }[]): Refusal =>
  new Refusal(
    'bad-request',
    errors.length === 1 ? 'one part of the request does not fit' : `${errors.length} parts of the request do not fit`,
    { members: { errors: [...errors] } },
  );

/** What a caller is told of an error. */
export const refusalOf = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  if (error instanceof Unstorable) return badRequest([{ at: 'request', message: error.message }]);
  if (error instanceof StoreBusy)
    return new Refusal(
      'busy',
      'others write the same at the same time, and nothing was done; send the same request again, with the same Idempotency-Key where it has one',
      {},
      error,
    );
  if (error instanceof Damaged)
    return new Refusal(
      'damaged',
      `${error.message}; nothing was done, and this region cannot do it until an operator has repaired the item`,
      {},
      error,
    );
  // No attempt will do, and no other region would read more of it. Nothing but an order can be so long.
  if (error instanceof PartitionTooLong)
    return new Refusal('order-full', 'the order has more facts than can be read; a new order needs a new key', {}, error);
  if (error instanceof StoreUnavailable)
    return new Refusal(
      'unavailable',
      'the table does not answer; send the same request again, with the same Idempotency-Key where it has one, here or in another region',
      {},
      error,
    );
  return new Refusal('internal', 'it is logged under the correlation id', {}, error);
};
