/** A request's parts, each checked by the contract's schema. Whatever does not fit is refused by place. */
import type { core } from 'zod/mini';
import { HEADERS } from '../contract/names.ts';
import type { Request, RequestName } from '../contract/schemas.ts';
import { FORMS, type Form } from '../contract/values.ts';
import { bodyText } from './body-text.ts';
import { type ApiEvent, headersOf, queryOf } from './event.ts';
import { lossOf } from './faithful.ts';
import type { Preconditions } from './preconditions.ts';
import { badRequest } from './refusal.ts';

/** Problems told of one request: beyond, the caller is not reading them. */
const ERRORS_MAX = 20;
/** Characters of what is told of one problem. */
const MESSAGE_LENGTH_MAX = 200;
/** Characters that are told of a name that a caller made up. */
const NAME_LENGTH_MAX = 40;
/** Header fields that this API reads and that are no lists: given twice, two readers may take two values (RFC 9110, 5.3). */
const SINGLE: readonly string[] = [
  'authorization',
  'content-length',
  'content-type',
  'host',
  'origin',
  HEADERS.correlationId,
  HEADERS.durability,
  HEADERS.idempotencyKey,
];
/**
 * Whatever is between the API and its caller may have joined the lines of a field by commas (RFC 9110, 5.3), which none of
 * these values holds; a key may hold one, and no space.
 */
const JOINED: Readonly<Record<string, RegExp>> = {
  authorization: /^\s*bearer\b.*,|,\s*bearer\b/i,
  [HEADERS.idempotencyKey]: /,\s/,
};

export class Input {
  readonly #event: ApiEvent;
  readonly #headers: ReadonlyMap<string, readonly string[]>;

  constructor(event: ApiEvent) {
    this.#event = event;
    this.#headers = headersOf(event);
  }

  /** @throws {Refusal} of a header field that says two things */
  refuseRepeated(): void {
    const errors = SINGLE.filter((name) => this.#isRepeated(name)).map((name) => ({
      at: `header ${name}`,
      message: 'given more than once, allowed: once',
    }));
    if (errors.length > 0) throw badRequest(errors);
  }

  #isRepeated(name: string): boolean {
    const [first = '', ...more] = this.#headers.get(name) ?? [];
    if (more.length > 0) return true;
    return first.includes(',') && (JOINED[name] ?? /,/).test(first);
  }

  /** The value of a header that is no list; of one that came twice, which `refuseRepeated` refuses, the first. */
  header(name: string): string | undefined {
    return this.#headers.get(name)?.[0];
  }

  /** The parts of a header that is a list: separated by commas, or in several lines (RFC 9110, 5.3). */
  list(name: string): readonly string[] {
    return (this.#headers.get(name) ?? []).flatMap((line) => line.split(',')).map((part) => part.trim());
  }

  /** As it was handed over: whoever found it in the path has decoded it, and what is still encoded fits no form. */
  param(name: string, form: Form): string {
    return formed(form, this.#event.pathParameters?.[name] ?? '', `path ${name}`);
  }

  async query<N extends RequestName>(name: N): Promise<Request<N>> {
    const values = queryOf(this.#event);
    refuseParameters(
      [...values].flatMap(([parameter, list]) => (list.length > 1 ? [parameter] : [])),
      'given more than once, allowed: once',
    );
    return checked(name, Object.fromEntries([...values].map(([parameter, list]) => [parameter, list[0]])), 'query');
  }

  refuseQuery(): void {
    refuseParameters([...queryOf(this.#event).keys()], 'unknown; this route takes no query parameters');
  }

  key(): string {
    const given = this.keyIfGiven();
    if (given !== undefined) return given;
    throw badRequest([{ at: `header ${HEADERS.idempotencyKey}`, message: 'missing; make one for each operation and keep it on retries' }]);
  }

  keyIfGiven(): string | undefined {
    const given = this.header(HEADERS.idempotencyKey);
    return given === undefined ? undefined : formed(FORMS.idempotencyKey, given, `header ${HEADERS.idempotencyKey}`);
  }

  preconditions(): Preconditions {
    const line = (name: string): string | undefined => this.#headers.get(name)?.join(', ');
    return { match: line(HEADERS.ifMatch), noneMatch: line(HEADERS.ifNoneMatch) };
  }

  /** Refused where a part of it would not come back as it came, also one that only this API's own records would show. */
  async body<N extends RequestName>(name: N): Promise<Request<N>> {
    const text = bodyText(this.#event, this.#headers);
    const value = parsed(text);
    const loss = lossOf(text);
    if (loss !== undefined)
      throw badRequest([{ at: ['body', ...loss.path].join('.').slice(0, MESSAGE_LENGTH_MAX), message: `not allowed: ${loss.what}` }]);
    return checked(name, value, 'body');
  }
}

const refuseParameters = (names: readonly string[], message: string): void => {
  if (names.length > 0)
    throw badRequest(names.slice(0, ERRORS_MAX).map((name) => ({ at: `query ${name.slice(0, NAME_LENGTH_MAX).toWellFormed()}`, message })));
};

const formed = ({ pattern }: Form, value: string, place: string): string => {
  if (pattern.test(value)) return value;
  throw badRequest([{ at: place, message: `allowed: ${pattern}` }]);
};

/** A start that is not asked for a shape does not load them. */
const checked = async <N extends RequestName>(name: N, value: unknown, place: string): Promise<Request<N>> => {
  const { REQUESTS } = await import('../contract/schemas.ts');
  const result = REQUESTS[name].safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, ERRORS_MAX).map((issue) => ({
    at: [place, ...issue.path.map(String)].join(place === 'query' ? ' ' : '.'),
    message: messageOf(issue),
  }));
  throw badRequest(errors);
};

/** What is allowed, from the issue's own facts: zod/mini carries no words of its own, and none are loaded for it. */
const messageOf = (issue: core.$ZodIssue): string => {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`.slice(0, MESSAGE_LENGTH_MAX);
    case 'invalid_type':
      return `allowed: ${issue.expected}`;
    case 'too_small':
      return `allowed: ${issue.minimum} or more${unitOf(issue.origin)}`;
    case 'too_big':
      return `allowed: up to ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return `allowed: ${issue.pattern ?? issue.format}`;
    default:
      return 'not allowed';
  }
};

const unitOf = (origin: string): string => (origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '');

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest([{ at: 'body', message: 'allowed: JSON' }]);
  }
};
