/** One question to an API, and whether its answer is the right one: status, who answers, shape, content, in this order. */
import type { Problem } from '../contract/answers.ts';
import { problem } from '../contract/answers.ts';
import { HEADERS } from '../contract/names.ts';
import { canonical } from '../core/hash.ts';
import { type Answer, type PatientClock, type Request, type Transport, TransportError, type TransportFailure } from './transport.ts';

/** Characters of what is told of a wrong value. */
const SHOWN_LENGTH_MAX = 120;

/** `status`: another than asked for. `content`: the right status and a wrong answer. */
export type FailureKind = TransportFailure | 'status' | 'content';

export interface Failure<Step extends string = string> {
  readonly step: Step;
  readonly kind: FailureKind;
  /** The status that was answered, where it was the wrong one. */
  readonly status: number | undefined;
  readonly detail: string;
}

/** Thrown inside a journey; its callers get the `Failure`. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly failure: Omit<Failure, 'step'>;

  constructor(kind: FailureKind, detail: string, status?: number) {
    super(detail);
    this.failure = { kind, detail, status };
  }
}

/** What must be true of whoever answers. */
export interface Answerer {
  /** The regions that may answer. */
  readonly regions: readonly string[];
  /** Number of the function's version; undefined: any. */
  readonly version?: string | undefined;
}

/** What the contract's schemas are, as far as they are used. */
interface Shape<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] } };
}

export interface Question<T> {
  readonly request: Request;
  readonly status: number;
  readonly shape: Shape<T>;
  /** What is wrong with the content: the first that is not undefined. */
  readonly wrong: (answer: T) => readonly (string | undefined)[];
}

export interface Answered<T> {
  readonly value: T;
  /** The region that answered. */
  readonly region: string;
}

/** @throws {StepFailed} */
export const send = async (transport: Transport, request: Request): Promise<Answer> => {
  try {
    return await transport.send(request);
  } catch (error: unknown) {
    if (error instanceof TransportError) throw new StepFailed(error.kind, error.message);
    throw error;
  }
};

/** @throws {StepFailed} */
export const judge = <T>(answer: Answer, { status, shape, wrong }: Omit<Question<T>, 'request'>, by: Answerer): Answered<T> => {
  const body = parsed(answer.body);
  if (answer.status !== status) throw new StepFailed('status', `answered ${answer.status}${said(body)}, expected ${status}`, answer.status);
  const region = answererOf(answer, by);
  const result = shape.safeParse(body);
  if (!result.success)
    throw new StepFailed(
      'content',
      `the answer has another shape: ${result.error.issues.map(({ path }) => path.map(String).join('.') || 'all of it').join(', ')}`,
    );
  const found = wrong(result.data).find((each) => each !== undefined);
  if (found !== undefined) throw new StepFailed('content', found);
  return { value: result.data, region };
};

/** Whether it is this refusal. */
export const isProblem = (answer: Answer, name: string): boolean => problemOf(parsed(answer.body))?.type === `/problems/${name}`;

/** Says that a value is not what it must be; undefined when it is. */
export const other = (what: string, given: unknown, expected: unknown): string | undefined =>
  canonical(given) === canonical(expected) ? undefined : `${what} is ${shown(given)}, expected ${shown(expected)}`;

/** Milliseconds that work took, whether it ended well or not. */
export const timed = async <T>(clock: PatientClock, work: () => Promise<T>, told: (ms: number) => void): Promise<T> => {
  const startedMs = clock.now();
  try {
    return await work();
  } finally {
    told(clock.now() - startedMs);
  }
};

const answererOf = ({ headers }: Answer, { regions, version }: Answerer): string => {
  const region = headers[HEADERS.region];
  if (region === undefined || !regions.includes(region))
    throw new StepFailed(
      'content',
      `${region === undefined ? 'no region' : `region ${region}`} answered, expected ${regions.join(' or ')}`,
    );
  const given = headers[HEADERS.version];
  if (version !== undefined && given?.split('+').at(-1) !== version)
    throw new StepFailed('content', `version ${String(given)} answered, expected one that ends with +${version}`);
  return region;
};

const problemOf = (body: unknown): Problem | undefined => {
  const result = problem.safeParse(body);
  return result.success ? result.data : undefined;
};

const said = (body: unknown): string => {
  const told = problemOf(body);
  return told === undefined ? '' : ` (${told.detail ?? told.title})`;
};

const shown = (value: unknown): string => (value === undefined ? 'missing' : canonical(value).slice(0, SHOWN_LENGTH_MAX));

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
