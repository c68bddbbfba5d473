import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberOf } from '../../functions/core/item.ts';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { planRebuild } from '../../functions/core/rebuild.ts';
import { editRecord } from '../../functions/core/records.ts';
import type { Item } from '../../functions/core/store.ts';
import { type Cut, type Findings, Validation } from '../../functions/core/validate.ts';
import { regionOf } from '../../functions/core/writer.ts';
import { order, type Place, receive, valueOf, World } from './world.ts';

const HOUR_MS = 3_600_000;

describe('a replica that was restored', () => {
  test('is found right after any history of its region, whatever of the others has arrived', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(ACTION, fc.boolean(), fc.nat()), { maxLength: 40 }), async (actions) => {
        const world = new World();
        for (const [action, inA, chance] of actions) {
          world.nowMs += 1_000;
          await act(world, world.at(inA ? 'a' : 'b'), action, chance);
        }
        for (const place of world.places)
          expect(findingsOf(place.store.items(), quiet(world, place))).toMatchObject({ ok: true, off: 0, problems: [] });
      }),
      { numRuns: 150 },
    );
  });

  test('is found right after it was rebuilt, also when sales are known whose stock is not', async () => {
    const world = new World();
    await receive(world.at('a'), 'receipt-1', 20);
    await order(world.at('a'), 'key-1', 4);
    const survivor = world.at('b');
    // The order had replicated, what was received had not.
    for (const item of world.at('a').store.items()) if (item.sk.startsWith('PLACED')) survivor.store.place(item);
    const plan = planRebuild({ region: 'a', incarnation: 2 }, [survivor.store.items()], world.nowMs);
    const items = [...survivor.store.items(), ...plan.items];
    expect(plan.negative).toEqual(['tea']);

    expect(findingsOf(items, { ...quiet(world, world.at('a')), writer: 'a.2' })).toMatchObject({ ok: true, off: 0, problems: [] });
  });

  describe('tells of a count of edits that is false', () => {
    /** Two edits that did not hear of each other, and one of a that was made from both. */
    const forked = async () => {
      const world = new World();
      const [a, b] = [world.at('a'), world.at('b')];
      const put = (place: Place, parents: readonly string[], value: string) =>
        editRecord(place, { subject: 'ann', id: 'note', parents, value, key: `key-${value}` });
      const [first, second] = [await put(a, [], '1'), await put(b, [], '2')].map((each) => valueOf(each).version);
      for (const item of b.store.items()) a.store.place(item);
      const named = (vid: string | undefined): Item => {
        const item = a.store.items().find(({ sk }) => sk.startsWith(`V#${vid}#`));
        if (!item) throw new Error('no such edit');
        return item;
      };
      return { world, a, first: named(first), second: named(second) };
    };

    test('one that hides an edit from every reader', async () => {
      const { world, a, first } = await forked();
      expect(findingsOf(a.store.items(), quiet(world, a))).toMatchObject({ ok: true });
      a.store.place({ ...first, seen: { b: 1 } });
      const { ok, problems } = findingsOf(a.store.items(), quiet(world, a));
      expect([ok, problems]).toEqual([false, [expect.stringContaining('says it superseded V#')]]);
    });

    test('one that hides edits which are still to come', async () => {
      const { world, a, second } = await forked();
      a.store.place({ ...second, seen: { a: 7 } });
      const { ok, problems } = findingsOf(
        a.store.items().filter(({ sk }) => !sk.startsWith('V#') || sk === second.sk),
        quiet(world, a),
      );
      expect([ok, problems]).toEqual([false, expect.arrayContaining([expect.stringContaining('superseded edit 7 of a, which made 1')])]);
    });

    test.each([0, -1, 'x', null, 2 ** 53, 9_000, [1]])('%j', async (count) => {
      const { world, a, first } = await forked();
      for (const damaged of [{ n: count }, { seen: { b: count } }, { seen: count }]) {
        const items = a.store.items().map((item) => (item.sk === first.sk ? { ...item, ...damaged } : item));
        expect(findingsOf(items, quiet(world, a)).broken).toBeGreaterThan(0);
      }
    });
  });

  test('is not judged by rows of other regions that are still on their way, but they are counted', async () => {
    const { world, items } = await busyWorld();
    const withoutBookingsOfB = items.filter((item) => !(item.sk.startsWith('BOOKED') && item.sk.endsWith('#b')));

    expect(findingsOf(withoutBookingsOfB, quiet(world, world.at('a')))).toMatchObject({ ok: true, unsettled: 1 });
  });

  test('may lack some of what was written just before the cut', async () => {
    const { world, items } = await busyWorld();
    const [newest] = items
      .filter((item) => item.sk === 'PLACED#a')
      .sort((a, b) => (numberOf(b, 'placedAt') ?? 0) - (numberOf(a, 'placedAt') ?? 0));
    const cut = (afterMs: number): Cut => ({ region: 'a', writer: 'a', atMs: world.nowMs + afterMs });

    const torn = items.filter((item) => item !== newest);

    expect(findingsOf(torn, cut(60_000))).toMatchObject({ ok: true, off: 1, allowed: 1 });
    expect(findingsOf(torn, cut(HOUR_MS))).toMatchObject({ ok: false, off: 1, allowed: 0 });
  });

  test('is not held against sums over orders when not all of it was read', async () => {
    const { world, items } = await busyWorld();
    const some = items.filter((item) => !item.pk.startsWith('ORDER#'));

    expect(findingsOf(some, quiet(world, world.at('a')), false)).toMatchObject({ ok: true });
    expect(findingsOf(some, quiet(world, world.at('a')))).toMatchObject({ ok: false });
  });

  test('is not judged by what canaries leave, which expires in parts', async () => {
    const world = new World();
    const a = world.at('a');
    await order(a, 'key-1', 1, 'canary.a', 'canary:a');
    const expiring: Item = {
      pk: 'ORDER#x',
      sk: 'END#a#a',
      v: 1,
      expires: 1,
      kind: 'shipped',
      subject: 'canary:a',
      lines: [],
      body: '',
      placedAt: 1,
    };

    const damaged = findingsOf([{ ...expiring, lines: [{ sku: 'canary.a', quantity: 1 }] }], quiet(world, a));
    const gone = findingsOf([{ pk: 'STOCK#canary.a', sk: 'HELD#a', v: 1, available: 3, sold: 9 }], quiet(world, a));

    expect(gone).toMatchObject({ ok: true, sums: 0 });
    // Its items are read all the same.
    expect(damaged).toMatchObject({ broken: 1 });
  });

  test('of a later release is read as far as every release promises', () => {
    const later: Item = { pk: 'ORDER#x', sk: 'PLACED#a', v: 2, parcels: [] };

    expect(findingsOf([later, { ...later, sk: 'REFUNDED#a' }], undefined)).toMatchObject({
      broken: 1,
      problems: ['ORDER#x has an acceptance and makes no order'],
    });
  });
});

