import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Item, Value } from '../../functions/core/store.ts';
import { type Answered, ApiWorld, REGIONS } from './api-world.ts';
import { type Damage, damages } from './damage.ts';

/** `TANDEM_DAMAGE_RUNS=20000 vitest run test/functions/damaged-items` looks further. */
const SEED = 20_261_130;
const RUNS = Number(process.env['TANDEM_DAMAGE_RUNS'] ?? 90);
const LIMIT_MS = 60_000 + 200 * RUNS;

const KEY = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const LINES = [{ sku: 'tea', quantity: 2 }];

/** Damage that broke a route once, or is told of: by the beginning of the sort key. */
const KNOWN: readonly (readonly [sk: string, attribute: string, value: Value | undefined])[] = [
  ['HEAD#', 'rev', [1]],
  ['HEAD#', 'rev', null],
  ['HEAD#', 'rev', 1e300],
  ['V#', 'value', undefined],
  ['V#', 'seen', { 'eu-central-1': 2 ** 53 - 1 }],
  ['V#', 'n', 2 ** 53 - 1],
  ['PLACED#', 'lines', 'x'],
  ['PLACED#', 'gift', 1e300],
  ['E#paid#', 'amount', 'x'],
  ['E#cancel#', 'at', 'x'],
  ['RECEIPT#', 'quantity', undefined],
  ['HELD#', 'available', 'x'],
  ['HELD#', 'sold', null],
  ['HELD#', 'rev', []],
  ['HELD#', 'bookings', 2 ** 53 - 1],
  ['HELD#', 'bookings', 1e300],
];

const examplesOf = (items: readonly Item[], [sk, attribute, value]: (typeof KNOWN)[number]): readonly [Damage][] =>
  items
    .filter((item) => item.sk.startsWith(sk))
    .map((item) => [{ item: { ...item, [attribute]: value }, what: `${item.sk}: ${attribute} is ${JSON.stringify(value)}` }]);

/** What was asked of the table once: everything that the API can do, by keys that can be used again. */
interface Known {
  readonly items: readonly Item[];
  readonly orders: readonly string[];
  /** The record's first version, and the second, which was made from it. */
  readonly tags: readonly [string, string];
}

const startWith = async (items: readonly Item[]): Promise<{ readonly world: ApiWorld; readonly data: MemoryStore }> => {
  const data = new MemoryStore();
  const world = await new ApiWorld({ data, tokenWaitMs: 0, replicatedDeadlineMs: 0 }).start();
  for (const item of items) data.place(item);
  return { world, data };
};

const populate = async (): Promise<Known> => {
  const { world, data } = await startWith([]);
  const [here, there] = REGIONS;
  const post = (path: string, body: unknown, n: number) => world.post(path, body, { key: KEY(n) });
  await post(`/stock/tea/regions/${here}/receipts`, { quantity: 100 }, 1);
  await post(`/stock/tea/regions/${there}/receipts`, { quantity: 10 }, 2);
  const orders: string[] = [];
  for (const n of [10, 11, 12]) orders.push(String((await post('/orders', { lines: LINES, note: 'soon' }, n)).body['id']));
  await post('/orders', { lines: [{ sku: 'tea', quantity: 105 }] }, 13);
  const [open, shipped, cancelled] = orders;
  await post(`/orders/${open}/payments`, { amount: 5 }, 20);
  await post(`/orders/${shipped}/shipments`, { carrier: 'cart' }, 21);
  await post(`/orders/${cancelled}/cancellations`, {}, 22);
  const first = await world.put('/records/note', { a: 1 }, undefined, { key: KEY(30) });
  const second = await world.put('/records/note', { a: 2 }, first.headers['etag'], { key: KEY(31) });
  const items = data.items().filter(({ pk }) => pk !== REGIONS_KEY);
  return { items, orders, tags: [String(first.headers['etag']), String(second.headers['etag'])] };
};

