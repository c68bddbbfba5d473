import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { makeTestKey } from '../functions/callers.ts';
import { HERE, type Lab, PEER, startLab } from '../functions/lab.ts';
import { untilPasses } from '../support/eventually.ts';
import { isLaterType, later, laterPart } from './later.ts';
import { otherReleases, type Release, THE_NEXT, THIS, Workshop } from './releases.ts';
import { Served, type Told } from './served.ts';
import { TwoTables } from './two-tables.ts';

const key = makeTestKey();
const workshop = new Workshop();
let lab: Lab;
let tables: TwoTables;
const releases = new Map<string, Release>();
const started: Served[] = [];
beforeAll(async () => {
  lab = await startLab();
  tables = await TwoTables.start(lab);
  // What operators write with the tools of a later release is read by all.
  const word = switchItem({ region: PEER, by: HERE, evacuate: false, atMs: 1, reason: 'over' });
  await tables.write('control', later([key.item, word].map((item) => ({ action: 'put', item }))));
  for (const name of [THIS, ...otherReleases()]) releases.set(name, await workshop.build(name));
});
afterAll(async () => {
  await Promise.all(started.map((served) => served.stop()));
  workshop[Symbol.dispose]();
  tables?.stop();
  await lab?.stop();
});

const pairs = otherReleases().flatMap((other) => [
  { first: other, second: THIS },
  { first: THIS, second: other },
]);

describe.each(pairs)('a region that $first served, served by $second', ({ first, second }) => {
  const run = `${first}-${second}`.replaceAll(/\W/g, '');
  const token = key.token({ sub: run });

  it('answers every route, tells the same, goes on with everything and loses nothing; and so it is back again', async () => {
    // given a region and its peer that were used
    const [before, peer, after] = [await serve(first, HERE), await serve(first, PEER), await serve(second, HERE)];
    const made = await fill({ here: before, peer, token, run });
    const known = await readAll(before, token, made);
    const written = await tables.rows(HERE, run);
    const own = written.filter(({ pk }) => pk !== 'REGIONS');
    expect(own.filter((item) => Object.keys(laterPart(item)).length > 0)).toHaveLength(first === THE_NEXT ? own.length : 0);
    expect(own.some(isLaterType)).toBe(first === THE_NEXT);

    // when the other release takes over, then it tells what the first one told, repetitions of requests included
    expect(await readAll(after, token, made)).toEqual(known);
    for (const { told, again } of await repeat(after, token, made)) {
      expect([again.status, again.replayed]).toEqual([told.status, true]);
      expect(plain(again.body)).toEqual(plain(told.body));
    }

    // and takes each of its tokens, which names what has arrived, from whom it was told, and from nobody else
    await expectTokens(
      made.sent.map(({ told }) => told),
      token,
      [before, after],
    );

    // and when it changes everything that can be changed
    const changed = await change(after, token, made);
    expect(changed.map(({ status }) => status)).toEqual([201, 201, 409, 409, 202, 201, 201, 409]);
    await after.beat();
    await settle(run, after, peer);

    // then nothing of what was written before is lost
    const rows = new Map((await tables.rows(HERE, run)).map((item) => [`${item.pk} ${item.sk}`, item]));
    for (const item of written) {
      const now = rows.get(`${item.pk} ${item.sk}`);
      if (isRow(item.sk)) expect(now).toMatchObject({ ...laterPart(item), ...atLeast(item, 'v'), ...atLeast(item, 'laterCount') });
      else expect(now).toEqual(item);
    }
    // and what it told counts in the first one
    await expectTokens(changed, token, [before, after]);
    // and the first one, should it be rolled back to, tells what the second tells
    expect(await readAll(before, token, made)).toEqual(await readAll(after, token, made));
    const all = [before, peer, after].flatMap(({ answers }) => answers);
    expect(all.filter(({ status }) => status >= 500)).toEqual([]);
  });
});

/** What was made, with what was sent and told. */
interface Made {
  readonly sku: string;
  readonly orders: Readonly<Record<'placed' | 'elsewhere' | 'shipped' | 'cancelling' | 'cancelled' | 'twice', string>>;
  readonly sent: readonly { readonly path: string; readonly body: object; readonly key: string; readonly told: Told }[];
}

const serve = async (name: string, region: string): Promise<Served> => {
  const release = releases.get(name);
  if (!release) throw new Error(`${name} was not built`);
  const served = await Served.start(release, { ...lab.emulator, region, regions: [HERE, PEER] });
  started.push(served);
  return served;
};

interface Region {
  readonly here: Served;
  readonly peer: Served;
  readonly token: string;
  readonly run: string;
}