describe('damage is found', () => {
  test.each<[string, (item: Item) => boolean, ((item: Item) => Item) | undefined]>([
    ['an order with another quantity', ofType('PLACED#a'), (item) => ({ ...item, lines: [{ sku: 'tea', quantity: 9 }] })],
    ['an order of another region with another quantity', ofType('PLACED#b'), (item) => ({ ...item, lines: [{ sku: 'tea', quantity: 9 }] })],
    ['an order without lines', ofType('PLACED#a'), (item) => ({ ...item, lines: null })],
    ['an open order that is gone', (item) => item.sk === 'PLACED#a' && isLate(item), undefined],
    ['an order of which the end alone is there', (item) => item.sk === 'PLACED#a' && !isLate(item), undefined],
    ['an end with another note', ofType('END#'), (item) => ({ ...item, note: 'leave it at the door' })],
    ['a row that says more was sold', ofType('HELD#a'), (item) => ({ ...item, sold: 11, available: 0 })],
    ['a row that says less is there', ofType('HELD#a'), (item) => ({ ...item, available: 0 })],
    ['a row that sold more than there was', ofType('HELD#b'), (item) => ({ ...item, available: -1 })],
    ['a row with half a unit', ofType('HELD#b'), (item) => ({ ...item, available: 0.5 })],
    ['a row that is gone', ofType('HELD#a'), undefined],
    [
      'a row that lost what it was granted',
      ofType('HELD#a'),
      ({ granted_b: _, ...item }) => ({ ...item, v: item.v, pk: item.pk, sk: item.sk }),
    ],
    ['a booking that is gone', ofType('BOOKED#', '#a'), undefined],
    ['a booking of nothing', ofType('BOOKED#'), ({ quantity: _, ...item }) => ({ ...item, v: item.v, pk: item.pk, sk: item.sk })],
    ['a version with another value', ofType('V#', '#a'), (item) => ({ ...item, value: '"forged"' })],
    ['a version of another region with another value', ofType('V#', '#b'), (item) => ({ ...item, value: '"forged"' })],
    ['a version that is gone', ofType('V#', '#a'), undefined],
    ['a version of another region that is gone, and from which an edit was made here', ofType('V#', '#b'), undefined],
    ['an edit that was not counted', ofType('HEAD#a'), undefined],
    ['an item without a schema version', ofType('WISH#'), (item) => ({ ...item, v: 0 })],
    ['a wish for no number of units', ofType('WISH#'), (item) => ({ ...item, sk: 'WISH#176000000#many#b' })],
    [
      'a wish that the table would never forget',
      ofType('WISH#'),
      ({ expires: _, ...item }) => ({ ...item, v: 1, pk: item.pk, sk: item.sk }),
    ],
    ['an item that nobody wrote', ofType('E#paid'), (item) => ({ ...item, sk: 'E#paid#hash#' })],
  ])('in %s', async (_, picks, damaged) => {
    const { world, items } = await busyWorld();
    const picked = items.find(picks);
    if (!picked) throw new Error('the world has no such item');

    const after = items.flatMap((item) => (item === picked ? (damaged ? [damaged(item)] : []) : [item]));

    expect(findingsOf(items, quiet(world, world.at('a')))).toMatchObject({ ok: true, off: 0 });
    expect(findingsOf(after, quiet(world, world.at('a')))).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.any(String)]),
    });
  });

  test('and counted, when there is more of it than is told', async () => {
    const items = Array.from({ length: 50 }, (_, index): Item => ({ pk: `ORDER#${index}`, sk: 'PLACED#a', v: 0 }));

    const { broken, problems } = findingsOf(items, undefined);

    expect([broken, problems.length]).toEqual([100, 10]);
  });
});

