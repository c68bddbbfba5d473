import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { shipOrder } from '../../functions/core/order-events.ts';
import { foldOrder, holdsStock, isOpen } from '../../functions/core/order-fold.ts';
import { orderAnswer } from '../../functions/core/orders.ts';
import { planRebuild } from '../../functions/core/rebuild.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { foldStock } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { World } from '../core/world.ts';
import { previousTag, Workshop } from './releases.ts';
import { present, type Rules } from './rules.ts';
import { hasNoWorkWithTheUnknown, ignoresTheUnknown, NEW_READERS, neverThrows, READERS } from './tolerance.ts';

const RUNS = 500;

const readers = Object.entries(READERS);
const all = [...readers, ...Object.entries(NEW_READERS)];

describe('this release', () => {
  it.each(all)('reads an item set alike with attributes, versions and facts of a later release: %s', (_name, reader) =>
    fc.assert(ignoresTheUnknown(present, reader), { numRuns: RUNS }),
  );

  it.each(all)('reads known items without an error, whatever stands in them: %s', (_name, reader) =>
    fc.assert(neverThrows(present, reader), { numRuns: RUNS }),
  );

  it('has no housekeeping to do for facts of a later release', () => fc.assert(hasNoWorkWithTheUnknown(present), { numRuns: RUNS }));
});

const workshop = new Workshop();
afterAll(() => workshop[Symbol.dispose]());
const tag = previousTag();
const before = tag === undefined ? [] : [await workshop.build(tag)];

describe.each(before)('$name', ({ rules }) => {
  it.each(readers)('reads in what this release writes what this one reads, as far as it goes: %s', (_name, { items, read }) => {
    const agree = fc.property(items, (given) => {
      expect({ read: read(present, given) }).toMatchObject({ read: read(rules, given) });
    });
    fc.assert(agree, { numRuns: RUNS });
  });
});

describe('an END of a kind that only a later release knows', () => {
  const content = { subject: 'ann', lines: [{ sku: 'tea', quantity: 2 }], body: 'b', placedAt: 1 };
  const placed: Item = { pk: 'ORDER#o', sk: 'PLACED#a', v: 1, ...content };
  const returned: Item = { pk: 'ORDER#o', sk: 'END#a#a', v: 2, ...content, kind: 'returned', at: 2 };
  const wish: Item = { pk: 'ORDER#o', sk: 'E#cancel#h#b', v: 1, at: 3 };

  it('ends the reservation, is no shipment, and keeps its units out of the stock', () => {
    const order = foldOrder([placed, returned]);
    expect([order?.state, order?.keeper.ends.map(({ kind }) => kind)]).toEqual(['placed', ['unknown']]);
    expect(order && [isOpen(order.keeper), holdsStock(order.keeper)]).toEqual([false, true]);
    expect(order && orderAnswer('o', order).shipments).toEqual([]);
    expect(planRebuild({ region: 'a', incarnation: 2 }, [[placed, returned]], 1).openOrders).toEqual([]);
  });

  it('is final: the region built anew under another name ends it no second time, and ships nothing', async () => {
    // given the region that wrote it, lost and rebuilt
    const successor = { ...new World().at('a'), writer: 'a.2' };
    for (const item of [placed, returned]) successor.store.place(item);
    // when somebody wants to ship the order, and then to cancel it
    const shipped = await shipOrder(successor, { subject: 'store', id: 'o', key: 'ship-key-1' });
    successor.store.place(wish);
    const { ended } = await reconcileOrder(successor, 'o');
    // then nothing leaves, and nothing is given back
    expect([shipped.kind, ended]).toEqual(['refused', 0]);
    expect(successor.store.items()).toEqual([placed, returned, wish]);
  });
});

describe('the properties catch a release that', () => {
  const { order, stock, 'order as it is answered': answered } = READERS;
  const planted = {
    'stops at a fact that it does not know': () =>
      fails(ignoresTheUnknown({ ...present, foldOrder: (items) => foldOrder(items.map(onlyKnown)) }, order)),
    'stops at an item of a later version': () =>
      fails(ignoresTheUnknown({ ...present, foldOrder: (items) => foldOrder(items.map(onlyFirst)) }, order)),
    'takes a row for another that is called alike': () =>
      fails(ignoresTheUnknown({ ...present, foldStock: (items) => foldStock(items.map(alike)) }, stock)),
    'trusts a time that it reads': () => fails(neverThrows({ ...present, orderAnswer: trusting }, answered)),
    'works on whatever is new': () => fails(hasNoWorkWithTheUnknown({ ...present, mayNeedReconciling: () => true })),
  };

  it.each(Object.entries(planted))('%s', (_what, caught) => expect(caught()).toBe(true));
});

const fails = <T>(property: fc.IProperty<T>): boolean => fc.check(property, { numRuns: RUNS }).failed;

const onlyKnown = (item: Item): Item => {
  if (!/^(PLACED|END|E#paid|E#cancel)#/.test(item.sk)) throw new Error(`what is ${item.sk}?`);
  return item;
};

const onlyFirst = (item: Item): Item => {
  if (item.v > 1) throw new Error(`what is version ${item.v}?`);
  return item;
};

const alike = (item: Item): Item => ({ ...item, sk: item.sk.replace(/^HELD[^#]+#/, 'HELD#') });

const trusting: Rules['orderAnswer'] = (id, order) => ({
  ...orderAnswer(id, order),
  placedAt: new Date(order.keeper.placedAtMs).toISOString(),
});
