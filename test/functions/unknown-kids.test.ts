import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { UNKNOWN_KIDS } from '../../functions/aws/registered-keys.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { keyRemovalItem } from '../../functions/core/keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import type { Store } from '../../functions/core/store.ts';
import { ApiWorld } from './api-world.ts';
import { makeTestKey } from './callers.ts';

/** Counts reads and writes by the partition that they name. */
class CountingStore implements Store {
  readonly calls: string[] = [];
  readonly #store = new MemoryStore();
  readonly place = (...given: Parameters<MemoryStore['place']>) => this.#store.place(...given);
  readonly get: Store['get'] = (key) => this.#told(`get ${key.pk}`, this.#store.get(key));
  readonly query: Store['query'] = (pk, prefix) => this.#told(`query ${pk}`, this.#store.query(pk, prefix));
  readonly listByOwner: Store['listByOwner'] = (...given) => this.#told(`list ${given[0]}`, this.#store.listByOwner(...given));
  readonly transact: Store['transact'] = (writes) => this.#told(`transact ${writes.length}`, this.#store.transact(writes));

  #told<T>(what: string, done: Promise<T>): Promise<T> {
    this.calls.push(what);
    return done;
  }
}

const start = () => {
  const control = new CountingStore();
  const startedMs = Date.now();
  const clock = { aheadMs: 0, now: () => startedMs + clock.aheadMs };
  const authenticator = new Authenticator({ settings: { mode: 'keys' }, control, clock });
  return { control, clock, kindOf: async (token: string) => (await authenticator.identify(`Bearer ${token}`)).kind };
};
const stranger = makeTestKey();
const [, claims = '', signature = ''] = stranger.token().split('.');
/** Any signature will do. */
const madeUp = (name: string | number) =>
  [Buffer.from(JSON.stringify({ alg: 'ES256', kid: `made-up-${name}` })).toString('base64url'), claims, signature].join('.');

/** Seconds, tried a hundred times in each. */
const SECONDS = 20;
const BUDGET = UNKNOWN_KIDS.atOnce + SECONDS * UNKNOWN_KIDS.perSecond;

describe('a name of a key that nobody registered', () => {
  it('is looked up within a budget, and beyond it nobody says no', async () => {
    const { control, clock, kindOf } = start();
    const told = new Map<string, number>();
    for (let n = 0; n < SECONDS * 100; n += 1) {
      clock.aheadMs = n * 10;
      const kind = await kindOf(madeUp(n));
      told.set(kind, (told.get(kind) ?? 0) + 1);
    }
    expect([...told.keys()].toSorted()).toEqual(['refused', 'untold']);
    expect(control.calls.length).toBeLessThanOrEqual(BUDGET);
    expect(control.calls.length).toBe(told.get('refused'));
  });

  it('pushes no key out that is known, and takes no time of its callers', async () => {
    const { control, kindOf } = start();
    const keys = Array.from({ length: 40 }, () => makeTestKey());
    for (const { item } of keys) control.place(item);
    for (const key of keys) expect(await kindOf(key.token())).toBe('identified');
    for (let n = 0; n < 2_000; n += 1) await kindOf(madeUp(n));
    control.calls.splice(0);
    for (const key of keys) expect(await kindOf(key.token({ sub: 'bob' }))).toBe('identified');
    expect(control.calls).toEqual([]);
  });

  it('is told soon after it was registered, whatever was asked for before', async () => {
    const { control, clock, kindOf } = start();
    for (let n = 0; n < 100; n += 1) await kindOf(madeUp(n));
    const key = makeTestKey();
    expect(await kindOf(key.token())).toBe('untold');
    control.place(key.item);
    clock.aheadMs = 1_000;
    expect(await kindOf(key.token())).toBe('identified');
  });

  it('stays told by time, though the clock is set back', async () => {
    const { control, clock, kindOf } = start();
    const key = makeTestKey();
    control.place(key.item);
    clock.aheadMs = 1_800_000;
    expect(await kindOf(key.token({ exp: Math.floor(Date.now() / 1_000) + 86_400 }))).toBe('identified');
    control.place(keyRemovalItem(key.kid, { by: 'us-east-2', atMs: 0 }));
    clock.aheadMs = 0;
    expect(await kindOf(key.token({ exp: Math.floor(Date.now() / 1_000) + 86_400 }))).toBe('refused');
  });
});

