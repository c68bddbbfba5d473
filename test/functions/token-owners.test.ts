import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { ROUTES, type Route } from '../../functions/contract/routes.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import { firstSecret, Secret } from '../../functions/core/secrets.ts';
import { type Committed, type Item, type Key, type Store, StoreUnavailable, type Write } from '../../functions/core/store.ts';
import { namedIn, sealed, tokenOf } from '../../functions/core/token.ts';
import { type Answered, ApiWorld, REGIONS, SECRET } from './api-world.ts';
import { EVERY_WRITE, lookAgain, openWorld, sendWrite } from './every-write.ts';
import { carrying, elsewhere, tokenFor, tokenIn } from './tokens.ts';

const [HERE, PEER] = REGIONS;
/** What waits so long hangs. */
const HOURS_MS = 10_000_000;
const USER_ROUTES: readonly Route[] = Object.values(ROUTES).filter(({ access }) => access.kind === 'user');

/** Counts what is read of that which callers own. */
class CountingStore extends MemoryStore {
  readonly read: string[] = [];

  override async get(key: Key): Promise<Item | undefined> {
    this.read.push(`${key.pk} ${key.sk}`);
    return super.get(key);
  }

  override async query(pk: string, prefix?: string): Promise<readonly Item[]> {
    if (pk !== REGIONS_KEY) this.read.push(pk);
    return super.query(pk, prefix);
  }

  override async listByOwner(...given: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    this.read.push('a list');
    return super.listByOwner(...given);
  }
}

const BODIES: ReadonlyMap<string, object> = new Map<string, object>([
  [ROUTES.placeOrder.path, { lines: [{ sku: 'tea', quantity: 1 }] }],
  [ROUTES.payOrder.path, { amount: 1 }],
  [ROUTES.receiveStock.path, { quantity: 1 }],
  [ROUTES.putRecord.path, { value: {} }],
]);

/** Each route that users have, asked with these tokens. */
const askAll = async (world: ApiWorld, tokens: readonly string[], token?: string): Promise<Answered[]> => {
  const answers: Answered[] = [];
  for (const { method, path } of USER_ROUTES) {
    const target = path.replace('{id}', '0'.repeat(32)).replace('{sku}', 'tea').replace('{region}', HERE);
    const headers = { ...(tokens.length > 0 ? carrying(...tokens).headers : {}), ...(method === 'PUT' ? { 'If-None-Match': '*' } : {}) };
    const body = BODIES.get(path) ?? {};
    answers.push(await world.call(method, target, { headers, ...(token ? { token } : {}), ...(method === 'GET' ? {} : { body }) }));
  }
  return answers;
};

describe.each(EVERY_WRITE)('the token of $what', (write) => {
  it('counts for whom it was told; from anybody else, made by hand or altered, it is refused before anything is read', async () => {
    const data = new CountingStore();
    const { world } = await openWorld({ tokenWaitMs: 0 }, data);
    const token = tokenIn(await sendWrite(world, write, await write.prepare(world)));
    const own = await world.get('/orders', carrying(token));
    expect([own.status, own.headers[HEADERS.stale]]).toEqual([200, undefined]);
    const pairs = (namedIn(token) ?? []).map(({ pk, sk }) => [pk, sk]);
    const forged = [sealed([1, SECRET.id, pairs, new Secret('guessed').macOf(1, 'ann', pairs)]), sealed([1, SECRET.id, pairs, ''])];
    data.read.length = 0;
    const refused = [
      ...(await askAll(world, [token], world.key.token({ sub: 'bob' }))),
      ...(await askAll(world, [...forged, Buffer.from(JSON.stringify([1, ...pairs])).toString('base64url')])),
    ];
    // Each so manieth: unit tests of tokens alter all of them.
    for (let index = 0; index < token.length; index += 7) {
      const letter = token[index] === 'A' ? 'B' : 'A';
      refused.push(await world.get('/orders', carrying(`${token.slice(0, index)}${letter}${token.slice(index + 1)}`)));
    }
    for (const { status, body } of refused)
      expect([status, body['errors']]).toEqual([400, [{ at: 'header tandem-token', message: expect.stringContaining('same subject') }]]);
    expect(data.read).toEqual([]);
  });
});

