import type { Problem } from '../contract/answers.ts';
import type { ProblemName } from '../contract/problems.ts';

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