describe('keys that are registered', () => {
  it('are known by the thousand, and cost a read each when they are first seen: no budget is theirs', async () => {
    const { control, kindOf } = start();
    const one = makeTestKey();
    const kids = Array.from({ length: 1_500 }, (_, n) => `shop-${n}`);
    for (const kid of kids) control.place({ ...one.item, pk: `KEY#${kid}` });
    const tokens = kids.map((kid) => one.token({}, { kid }));
    for (const token of tokens) expect(await kindOf(token)).toBe('identified');
    expect(control.calls.length).toBe(kids.length);
    for (const token of tokens) expect(await kindOf(token)).toBe('identified');
    expect(control.calls.length).toBe(kids.length);
  });
});

describe('a request without a right signature', () => {
  const routes = Object.values(ROUTES).filter(({ access }) => access.kind === 'user');
  const pathOf = (path: string) => path.replace('{id}', '0'.repeat(32)).replace('{sku}', 'tea').replace('{region}', 'eu-central-1');
  const known = makeTestKey();
  const headers = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ maxLength: 40 }).map((text) => `Bearer ${text}`),
    fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((parts) => `Bearer ${parts.join('.')}`),
    fc.string({ maxLength: 70 }).map((kid) => `Bearer ${stranger.token({}, { kid })}`),
    fc.nat(1_000_000).map((n) => `Bearer ${madeUp(n)}`),
    fc
      .record({ sub: fc.string(), exp: fc.oneof(fc.nat(), fc.constant(9e9)), aud: fc.string() })
      .map((claims) => `Bearer ${stranger.token(claims, { kid: known.kid })}`),
    fc.constantFrom('none', 'HS256', 'RS256', 'ES256').map((alg) => `Bearer ${stranger.token({}, { alg, kid: `of-${alg}` })}`),
  );

  it('costs, on every route, what the rule says: reads of keys within the budget, and nothing of the data', async () => {
    const [data, control] = [new CountingStore(), new CountingStore()];
    const world = new ApiWorld({ data, control });
    control.place(known.item);
    await world.get('/orders', { token: known.token() });
    const before = [data.calls.length, control.calls.length] as const;
    const startedMs = Date.now();
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom(...routes), async (authorization, { method, path }) => {
        const { status, headers: told } = await world.call(method, pathOf(path), {
          token: null,
          body: method === 'GET' ? undefined : { lines: [] },
          headers: { Authorization: authorization, 'Tandem-Token': 'x' },
        });
        // 400: a header with a comma in it is two that were joined.
        expect([400, 401, 503]).toContain(status);
        if (status === 503) expect(told['retry-after']).toBe('1');
      }),
      { numRuns: 600 },
    );
    const passedSeconds = (Date.now() - startedMs) / 1_000;
    const isView = (call: string) => call === 'query REGIONS' || call.startsWith('transact');
    expect(data.calls.slice(before[0]).filter((call) => !isView(call))).toEqual([]);
    const reads = control.calls.slice(before[1]).filter((call) => !isView(call));
    expect(reads.every((call) => call.startsWith('query KEY#'))).toBe(true);
    expect(reads.length).toBeGreaterThan(0);
    // One more for the known key, which is read again each half minute.
    expect(reads.length).toBeLessThanOrEqual(
      UNKNOWN_KIDS.atOnce + Math.ceil(passedSeconds) * UNKNOWN_KIDS.perSecond + 1 + passedSeconds / 30,
    );
  });

  it('is nobody to the metrics, also where it could not be told: strangers make no errors of a version', async () => {
    const world = await new ApiWorld().start();
    for (let n = 0; n < 50; n += 1) await world.get('/orders', { token: madeUp(n) });
    expect(new Set(world.served.map(({ caller }) => caller))).toEqual(new Set(['nobody']));
    expect(new Set(world.served.map(({ status }) => status))).toEqual(new Set([401, 503]));
  });
});
