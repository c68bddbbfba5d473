/** No request costs more than stands beside its route, whatever is in it. */
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { ROUTES, type RouteName } from '../../functions/contract/routes.ts';
import { type Term, TOKEN_UNITS, UNITS } from '../../functions/contract/units.ts';
import { VIEW_MS_MAX } from '../../functions/core/monitor.ts';
import type { Key } from '../../functions/core/store.ts';
import { namedIn } from '../../functions/core/token.ts';
import { type ApiDocument, type Known, requests, send } from './api-fuzz.ts';
import { ApiWorld, REGIONS } from './api-world.ts';
import { tokenFor } from './tokens.ts';
import { type Spent, UnitStore } from './unit-store.ts';

const SEED = 20_261_130;
const RUNS = Number(process.env['TANDEM_FUZZ_RUNS'] ?? 800);
const LIMIT_MS = 60_000 + 100 * RUNS;
const LINES_MAX = 50;
const SKUS = ['tea', 'cup', 'pot'];

/** A key of few things, so that tokens name one thing often: there or not, in partitions that requests read. */
const named = fc.oneof(
  fc.record({ pk: fc.constantFrom('STOCK#tea', 'STOCK#gone'), sk: fc.nat(1).map((n) => `RECEIPT#${n}#${REGIONS[1]}`) }),
  fc.record({ pk: fc.nat(1).map((n) => `ORDER#${n}`), sk: fc.constantFrom(...REGIONS.map((region) => `PLACED#${region}`)) }),
);
const tokens = fc.array(fc.array(named, { minLength: 1, maxLength: 4 }), { maxLength: 9 });
/** Mostly what the document allows; now and then the longest order, of what there is and of what there is not. */
const lines = fc.option(
  fc.array(
    fc.record({
      sku: fc.oneof(
        fc.constantFrom(...SKUS),
        fc.nat(80).map((n) => `none-${n}`),
      ),
      quantity: fc.constantFrom(1, 900_000),
    }),
    {
      minLength: 1,
      maxLength: LINES_MAX,
    },
  ),
  { nil: undefined, freq: 2 },
);

interface Asking {
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a formula counts, of one request. Sizes are those that were met: they have bounds of their own. */
const has = ({ path, body, headers }: Asking, { part, size }: Spent): Readonly<Record<Term, number>> => {
  const given: unknown[] = Array.isArray(Object(body).lines) ? Object(body).lines : [];
  const limit = Number(new URLSearchParams(path.split('?')[1]).get('limit') ?? 20);
  return {
    one: 1,
    part,
    size,
    line: new Set(given.map((each) => Object(each).sku)).size,
    row: Number.isFinite(limit) ? Math.min(100, limit) : 0,
    key: new Set(namedBy(headers).map(({ pk, sk }) => `${pk}\n${sk}`)).size,
  };
};

/** Also of tokens that are refused. */
const namedBy = (headers: Readonly<Record<string, string>>): readonly Key[] =>
  Object.entries(headers).flatMap(([name, value]) =>
    name.toLowerCase() === HEADERS.token ? value.split(/ *, */).flatMap((token) => namedIn(token) ?? []) : [],
  );

const sumOf = (terms: Readonly<Partial<Record<Term, number>>>, counted: Readonly<Record<Term, number>>): number =>
  Object.entries(counted).reduce(
    (total, [term, count]) => total + (Object.entries(terms).find(([name]) => name === term)?.[1] ?? 0) * count,
    0,
  );

const isUser = (name: RouteName): name is keyof typeof UNITS => Object.hasOwn(UNITS, name);

describe('the units of a route', () => {
  it(
    'are never more than stands beside it, whatever tokens, bodies, ids, cursors and signatures a request has',
    async () => {
      const data = new UnitStore();
      // Waiting passes in no time, so that all looks are made.
      const world: ApiWorld = new ApiWorld({
        data,
        tokenWaitMs: 500,
        replicatedDeadlineMs: 0,
        pause: async (ms) => {
          world.aheadMs += ms;
        },
      });
      await world.start();
      const known = await populate(world);
      const { body } = await world.get('/openapi.json');
      const document: ApiDocument = JSON.parse(JSON.stringify(body));
      const dearest = new Map<string, number>();
      let views = 0;
      const startedMs = Date.now();
      await fc.assert(
        fc.asyncProperty(requests(document, known), tokens, lines, fc.nat(9), async (request, given, many, luck) => {
          const name = Object.keys(ROUTES).find((each): each is RouteName => each === request.operation.operationId);
          if (name === undefined) throw new Error(`no route ${request.operation.operationId}`);
          const asked = {
            ...request,
            body: name === 'placeOrder' && many !== undefined ? { lines: many } : request.body,
            headers: {
              ...request.headers,
              ...(luck < 4 && given.length > 0 ? { [HEADERS.token]: given.map((keys) => tokenFor(...keys)).join(', ') } : {}),
              ...(luck === 9 ? { Authorization: `Bearer ${world.key.token().slice(0, -9)}` } : {}),
            },
          };
          data.take();
          const { status } = await send(world, asked);
          const spent = data.take();
          views += spent.views;
          const counted = has(asked, spent);
          const { read, write } = isUser(name) ? UNITS[name] : { read: {}, write: {} };
          const allowed = { read: sumOf(read, counted) + sumOf(TOKEN_UNITS, counted), write: sumOf(write, counted) };
          // Who is nobody costs nothing of the data.
          const bound = status === 401 || status === 403 ? { read: 0, write: 0 } : allowed;
          if (spent.read > bound.read || spent.write > bound.write)
            throw new Error(`${name}, answered ${status}, costs ${JSON.stringify({ spent, bound, counted })}`);
          dearest.set(name, Math.max(dearest.get(name) ?? 0, spent.read + spent.write));
        }),
        { seed: SEED, numRuns: RUNS },
      );
      // A fuzz that reads nothing proves nothing.
      for (const name of Object.keys(UNITS)) expect([name, (dearest.get(name) ?? 0) > 0]).toEqual([name, true]);
      expect(dearest.get('placeOrder')).toBeGreaterThan(LINES_MAX);
      const passedMs = Date.now() - startedMs + world.aheadMs;
      // One for callers, and two for the deep check.
      expect(views).toBeLessThanOrEqual(3 * (1 + passedMs / VIEW_MS_MAX));
    },
    LIMIT_MS,
  );
});

const populate = async (world: ApiWorld): Promise<Known> => {
  for (const sku of SKUS) await world.post(`/stock/${sku}/regions/${world.region}/receipts`, { quantity: 500_000 });
  const keys = Array.from({ length: 5 }, () => randomUUID());
  const orders: string[] = [];
  for (const sku of [...SKUS, ...SKUS]) orders.push(String((await world.post('/orders', { lines: [{ sku, quantity: 1 }] })).body['id']));
  const records = ['note-1', 'note-2', 'note-3'];
  const tags: string[] = [];
  for (const id of records) tags.push(String((await world.put(`/records/${id}`, { id })).headers['etag']));
  return { orders, skus: SKUS, regions: REGIONS, keys, records, tags };
};
