/** What the OpenAPI document allows is not refused as unfit, and what it forbids is: from the document alone, for every route. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../functions/contract/openapi.ts';
import { LIMITS } from '../../functions/contract/values.ts';
import type { Schema } from './api-fuzz.ts';
import { type Answered, ApiWorld } from './api-world.ts';

const SEED = 20_261_130;
const RUNS = 40;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

const document = JSON.parse(JSON.stringify(openApiDocument()));
const OPERATIONS: readonly Operation[] = Object.entries<Record<string, object>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => JSON.parse(JSON.stringify({ ...operation, method: method.toUpperCase(), path }))),
);

/** Of which the document says in words what no pattern can: tokens that this API gave, and durability beside one of them. */
const IN_WORDS = ['tandem-token', 'tandem-durability'];
/** Refusals of what is sent. Others are about what is there. */
const UNFIT = [400, 413, 415, 428];

const matching = (pattern: string): fc.Arbitrary<string> => {
  const exact = new RegExp(pattern);
  return fc.stringMatching(new RegExp(pattern.replace(/\(\?!.*?\$\)/, ''))).filter((text) => exact.test(text));
};

const allowed = (schema: Schema): fc.Arbitrary<unknown> => {
  switch (schema.type) {
    case 'object': {
      const { properties, required = [] } = schema;
      if (!properties) return fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
      const members = Object.entries(properties).map(([name, each]) => [name, allowed(each)] as const);
      return fc.record(Object.fromEntries(members), { requiredKeys: [...required] });
    }
    case 'array':
      return fc.array(allowed(schema.items ?? { type: 'string' }), {
        minLength: schema.minItems ?? 0,
        maxLength: schema.maxItems ?? 9,
        size: 'max',
      });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 9 });
    default:
      if (schema.pattern !== undefined) return matching(schema.pattern);
      return fc.string({ unit: fc.constantFrom('a', 'ü', '🫖', '\u0000'), maxLength: schema.maxLength ?? 20, size: 'max' });
  }
};

/** Values that one rule of the schema forbids, and nothing but that rule. */
const forbidden = (schema: Schema): fc.Arbitrary<unknown> => {
  const other = fc.constantFrom<unknown>(null, true, [], 1.5, 'text', {}).filter((value) => !isOf(schema.type, value));
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      if (Object.keys(properties).length === 0 && required.length === 0 && schema.properties === undefined) return other;
      const whole = allowed(schema).map((value) => Object(value));
      const unknown = fc.tuple(whole, fc.stringMatching(/^unknown-\w{1,5}$/)).map(([value, name]) => ({ ...value, [name]: 1 }));
      const without = required.map((name) => whole.map(({ [name]: _, ...rest }) => rest));
      const bent = Object.entries(properties).map(([name, each]) =>
        fc.tuple(whole, forbidden(each)).map(([value, wrong]) => ({ ...value, [name]: wrong })),
      );
      return fc.oneof(other, unknown, ...without, ...bent);
    }
    case 'array': {
      const items = schema.items ?? { type: 'string' };
      const sized = (size: number) => fc.array(allowed(items), { minLength: size, maxLength: size });
      const bent = fc.tuple(sized(1), forbidden(items)).map(([right, wrong]) => [...right, wrong]);
      return fc.oneof(other, bent, sized((schema.minItems ?? 1) - 1), sized((schema.maxItems ?? 9) + 1));
    }
    case 'integer':
      return fc.oneof(other, fc.constantFrom((schema.minimum ?? 0) - 1, (schema.maximum ?? 9) + 1));
    default: {
      const { pattern, maxLength } = schema;
      if (pattern !== undefined) return fc.oneof(other, unmatched(pattern));
      return fc.oneof(
        other,
        fc.constantFrom('a', '🫖').map((unit) => unit.repeat((maxLength ?? 0) + 1)),
      );
    }
  }
};

const isOf = (type: Schema['type'], value: unknown): boolean => {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return type === 'string' ? typeof value === 'string' : Number.isInteger(value);
};

/** Mostly one that fits but for a character. */
const unmatched = (pattern: string): fc.Arbitrary<string> => {
  const near = fc
    .tuple(matching(pattern), fc.constantFrom('.', '%', '/', ' x', '\n', 'ü', '"', ',', '#', '_'), fc.nat(300))
    .map(([text, extra, at]) => `${text.slice(0, at)}${extra}${text.slice(at)}`);
  return fc
    .oneof(near, fc.string({ maxLength: 300 }), fc.constantFrom('.', '..', '*', '-1', '0', '101'))
    .filter((text) => text.trim() === text && text !== '' && !new RegExp(pattern).test(text));
};

