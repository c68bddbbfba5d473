/** A request's parts, each checked by the contract's schema. Whatever does not fit is refused by place. */
import type { core } from 'zod/mini';
import { HEADERS } from '../contract/names.ts';
import type { Request, RequestName } from '../contract/schemas.ts';
import { FORMS, type Form, LIMITS } from '../contract/values.ts';
import { type ApiEvent, headersOf, queryOf } from './event.ts';
import { lossOf } from './faithful.ts';
import type { Preconditions } from './preconditions.ts';
import { badRequest, Refusal } from './refusal.ts';

/** Problems told of one request: beyond, the caller is not reading them. */
const ERRORS_MAX = 20;
/** Characters of what is told of one problem. */
const MESSAGE_LENGTH_MAX = 200;

export class Input {
  readonly #event: ApiEvent;
  readonly #headers: ReadonlyMap<string, readonly string[]>;

  constructor(event: ApiEvent) {
    this.#event = event;
    this.#headers = headersOf(event);
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return this.#headers.get(name)?.[0];
  }

  /** The parts of a header that is a list: separated by commas, or in several lines (RFC 9110, 5.3). */
  list(name: string): readonly string[] {
    return (this.#headers.get(name) ?? []).flatMap((line) => line.split(',')).map((part) => part.trim());
  }

  param(name: string, form: Form): string {
    return formed(form, decoded(this.#event.pathParameters?.[name] ?? '', name), `path ${name}`);
  }

  async query<N extends RequestName>(name: N): Promise<Request<N>> {
    const values = queryOf(this.#event);
    const repeated = [...values]
      .filter(([, list]) => list.length > 1)
      .map(([name]) => ({ at: `query ${name}`, message: 'given more than once, allowed: once' }));
    if (repeated.length > 0) throw badRequest(repeated);
    return checked(name, Object.fromEntries([...values].map(([name, list]) => [name, list[0]])), 'query');
  }

  refuseQuery(): void {
    const names = [...queryOf(this.#event).keys()];
    if (names.length > 0)
      throw badRequest(names.map((name) => ({ at: `query ${name}`, message: 'unknown; this route takes no query parameters' })));
  }

  key(): string {
    const given = [...new Set(this.#headers.get(HEADERS.idempotencyKey) ?? [])];
    if (given.length > 1) throw badRequest([{ at: `header ${HEADERS.idempotencyKey}`, message: 'given more than once, allowed: once' }]);
    if (given.length === 0)
      throw badRequest([
        { at: `header ${HEADERS.idempotencyKey}`, message: 'missing; make one for each operation and keep it on retries' },
      ]);
    return formed(FORMS.idempotencyKey, given[0] ?? '', `header ${HEADERS.idempotencyKey}`);
  }

  preconditions(): Preconditions {
    const line = (name: string): string | undefined => this.#headers.get(name)?.join(', ');
    return { match: line(HEADERS.ifMatch), noneMatch: line(HEADERS.ifNoneMatch) };
  }

  async body<N extends RequestName>(name: N): Promise<Request<N>> {
    return checked(name, parsed(this.#text()), 'body');
  }

  /** A body of which a part is kept: refused where that part would not come back as it came. */
  async keptBody<N extends RequestName>(name: N): Promise<Request<N>> {
    const text = this.#text();
    const value = parsed(text);
    const loss = lossOf(text);
    if (loss !== undefined) throw badRequest([{ at: 'body', message: `not allowed: ${loss}` }]);
    return checked(name, value, 'body');
  }

  #text(): string {
    const { body, isBase64Encoded } = this.#event;
    const encoding = isBase64Encoded === true ? 'base64' : 'utf8';
    const bytes = Buffer.byteLength(body ?? '', encoding);
    if (bytes > LIMITS.bodyBytes) throw new Refusal('too-large', `given a body of ${bytes} bytes, allowed: ${LIMITS.bodyBytes}`);
    const type = this.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json')
      throw new Refusal(
        'unsupported-media-type',
        `given ${type === undefined ? 'no content-type' : 'another content-type'}, allowed: application/json`,
      );
    return encoding === 'utf8' ? (body ?? '') : utf8(Buffer.from(body ?? '', encoding));
  }
}

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

/** API Gateway has decoded it, its stand-ins may not have; no valid parameter holds a percent sign, so both come out alike. */
const decoded = (text: string, name: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest([{ at: `path ${name}`, message: 'the percent-encoding is broken' }]);
  }
};

const utf8 = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest([{ at: 'body', message: 'allowed: JSON in UTF-8' }]);
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest([{ at: 'body', message: 'allowed: JSON' }]);
  }
};