/** Every route, as asked before and anew. */
const ask = async (world: ApiWorld, { orders, tags: [first, second] }: Known): Promise<readonly (readonly [string, Answered])[]> => {
  const answers: (readonly [string, Answered])[] = [];
  const fresh = 1_000;
  const tell = async (name: string, asked: Promise<Answered>): Promise<void> => {
    answers.push([name, await asked]);
  };
  for (const path of ['/health', '/switch/us-east-2', '/regions', '/openapi.json', '/orders', '/orders?limit=1', '/stock/tea'])
    await tell(`GET ${path}`, world.get(path));
  for (const n of [10, 12, fresh]) await tell(`place ${n}`, world.post('/orders', { lines: LINES, note: 'soon' }, { key: KEY(n) }));
  for (const region of REGIONS)
    for (const n of [1, 2, fresh + 1])
      await tell(`receive ${n}`, world.post(`/stock/tea/regions/${region}/receipts`, { quantity: n === 2 ? 10 : 100 }, { key: KEY(n) }));
  await tell('place too much', world.post('/orders', { lines: [{ sku: 'tea', quantity: 100_000 }] }, { key: KEY(fresh + 2) }));
  for (const path of ['/records/note', '/records/note/history', '/records/note/history?limit=1'])
    await tell(`GET ${path}`, world.get(path));
  await tell('edit again', world.put('/records/note', { a: 1 }, undefined, { key: KEY(30) }));
  await tell('edit again', world.put('/records/note', { a: 2 }, first, { key: KEY(31) }));
  await tell('edit', world.put('/records/note', { a: fresh }, second, { key: KEY(fresh + 3) }));
  const shown = (await world.get('/records/note')).headers['etag'];
  await tell('edit what is shown', world.put('/records/note', { b: fresh }, shown, { key: KEY(fresh + 4) }));
  for (const id of orders) {
    await tell('GET order', world.get(`/orders/${id}`));
    for (const n of [20, fresh + 5]) await tell(`pay ${n}`, world.post(`/orders/${id}/payments`, { amount: 5 }, { key: KEY(n) }));
    for (const n of [21, fresh + 6]) await tell(`ship ${n}`, world.post(`/orders/${id}/shipments`, { carrier: 'cart' }, { key: KEY(n) }));
    await tell('cancel', world.post(`/orders/${id}/cancellations`, {}, { key: KEY(fresh + 7) }));
  }
  return answers;
};

describe('an item that is damaged', () => {
  it(
    'breaks no route: reads tell what is left of it, and a write is done, refused for a reason of its own, or told which item is damaged',
    async () => {
      const known = await populate();
      const { items } = known;
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(damages(items), async ({ item, what }) => {
          const { world } = await startWith([...items, item]);
          for (const [name, answer] of await ask(world, known)) {
            // Nobody else writes here: who is told to come again would be told so for ever.
            if (answer.status >= 500 || answer.status === 429) throw new Error(`${what}: ${name}: ${answer.text}`);
            if (answer.body['type'] === '/problems/damaged') expect(answer.body['detail']).toContain(item.sk);
            // What is there to be sold is told to be short only where its own row is damaged.
            if (answer.body['type'] === '/problems/out-of-stock' && name !== 'place too much')
              expect([what, item.sk]).toEqual([what, expect.stringMatching(/^HELD#/)]);
            seen.add(String(answer.body['type'] ?? answer.status));
          }
          const served = world.served.filter(({ refusal }) => refusal?.problem === 'damaged');
          for (const each of served) expect(each.damaged).toEqual([{ pk: item.pk, sk: item.sk }]);
        }),
        { seed: SEED, numRuns: RUNS, examples: KNOWN.flatMap((known) => examplesOf(items, known)) },
      );
      // Not all of it was refused at the door, and some damage was in the way.
      for (const each of ['200', '201', '/problems/damaged', '/problems/precondition-failed']) expect(seen).toContain(each);
    },
    LIMIT_MS,
  );

  it('and stands where a fact would be is told, and not the fact', async () => {
    const known = await populate();
    const [open, , cancelled] = known.orders;
    const told: string[] = [];
    for (const [sk, attribute, path, body, key] of [
      ['E#paid#', 'amount', `/orders/${open}/payments`, { amount: 5 }, 20],
      ['E#cancel#', 'at', `/orders/${cancelled}/cancellations`, {}, 22],
      ['RECEIPT#', 'quantity', `/stock/tea/regions/${REGIONS[1]}/receipts`, { quantity: 10 }, 2],
    ] as const) {
      const items = known.items.filter((item) => item.sk.startsWith(sk)).map((item) => ({ ...item, [attribute]: 'x' }));
      const { world } = await startWith([...known.items, ...items]);
      told.push(String((await world.post(path, body, { key: KEY(key) })).body['type']));
    }
    expect(told).toEqual(Array(3).fill('/problems/damaged'));
  });

  it('that an edit has mended is told', async () => {
    const known = await populate();
    const head = known.items.find(({ sk }) => sk.startsWith('HEAD#'));
    if (!head) throw new Error('no edit was made');
    for (const rev of ['x', null, [1], { a: 1 }, -4, true, 1, 2 ** 40]) {
      const { world } = await startWith([...known.items, { ...head, rev }]);
      expect([rev, (await world.put('/records/note', { a: 3 }, known.tags[1], { key: KEY(40) })).status]).toEqual([rev, 200]);
      expect([rev, world.served.map(({ damaged }) => damaged)]).toEqual([rev, [[{ pk: head.pk, sk: head.sk }]]]);
      const next = await world.get('/records/note');
      await world.put('/records/note', { a: 4 }, next.headers['etag'], { key: KEY(41) });
      expect(world.served.at(-1)?.damaged).toEqual([]);
    }
  });
});
