/** Requests made from the OpenAPI document: mostly right, with something wrong here and there, and some mere noise. */
import * as fc from 'fast-check';
import { HEADERS } from '../../functions/contract/names.ts';
import { LIMITS } from '../../functions/contract/values.ts';
import type { Answered, ApiWorld } from './api-world.ts';
import { elsewhere, tokenFor } from './tokens.ts';

/** What the API document says of a value. */
export interface Schema {
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Request {
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly token: boolean;
}

/** Things that exist, so that requests also get past "not found". */
export interface Known {
  readonly orders: readonly string[];
  readonly skus: readonly string[];
  readonly regions: readonly string[];
  readonly keys: readonly string[];
  readonly records: readonly string[];
  /** Their ETags, before anybody edits them. */
  readonly tags: readonly string[];
}

/** Of something that never happened here. */
const TOKEN = tokenFor(elsewhere());

/** Headers that few callers send: most requests must get past them. */
const SELDOM: readonly string[] = [HEADERS.token, HEADERS.durability];
const isSeldom = ({ name, required }: { readonly name: string; readonly required?: boolean }): boolean =>
  SELDOM.includes(name) || (name === HEADERS.idempotencyKey && required !== true);

const NOISE = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '%', '%zz', '..', '#', '/', '{id}', '\u0000', '\ud800', '🫖', "'; --", '<script>', '0'.repeat(5_000)),
);

/** Something that fits, by the few patterns of this contract, or what is known. */
const fitting = (name: string, schema: Schema, known: Known): fc.Arbitrary<string> => {
  if (name === 'id') return isOrderId(schema) ? fc.constantFrom(...known.orders, '0'.repeat(32)) : recordId(known);
  if (name === 'if-match') return fc.constantFrom(...known.tags, `"${'0'.repeat(32)}"`);
  if (name === 'if-none-match') return fc.constantFrom('*', ...known.tags);
  if (name === 'sku') return fc.constantFrom(...known.skus, 'unheard-of');
  if (name === 'region') return fc.constantFrom(...known.regions, 'eu-west-9');
  if (name === 'idempotency-key') return fc.oneof(fc.constantFrom(...known.keys), fc.uuid());
  if (name === HEADERS.token) return fc.constantFrom(TOKEN, `${TOKEN}, ${TOKEN}`);
  return fc.stringMatching(new RegExp(schema.pattern ?? '^[a-z]{1,8}$'));
};

const isOrderId = ({ pattern = '' }: Schema): boolean => !new RegExp(pattern).test('a-record');
/** Mostly one that exists, and now and then a new one. */
const recordId = (known: Known): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known.records) }, fc.stringMatching(/^new-[a-z]{4}$/));

const valueOf = (schema: Schema, known: Known, name = ''): fc.Arbitrary<unknown> => {
  switch (schema.type) {
    case 'object': {
      if (schema.additionalProperties !== undefined && !schema.properties)
        return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
      const members = Object.entries(schema.properties ?? {}).map(([key, each]) => [key, valueOf(each, known, key)] as const);
      return fc.record(Object.fromEntries(members), { requiredKeys: [...(schema.required ?? [])] });
    }
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, known), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 6),
      });
    case 'integer':
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 9, 9) }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 9),
      );
    case 'string':
      return schema.pattern === undefined
        ? fc.string({ unit: 'grapheme', maxLength: schema.maxLength ?? 20 })
        : fitting(name, schema, known);
    default:
      return fc.anything();
  }
};

/** `right` most of the time. */
const mostly = <T, U>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: wrong });

const bodyOf = (operation: Operation, known: Known): fc.Arbitrary<unknown> => {
  const schema = operation.requestBody?.content['application/json'].schema;
  if (!schema) return fc.constant(undefined);
  const right = valueOf(schema, known);
  const bent = fc
    .tuple(right, fc.string(), fc.jsonValue())
    .map(([value, name, more]) => (typeof value === 'object' ? { ...value, [name]: more } : more));
  const large = fc.constant({ note: 'x'.repeat(LIMITS.bodyBytes) });
  return fc.oneof(
    { weight: 14, arbitrary: right },
    { weight: 4, arbitrary: bent },
    { weight: 2, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: large },
  );
};

export const requests = (document: ApiDocument, known: Known): fc.Arbitrary<Request> => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      method === 'head' ? [] : [{ path, method: method.toUpperCase(), operation }],
    ),
  );
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const of = (place: string) => operation.parameters.filter((each) => each.in === place && !isSeldom(each));
    const record = (place: string, requiredKeys: string[], parameters = of(place)) =>
      fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, mostly(fitting(name, schema, known), NOISE)])), {
        requiredKeys,
      });
    const seldom = operation.parameters.filter(isSeldom);
    return fc.record({
      operation: fc.constant(operation),
      method: method === 'GET' ? mostly(fc.constant('GET'), fc.constant('HEAD')) : fc.constant(method),
      path: fc
        .tuple(
          record(
            'path',
            of('path').map(({ name }) => name),
          ),
          record('query', []),
          mostly(fc.constant({}), fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 })),
        )
        .map(([params, query, more]) => {
          const filled = Object.entries<string>(params).reduce((text, [name, value]) => text.replace(`{${name}}`, escape(value)), path);
          const search = new URLSearchParams(Object.entries<string>({ ...more, ...query })).toString();
          return search === '' ? filled : `${filled}?${search}`;
        }),
      headers: fc
        .tuple(
          record('header', method === 'POST' ? ['idempotency-key'] : []),
          mostly(fc.constant({}), fc.constant({ 'Content-Type': 'text/plain' })),
          mostly(fc.constant({}), record('header', [], seldom)),
        )
        .map(([headers, ...more]) => Object.assign({}, headers, ...more)),
      body: bodyOf(operation, known),
      token: mostly(fc.constant(true), fc.constant(false)),
    });
  });
};

/** Percent-encoding for a path, also of what encodeURIComponent refuses. */
const escape = (text: string): string => encodeURIComponent(text.toWellFormed());

/** What is wrong with an answer; undefined when nothing is. */
export const faultOf = (request: Request, answer: Answered): string | undefined => {
  const documented = request.operation.responses[String(answer.status)];
  const type = answer.headers['content-type'] ?? '';
  if (answer.status >= 500) return `status ${answer.status}`;
  if (!documented) return `status ${answer.status} is not documented`;
  if (answer.text !== '' && !Object.hasOwn(documented.content ?? {}, type))
    return `content-type ${type} is not documented for ${answer.status}`;
  if (answer.status >= 400 && answer.text !== '' && answer.body['status'] !== answer.status) return 'the problem names another status';
  return undefined;
};

export const send = (world: ApiWorld, request: Request): Promise<Answered> =>
  world.call(request.method, request.path, {
    body: request.body,
    headers: request.headers,
    key: null,
    ...(request.token ? {} : { token: null }),
  });
