/** Which changes of a table invoke housekeeping, by the filter that Lambda is given, over what requests really leave. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { taskOf } from '../../functions/core/housekeeping.ts';
import type { Item } from '../../functions/core/store.ts';
import { filterCriteria, passes } from '../../local/streams/filter.ts';
import { EVERY_WRITE, openWorld, sendWrite } from '../functions/every-write.ts';
import { only } from './lookup.ts';
import { configOf, dig, REGIONS, synthesize } from './system.ts';

const system = synthesize(configOf(2));
afterAll(() => system.remove());
const { Properties } = only(system.stack(STACKS.cell(REGIONS[0])), 'AWS::Lambda::EventSourceMapping');
const patterns = filterCriteria.parse(dig(Properties, 'FilterCriteria')).Filters.map(({ Pattern }) => Pattern);
const invokes = (eventName: string, { pk, sk }: Pick<Item, 'pk' | 'sk'>): boolean =>
  passes(patterns, { eventName, dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } });
const asksForWork = (item: Item): boolean => REGIONS.some((region) => taskOf(item, undefined, region) !== undefined);

describe("the filter of housekeeping's mapping", () => {
  let items: readonly Item[] = [];
  beforeAll(async () => {
    const { world, data } = await openWorld();
    for (const write of EVERY_WRITE) await sendWrite(world, write, await write.prepare(world));
    // Booked by the region that it names.
    await world.post(`/stock/tea/regions/${REGIONS[1]}/receipts`, { quantity: 3 });
    await world.get('/health');
    items = data.items();
  });

  test('lets through what asks for work, by whatever order and sku, and nothing of a deletion', () => {
    const asking = items.filter(asksForWork);
    expect(new Set(asking.map(({ pk }) => pk.split('#')[0]))).toEqual(new Set(['ORDER', 'STOCK']));
    for (const item of asking)
      expect([invokes('INSERT', item), invokes('MODIFY', item), invokes('REMOVE', item)]).toEqual([true, true, false]);
    const prefixes = fc.constantFrom('ORDER#', 'STOCK#', 'RECORD#', 'REGIONS', 'order#', 'XORDER#', '');
    fc.assert(
      fc.property(fc.constantFrom(...items), prefixes, fc.string(), (item, prefix, rest) => {
        const moved = { ...item, pk: `${prefix}${rest}` };
        if (asksForWork(moved)) expect(invokes('INSERT', moved)).toBe(true);
      }),
    );
  });

  test('invokes nothing for an edit of a record, a heartbeat or a secret', () => {
    const others = items.filter(({ pk }) => pk.startsWith('RECORD#') || pk === 'REGIONS');
    expect(new Set(others.map(({ pk, sk }) => `${pk.split('#')[0]} ${sk.split('#')[0]}`))).toEqual(
      new Set(['RECORD HEAD', 'RECORD V', 'REGIONS BEAT', 'REGIONS SECRET']),
    );
    for (const item of others) expect([invokes('INSERT', item), invokes('MODIFY', item)]).toEqual([false, false]);
  });
});