/** Orders in every state, stock in every place. */
const fill = async ({ here, peer, token, run }: Region): Promise<Made> => {
  const sku = `tea-${run}`;
  const sent: Made['sent'][number][] = [];
  const write = async (by: Served, path: string, body: object, name: string): Promise<string> => {
    const told = await by.ask('POST', path, { body, key: `${name}-of-${run}`, token });
    if (told.status < 300) sent.push({ path, body, key: `${name}-of-${run}`, told });
    return String(told.body['id']);
  };
  const request = { lines: [{ sku, quantity: 2 }], note: 'ring twice' };
  const order = (by: Served, name: string) => write(by, '/orders', request, name);
  await beatAll(here, peer);
  await write(here, `/stock/${sku}/regions/${HERE}/receipts`, { quantity: 100 }, 'receipt-1');
  await write(peer, `/stock/${sku}/regions/${PEER}/receipts`, { quantity: 100 }, 'receipt-2');
  await write(here, `/stock/${sku}/regions/${PEER}/receipts`, { quantity: 7 }, 'receipt-3');
  const orders = {
    placed: await order(here, 'placed'),
    elsewhere: await order(peer, 'elsewhere'),
    shipped: await order(here, 'shipped'),
    cancelled: await order(here, 'cancelled'),
    cancelling: await order(peer, 'cancelling'),
    twice: await order(here, 'twice'),
  };
  // Before it heard of the first.
  await peer.ask('POST', '/orders', { body: request, key: `twice-of-${run}`, token });
  await write(here, `/orders/${orders.placed}/payments`, { amount: 300 }, 'payment');
  await write(here, `/orders/${orders.shipped}/shipments`, { carrier: 'post' }, 'shipment');
  await write(here, `/orders/${orders.cancelled}/cancellations`, {}, 'cancellation');
  await settle(run, here, peer);
  await write(here, `/orders/${orders.cancelling}/cancellations`, {}, 'wish');
  await write(here, '/orders', { lines: [{ sku, quantity: 1_000 }] }, 'too-much');
  return { sku, orders, sent };
};

/** What others wrote arrives, and each region does what it asks for. */
const settle = async (run: string, here: Served, peer: Served): Promise<void> => {
  await tables.replicate(run);
  expect(await here.keepHouse(await tables.rows(HERE, run))).toBe(0);
  expect(await peer.keepHouse(await tables.rows(PEER, run))).toBe(0);
  await tables.replicate(run);
};

const beatAll = async (...all: readonly Served[]): Promise<void> => {
  // Both have been there for long: a region that is new among others waits for a peer's word.
  for (const { region } of all) {
    const beat = { pk: 'REGIONS', sk: `BEAT#${region}`, v: 1, at: Date.now(), rev: 1 };
    await tables.write('data', [{ action: 'put', item: beat, guards: [{ is: 'absent' }] }]);
  }
  for (const served of all) await served.beat();
};

/** What a release tells of all that was made, as far as every release tells it. */
const readAll = async (served: Served, token: string, { orders, sku }: Made): Promise<unknown> => {
  const paths = [...Object.values(orders).map((id) => `/orders/${id}`), '/orders', '/orders?limit=2', `/stock/${sku}`];
  const told = [];
  for (const path of paths) told.push(await served.ask('GET', path, { token }));
  const open = [];
  for (const path of ['/health', '/regions', `/switch/${PEER}`, '/openapi.json']) open.push(await served.ask('GET', path, { token: null }));
  expect([...told, ...open].map(({ status }) => status)).toEqual([...told, ...open].map(() => 200));
  return told.map(({ body }) => plain(body));
};

const repeat = async (served: Served, token: string, { sent, orders }: Made) => {
  const repeated = [];
  for (const { told, path, body, key: name } of sent) {
    // A cancelled order is not placed again, and says so.
    const cancelled = path === '/orders' && [orders.cancelled, orders.cancelling].includes(String(told.body['id']));
    if (!cancelled) repeated.push({ told, again: await served.ask('POST', path, { body, key: name, token }) });
  }
  return repeated;
};

const change = async (served: Served, token: string, { orders, sku }: Made): Promise<readonly Told[]> => {
  const lines = [{ sku, quantity: 3 }];
  const requests = [
    [`/orders/${orders.placed}/payments`, { amount: 50 }],
    [`/orders/${orders.placed}/shipments`, { carrier: 'post' }],
    [`/orders/${orders.elsewhere}/shipments`, {}],
    [`/orders/${orders.cancelled}/payments`, { amount: 50 }],
    [`/orders/${orders.elsewhere}/cancellations`, {}],
    [`/stock/${sku}/regions/${PEER}/receipts`, { quantity: 5 }],
    ['/orders', { lines }],
    ['/orders', { lines: [{ sku, quantity: 500 }] }],
  ] as const;
  const told = [];
  for (const [path, body] of requests) told.push(await served.ask('POST', path, { body, token }));
  return told;
};

/** Each answer's token counts wherever what it names is, once the secret that signed it has arrived, and for its subject alone. */
const expectTokens = async (told: readonly Told[], token: string, all: readonly Served[]): Promise<void> => {
  const tokens = told.flatMap(({ headers }) => headers[HEADERS.token] ?? []);
  expect(tokens.length).toBeGreaterThan(3);
  for (const served of all) {
    for (const each of tokens) {
      const headers = { [HEADERS.token]: each };
      await untilPasses(async () => {
        const { status, headers: answered } = await served.ask('GET', '/orders', { token, headers });
        expect([status, answered[HEADERS.stale]]).toEqual([200, undefined]);
      });
      expect((await served.ask('GET', '/orders', { token: key.token({ sub: 'stranger' }), headers })).status).toBe(400);
    }
  }
};

/** Its one writer changes it; everything else is a fact. */
const isRow = (sk: string): boolean => /^(HELD|WISH|BEAT|SEEN|MOOD)#/.test(sk);

const atLeast = (item: Item, attribute: string): object => {
  const before = item[attribute];
  return typeof before === 'number' ? { [attribute]: expect.toSatisfy((now) => now >= before, `at least ${before}`) } : {};
};

/** What every release tells, without the next one's additions. */
const plain = (body: unknown): unknown => JSON.parse(JSON.stringify(body), (name, value) => (name.startsWith('later') ? undefined : value));