const ACTION = fc.constantFrom('receive', 'order', 'ship', 'cancel', 'pay', 'edit', 'arrive', 'settle');

async function act(world: World, place: Place, action: string, chance: number): Promise<void> {
  const orders = place.store.items().filter((item) => item.sk.startsWith('PLACED#'));
  const id = orders[chance % Math.max(1, orders.length)]?.pk.slice('ORDER#'.length) ?? 'none';
  switch (action) {
    case 'receive':
      await receive(place, `receipt-${chance}`, (chance % 9) + 1, chance % 2 === 0 ? 'a' : 'b');
      return;
    case 'order':
      await order(place, `key-${chance % 12}`, (chance % 3) + 1);
      return;
    case 'ship':
      await shipOrder(place, { subject: 'store', id, key: `ship-${chance}` });
      return;
    case 'cancel':
      await cancelOrder(place, { subject: 'ann', id });
      return;
    case 'pay':
      await payOrder(place, { subject: 'ann', id, key: `pay-${chance}`, amount: 5 });
      return;
    case 'edit':
      await edit(place, chance);
      return;
    case 'arrive':
      arrive(world, place, chance);
      return;
    case 'settle':
      await world.settle();
  }
}

/** Some of what the other region wrote, in no order. */
function arrive(world: World, place: Place, chance: number): void {
  const [other] = world.places.filter((each) => each !== place);
  const items = (other?.store.items() ?? []).filter((item) => regionOf(item.sk.split('#').at(-1) ?? '') === other?.region);
  for (const [index, item] of items.entries()) if ((index * 7 + chance) % 3 === 0) place.store.place(item);
}

async function edit(place: Place, chance: number): Promise<string | undefined> {
  const versions = place.store.items().filter((item) => item.sk.startsWith('V#'));
  const parents = versions.flatMap(({ parents: from }) => (Array.isArray(from) ? from : []));
  const heads = versions.map(({ sk }) => sk.split('#')[1] ?? '').filter((vid) => !parents.includes(vid));
  const given = { subject: 'ann', id: 'profile', parents: [...new Set(heads)], value: JSON.stringify(chance), key: `k${chance}` };
  const outcome = await editRecord(place, given);
  return outcome.kind === 'done' ? outcome.value.version : undefined;
}

/** One of everything, in both regions, seen from a when all has arrived and nothing was written for an hour. */
async function busyWorld(): Promise<{ readonly world: World; readonly items: readonly Item[] }> {
  const world = new World();
  const [a, b] = [world.at('a'), world.at('b')];
  await receive(a, 'receipt-1', 20);
  await receive(b, 'receipt-2', 2);
  await world.settle();
  const { id } = valueOf(await order(a, 'key-1', 4));
  await shipOrder(a, { subject: 'store', id, key: 'ship-1' });
  await payOrder(a, { subject: 'ann', id, key: 'pay-1', amount: 5 });
  await order(b, 'key-2', 1);
  await order(b, 'key-3', 5);
  await edit(a, 1);
  await world.settle();
  await edit(b, 2);
  await world.settle();
  await edit(a, 3);
  world.nowMs += HOUR_MS;
  await order(a, 'key-4', 2);
  await order(a, 'key-5', 1);
  await world.settle();
  return { world, items: a.store.items() };
}

/** An hour after the last write. */
function quiet(world: World, { region, writer }: Place): Cut {
  return { region, writer, atMs: world.nowMs + HOUR_MS };
}

function isLate(item: Item): boolean {
  return (numberOf(item, 'placedAt') ?? 0) > new World().nowMs;
}

function findingsOf(items: readonly Item[], cut: Cut | undefined, whole = true): Findings {
  const validation = new Validation(cut);
  for (const partition of Map.groupBy(items, ({ pk }) => pk).values()) validation.add(partition);
  return validation.findings(whole);
}

function ofType(start: string, end = ''): (item: Item) => boolean {
  return ({ sk }) => sk.startsWith(start) && sk.endsWith(end);
}
