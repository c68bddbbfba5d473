import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import type { Item, Key, Store } from '../../functions/core/store.ts';
import { tokenOf } from '../../functions/core/token.ts';
import { type Answered, ApiWorld, SECRET, type Sent } from './api-world.ts';
import { carrying, keysIn, order, PEER, receive, start, tokenIn } from './tokens.ts';

describe('a list', () => {
  it('shows 20 where its caller does not say how many, and where to go on', async () => {
    const world = await start();
    await receive(world, 'tea');
    for (let n = 0; n < 21; n += 1) await order(world);
    const first = await world.get('/orders');
    expect([idsIn(first).length, typeof first.body['cursor']]).toEqual([20, 'string']);
  });
});

describe('a list with a token', () => {
  it('is stale in a region that has not heard of the new order, and shows it as soon as it has', async () => {
    const here = await start();
    const placed = await order(here);
    const data = new LateIndex();
    const there = new ApiWorld({ region: PEER, data });
    await there.control.transact([{ action: 'put', item: here.key.item }]);
    const sent = { token: here.key.token(), ...carrying(tokenIn(placed)) };
    const before = await there.get('/orders', sent);
    for (const key of keysIn(placed) ?? []) data.place((await here.data.get(key)) ?? { ...key, v: 1 });
    data.lacks = new Set([`ORDER#${placed.body['id']}`]);
    const after = await there.get('/orders', sent);
    expect([before, after].map((answer) => [answer.headers['tandem-stale'], idsIn(answer)])).toEqual([
      ['true', []],
      [undefined, [placed.body['id']]],
    ]);
  });

  it('shows what its index does not show yet, in its place, on whichever page that is', async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed: Answered[] = [];
    for (let n = 0; n < 5; n += 1) placed.unshift(await order(world));
    const ids = placed.map(({ body }) => body['id']);
    const sent = carrying(...placed.map(tokenIn));
    // Every set of orders that the index may lack.
    for (let lacking = 0; lacking < 2 ** ids.length; lacking += 1) {
      data.lacks = new Set(ids.flatMap((id, index) => (lacking & (1 << index) ? [`ORDER#${id}`] : [])));
      for (const limit of [2, 5, 20]) {
        const pages = await pagesOf(world, limit, sent);
        expect(pages.flat(), `lacking ${lacking}, limit ${limit}`).toEqual(ids);
        expect(pages.map(({ length }) => length)).toEqual(limit === 2 ? [2, 2, 1] : [5]);
      }
    }
    expect(idsIn(await world.get('/orders'))).toEqual([]);
  });

  it("shows nobody else's order, and nothing that is no order", async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed = await order(world);
    data.lacks = new Set([`ORDER#${placed.body['id']}`]);
    const received = await receive(world, 'tea');
    // Who ships for others may be told of their orders.
    const token = world.key.token({ sub: 'clerk' });
    const shipped = tokenOf(keysIn(placed) ?? [], 'clerk', SECRET) ?? '';
    const clerks = await world.get('/orders', { token, ...carrying(shipped) });
    expect([clerks.status, idsIn(clerks)]).toEqual([200, []]);
    expect(idsIn(await world.get('/orders', carrying(tokenIn(received))))).toEqual([]);
    expect(idsIn(await world.get('/orders', carrying(tokenIn(received), tokenIn(placed))))).toEqual([placed.body['id']]);
  });

  it('reads nothing twice that its index shows', async () => {
    const data = new LateIndex();
    const world = await start({ data });
    const placed = await order(world);
    data.reads = 0;
    await world.get('/orders', carrying(tokenIn(placed)));
    expect(data.reads).toBe(1);
  });
});

/** An index that is behind its table, as any of DynamoDB's may be. */
class LateIndex extends MemoryStore {
  /** Partitions that it does not show. */
  lacks: ReadonlySet<string> = new Set();
  /** Of single items. */
  reads = 0;

  override async get(key: Key): Promise<Item | undefined> {
    this.reads += 1;
    return super.get(key);
  }

  override async listByOwner(...[owner, { limit, ...page }]: Parameters<Store['listByOwner']>): ReturnType<Store['listByOwner']> {
    const all = await super.listByOwner(owner, { ...page, limit: 1_000 });
    const shown = all.items.filter(({ pk }) => !this.lacks.has(pk));
    return { items: shown.slice(0, limit), more: shown.length > limit };
  }
}

const idsIn = ({ body }: Answered) => [body['orders']].flat().map((row) => Reflect.get(Object(row), 'id'));

const pagesOf = async (world: ApiWorld, limit: number, sent: Sent) => {
  const pages: unknown[][] = [];
  let cursor = '';
  for (let page = 0; page < 10; page += 1) {
    const answer = await world.get(`/orders?limit=${limit}${cursor}`, sent);
    pages.push(idsIn(answer));
    if (answer.body['cursor'] === undefined) break;
    cursor = `&cursor=${String(answer.body['cursor'])}`;
  }
  return pages;
};
