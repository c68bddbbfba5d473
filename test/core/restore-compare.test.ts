import { describe, expect, it } from 'vitest';
import { keyItem } from '../../functions/core/keys.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { editRecord } from '../../functions/core/records.ts';
import { compare } from '../../functions/core/restore-compare.ts';
import type { Item } from '../../functions/core/store.ts';
import { canarySku, canarySubject } from '../../functions/core/synthetic.ts';
import { change, remove, repaired } from './restore-world.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

describe('a table and its restored past', () => {
  it('differ in facts that are gone, read otherwise, or are newer; by resource, and rows that move on count apart', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 20);
    const [gone, bad] = [valueOf(await order(a, 'key-1')), valueOf(await order(a, 'key-2'))];
    await editRecord(a, { subject: 'ann', id: 'address', key: 'e1', parents: [], value: '"here"' });
    const past = a.store.items();
    await order(a, 'key-3');
    remove(world, `ORDER#${gone.id}`, 'PLACED#a');
    change(world, `ORDER#${bad.id}`, 'PLACED#a', { lines: [] });
    expect(summary(past, a)).toEqual([
      { resource: 'orders', missing: 1, changed: 1, extra: 1, moved: 0 },
      { resource: 'stock', missing: 0, changed: 0, extra: 0, moved: 1 },
      { resource: 'records', missing: 0, changed: 0, extra: 0, moved: 0 },
    ]);
  });

  it('leaves out what canaries did, and everything that is no resource of users', async () => {
    const world = new World();
    const a = world.at('a');
    await receive(a, 'receipt-1', 5);
    const sku = canarySku('a');
    await place(world, canarySubject('a'), sku);
    world.replicate();
    const beat = { pk: 'REGIONS', sk: 'BEAT#a', v: 1, at: 1 };
    const key = keyItem(KEY, { by: 'a', atMs: 1 });
    const past = [...a.store.items(), beat, key, { ...beat, pk: 'DEPLOYMENTS' }];
    for (const item of a.store.items()) if (item.pk.startsWith('ORDER#')) remove(world, item.pk, item.sk);
    expect(compare(past, a.store.items()).flatMap(({ missing, changed }) => [...missing, ...changed])).toEqual([]);
    expect(await repaired(world, past)).toMatchObject({ facts: { orders: 0, stock: 0, records: 0 }, spread: 0, rows: [], left: [] });
    expect(a.store.peek(beat)).toBeUndefined();
    expect(a.store.peek(key)).toBeUndefined();
  });
});

const KEY = {
  kid: 'k',
  publicJwk: '{}',
  algorithm: 'ES256',
  issuer: 'i',
  audience: 'a',
  scopes: [],
  subjects: ['*'],
  expiresAtMs: 1,
} as const;

const summary = (past: readonly Item[], { store }: Place) =>
  compare(past, store.items()).map(({ resource, missing, changed, extra, moved }) => ({
    resource,
    missing: missing.length,
    changed: changed.length,
    extra: extra.length,
    moved: moved.length,
  }));

const place = async (world: World, subject: string, ofSku: string): Promise<void> => {
  const at = world.at('a');
  at.store.place({ pk: `STOCK#${ofSku}`, sk: 'HELD#a', v: 1, rev: 1, available: 5, sold: 0 });
  valueOf(await placeOrder(at, { subject, key: 'canary', request: { lines: [{ sku: ofSku, quantity: 1 }] } }));
};