interface Filled {
  readonly values: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** All that is required, and of the rest what comes; of a precondition one. */
const fitting = ({ parameters, requestBody, method }: Operation): fc.Arbitrary<Filled> => {
  const told = parameters.filter(({ name }) => !IN_WORDS.includes(name) && !(method === 'PUT' && name === 'if-match'));
  const required = (each: Parameter) => each.required || (method === 'PUT' && each.name === 'if-none-match');
  return fc.record({
    values: fc.record(
      Object.fromEntries(told.map((each) => [each.name, each.schema.pattern ? matching(each.schema.pattern) : fc.string()])),
      {
        requiredKeys: told.filter(required).map(({ name }) => name),
      },
    ),
    body: requestBody === undefined ? fc.constant(undefined) : allowed(requestBody.content['application/json'].schema),
  });
};

const send = (world: ApiWorld, { path, method, parameters }: Operation, { values, body }: Filled): Promise<Answered> => {
  const of = (place: string) => parameters.filter((each) => each.in === place && values[each.name] !== undefined);
  const filled = of('path').reduce((text, { name }) => text.replace(`{${name}}`, () => encodeURIComponent(values[name] ?? '')), path);
  const query = new URLSearchParams(Object.fromEntries(of('query').map(({ name }) => [name, values[name] ?? ''])));
  const headers = Object.fromEntries(of('header').map(({ name }) => [name, values[name] ?? '']));
  return world.call(method, query.size === 0 ? filled : `${filled}?${query}`, {
    key: null,
    headers,
    ...(body === undefined ? {} : { body }),
  });
};

/** Of bodies the document says two limits in words: their bytes, and the sum of the lines of one sku. */
const isBeyond = (body: unknown): boolean => {
  const { lines }: { readonly lines?: readonly { readonly sku: string; readonly quantity: number }[] } = Object(body);
  const sums = [...Map.groupBy(lines ?? [], ({ sku }) => sku).values()].map((same) =>
    same.reduce((sum, { quantity }) => sum + quantity, 0),
  );
  return Buffer.byteLength(JSON.stringify(body ?? '')) > LIMITS.bodyBytes || sums.some((sum) => sum > LIMITS.quantity);
};

const told = (value: Filled) => JSON.stringify(value).slice(0, 300);

describe.each(OPERATIONS)('$operationId', (operation) => {
  const { parameters } = operation;

  it('is not refused as unfit where it is as the document says', async () => {
    const world = await new ApiWorld().start();
    await fc.assert(
      fc.asyncProperty(fitting(operation), async (filled) => {
        const answer = await send(world, operation, filled);
        if (!isBeyond(filled.body))
          expect([told(filled), answer.status, UNFIT.includes(answer.status)]).toEqual([told(filled), answer.status, false]);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it.each(parameters.filter(({ schema }) => schema.pattern !== undefined))(
    'is refused with another $name than the document allows',
    async (parameter) => {
      const world = await new ApiWorld().start();
      await world.put('/records/here', { n: 1 });
      const wrong = unmatched(parameter.schema.pattern ?? '');
      await fc.assert(
        fc.asyncProperty(fitting(operation), wrong, async (filled, value) => {
          const { 'if-none-match': condition, ...others } = filled.values;
          // One precondition at a time; and a read has one only of what is there.
          const rest = parameter.name !== 'if-match' || condition === undefined ? filled.values : others;
          const values = { ...rest, ...(parameter.name.startsWith('if-') ? { id: 'here' } : {}), [parameter.name]: value };
          const { status } = await send(world, operation, { ...filled, values });
          expect([value, status >= 400 && status < 500 && status !== 404]).toEqual([value, true]);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );
});

describe.each(OPERATIONS.filter(({ requestBody }) => requestBody !== undefined))('$operationId', (operation) => {
  const { parameters, requestBody, method } = operation;

  it('is refused without what it requires, and with another body than the document allows', async () => {
    const world = await new ApiWorld().start();
    const schema = requestBody?.content['application/json'].schema ?? { type: 'object' };
    await fc.assert(
      fc.asyncProperty(fitting(operation), forbidden(schema), async (filled, body) => {
        const answer = await send(world, operation, { ...filled, body });
        expect([told({ ...filled, body }), answer.status]).toEqual([told({ ...filled, body }), 400]);
      }),
      { seed: SEED, numRuns: 3 * RUNS },
    );
    const [filled] = fc.sample(fitting(operation), { seed: SEED, numRuns: 1 });
    if (filled === undefined) return;
    expect((await send(world, operation, { ...filled, body: undefined })).status).toBe(415);
    for (const { name } of parameters.filter((each) => each.required && each.in === 'header')) {
      const { [name]: _, ...values } = filled.values;
      expect([name, (await send(world, operation, { ...filled, values })).status]).toEqual([name, 400]);
    }
    if (method === 'PUT') {
      const { 'if-none-match': _, ...values } = filled.values;
      expect((await send(world, operation, { ...filled, values })).status).toBe(428);
    }
  });
});