describe('a token that cannot be judged', () => {
  it.each<[string, string]>([
    ['is of a secret that has not arrived', tokenOf([elsewhere()], 'ann', new Secret('not here')) ?? ''],
    ['is of another form', sealed([2, { carts: [['CART#1', 'MADE#a']] }])],
    ['names more than this release tells', tokenFor(...Array.from({ length: 5 }, elsewhere))],
  ])('makes the answer stale, whatever the answer is, at no read and no wait: one that %s', async (_, token) => {
    const [with_, without] = [new CountingStore(), new CountingStore()];
    const plain = await askAll((await openWorld({}, without)).world, []);
    const { world } = await openWorld({ tokenWaitMs: HOURS_MS }, with_);
    const answers = await askAll(world, [token]);
    expect(answers.map(({ status }) => status)).toEqual(plain.map(({ status }) => status));
    expect(answers.map(({ headers }) => headers[HEADERS.stale])).toEqual(answers.map(() => 'true'));
    expect(with_.read).toHaveLength(without.read.length);
  });

  it('is judged once its secret arrives, with the next view of the regions', async () => {
    const { world, data } = await openWorld();
    const key = elsewhere();
    data.place({ ...key, v: 1 });
    const token = tokenOf([key], 'ann', new Secret('of the peer')) ?? '';
    const staleNow = async () => (await world.get('/orders', carrying(token))).headers[HEADERS.stale];
    expect(await staleNow()).toBe('true');
    data.place(firstSecret(PEER, 'of the peer', 1));
    lookAgain(world);
    expect(await staleNow()).toBeUndefined();
    expect((await world.get('/orders', { ...carrying(token), token: world.key.token({ sub: 'bob' }) })).status).toBe(400);
  });

  it.each(['E#gift', 'NOTED', 'COUNTED'])(
    'is no token of a region that names a kind that only a later release has, %s: that is looked for',
    async (kind) => {
      const { world, data } = await openWorld();
      const key = { pk: elsewhere().pk, sk: `${kind}#${'0'.repeat(32)}#${PEER}` };
      const staleNow = async () => (await world.get('/orders', carrying(tokenFor(key)))).headers[HEADERS.stale];
      expect(await staleNow()).toBe('true');
      data.place({ ...key, v: 2 });
      expect(await staleNow()).toBeUndefined();
    },
  );
});

describe('a region in its first moments', () => {
  const open = async (data: MemoryStore) => {
    const world = new ApiWorld({ data });
    await world.control.transact([{ action: 'put', item: world.key.item }]);
    return world;
  };
  const receive = (world: ApiWorld) => world.post(`/stock/tea/regions/${HERE}/receipts`, { quantity: 1 }, { key: randomUUID() });

  it('answers at once, and has a secret for the answers after it', async () => {
    const data = new MemoryStore();
    const world = await open(data);
    expect((await receive(world)).status).toBe(201);
    const second = await receive(world);
    expect(data.peek({ pk: REGIONS_KEY, sk: `SECRET#1#${HERE}` })).toBeDefined();
    expect((await world.get('/stock/tea', carrying(tokenIn(second)))).headers[HEADERS.stale]).toBeUndefined();
    expect(tokenIn(second)).not.toBe('');
  });

  it.each([
    ['hangs', () => new Promise<Committed>(() => undefined)],
    ['fails', () => Promise.reject(new StoreUnavailable('down for the test'))],
    ['throws', () => Promise.reject(new Error('no permission'))],
  ])('answers without a token while the making of its secret %s', async (_, fate) => {
    const data = new (class extends MemoryStore {
      override transact(writes: readonly Write[]): Promise<Committed> {
        const [write] = writes;
        return write?.action === 'update' && write.key.sk.startsWith('SECRET#') ? fate() : super.transact(writes);
      }
    })();
    const world = await open(data);
    for (const answer of [await receive(world), await receive(world)])
      expect([answer.status, answer.headers[HEADERS.token]]).toEqual([201, undefined]);
    expect((await world.get('/health', { token: null })).status).toBe(200);
  });
});

describe('a secret', () => {
  it('is in no answer of any route, and in no report of a request', async () => {
    const { world, data } = await openWorld();
    for (const write of EVERY_WRITE) await sendWrite(world, write, await write.prepare(world));
    const answers = await askAll(world, []);
    for (const path of ['/health', '/regions', `/switch/${PEER}`, '/openapi.json']) answers.push(await world.get(path, { token: null }));
    const text = String(data.peek({ pk: REGIONS_KEY, sk: `SECRET#1#${HERE}` })?.['secret']);
    expect(text.length).toBeGreaterThan(3);
    expect(JSON.stringify([answers, world.served])).not.toContain(text);
  });
});
