/** What every store must do. Each test works on keys of its own, so that they may share a table. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Committed, type Item, type Key, type Store, Unstorable, type Write } from '../../functions/core/store.ts';

export const storeContract = (name: string, store: () => Store): void => {
  describe(`${name}, reading and writing items`, () => {
    it('gives back every kind of value as it was put', async () => {
      const item = fact(partition(), 'A#w', {
        text: 'ü "x" \\',
        empty: '',
        number: -(2 ** 53 - 1),
        zero: 0,
        flag: false,
        nothing: null,
        list: [1, 'a', [true, null]],
        map: { a: { b: [] }, c: '' },
      });
      expect(await store().transact([put(item)])).toEqual({ ok: true });
      expect(await store().get(item)).toEqual(item);
    });

    it('knows no item that was not put, and keeps keys apart', async () => {
      const pk = partition();
      await store().transact([put(fact(pk, 'A#w'))]);
      expect(await store().get({ pk, sk: 'A#v' })).toBeUndefined();
      expect(await store().get({ pk: partition(), sk: 'A#w' })).toBeUndefined();
    });

    it('replaces the whole item on a second put, and leaves out what is undefined', async () => {
      const pk = partition();
      await store().transact([put(fact(pk, 'A#w', { a: 1, b: 2 }))]);
      await store().transact([put({ ...fact(pk, 'A#w', { a: 3 }), b: undefined })]);
      expect(await store().get({ pk, sk: 'A#w' })).toEqual(fact(pk, 'A#w', { a: 3 }));
    });

    it('says that text without a UTF-8 form cannot be kept or asked for, and is no trouble of its own', async () => {
      const pk = partition();
      const half = 'a\ud800';
      const tried: readonly (() => Promise<unknown>)[] = [
        () => store().transact([put(fact(pk, 'A#w', { text: half }))]),
        () => store().transact([put(fact(pk, 'A#w', { list: [{ deep: half }] })), put(fact(pk, 'B#w'))]),
        () => store().transact([put(fact(pk, half))]),
        () => store().transact([{ action: 'update', key: { pk, sk: 'A#w' }, set: { text: half } }]),
        () => store().transact([{ action: 'check', key: { pk: half, sk: 'A#w' }, guards: [{ is: 'absent' }] }]),
        () => store().get({ pk, sk: half }),
        () => store().query(half),
        () => store().query(pk, half),
        () => store().listByOwner(half, { limit: 1 }),
        () => store().listByOwner(pk, { before: half, limit: 1 }),
      ];
      for (const attempt of tried) await expect(attempt()).rejects.toThrow(Unstorable);
      expect(await store().query(pk)).toEqual([]);
    });

    it('refuses a number that it would not give back', async () => {
      const pk = partition();
      for (const number of [0.5, 2 ** 53, -1e300, Number.NaN, Number.POSITIVE_INFINITY])
        for (const write of [
          put(fact(pk, 'A#w', { list: [number] })),
          { action: 'update', key: { pk, sk: 'A#w' }, set: { number } },
        ] as const)
          await expect(store().transact([write])).rejects.toThrow(TypeError);
      expect(await store().query(pk)).toEqual([]);
    });

    it('deletes, and takes the deletion of nothing for done', async () => {
      const item = fact(partition(), 'A#w');
      await store().transact([put(item)]);
      expect(await store().transact([{ action: 'delete', key: item }])).toEqual({ ok: true });
      expect(await store().get(item)).toBeUndefined();
      expect(await store().transact([{ action: 'delete', key: item }])).toEqual({ ok: true });
    });

    it('keeps attributes that are reserved words of a query language, or look like its syntax', async () => {
      const key = { pk: partition(), sk: 'A#w' };
      const write: Write = {
        action: 'update',
        key,
        set: { name: 'n', 'granted_eu-west-1': 1, 'a.b': 2, '#n0': 3, ':v0': 4 },
        add: { size: 5 },
      };
      expect(await store().transact([write])).toEqual({ ok: true });
      expect(await store().get(key)).toEqual({ ...key, v: 1, name: 'n', 'granted_eu-west-1': 1, 'a.b': 2, '#n0': 3, ':v0': 4, size: 5 });
    });
  });

  describe(`${name}, updates`, () => {
    it('creates the item with its key and version, counting from zero', async () => {
      const key = { pk: partition(), sk: 'A#w' };
      expect(await store().transact([{ action: 'update', key, add: { count: -2 }, set: { word: 'x' } }])).toEqual({ ok: true });
      expect(await store().get(key)).toEqual({ ...key, v: 1, count: -2, word: 'x' });
    });

    it('keeps the version and the attributes it does not name', async () => {
      const item = { ...fact(partition(), 'A#w', { count: 1, kept: ['x'] }), v: 7 };
      await store().transact([put(item)]);
      await store().transact([{ action: 'update', key: item, add: { count: 2 } }]);
      await store().transact([{ action: 'update', key: item, set: { word: 'y' } }]);
      expect(await store().get(item)).toEqual({ ...item, count: 3, word: 'y' });
    });

    it('refuses to add to what is no number, and changes nothing', async () => {
      const item = fact(partition(), 'A#w', { word: 'x' });
      await store().transact([put(item)]);
      const other: Write = put(fact(item.pk, 'B#w'));
      for (const writes of [[], [other]])
        await expect(store().transact([...writes, { action: 'update', key: item, add: { word: 1 } }])).rejects.toMatchObject({
          name: 'Damaged',
          key: { pk: item.pk, sk: item.sk },
        });
      expect(await store().query(item.pk)).toEqual([item]);
    });

    it('says nothing of damage where a guard fails first', async () => {
      const item = fact(partition(), 'A#w', { word: 'x' });
      await store().transact([put(item)]);
      const guarded: Write = { action: 'update', key: item, add: { word: 1 }, guards: [{ is: 'atLeast', attribute: 'word', value: 1 }] };
      expect(await store().transact([guarded])).toEqual({ ok: false, failed: 0, item });
    });
  });

  describe(`${name}, guards`, () => {
    const present = { count: 5, word: 'x', flag: true, list: [1, { a: null }], map: { a: 1, b: ['x'] }, nothing: null };
    const cases: readonly (readonly [what: string, guard: NonNullable<Write['guards']>[number], onItem: boolean, onNothing: boolean])[] = [
      ['absent', { is: 'absent' }, false, true],
      ['present', { is: 'present' }, true, false],
      ['missing, an attribute that is there', { is: 'missing', attribute: 'count' }, false, true],
      ['missing, one that is not', { is: 'missing', attribute: 'other' }, true, true],
      ['equals, a number', { is: 'equals', attribute: 'count', value: 5 }, true, false],
      ['equals, text of the same form', { is: 'equals', attribute: 'count', value: '5' }, false, false],
      ['equals, a flag', { is: 'equals', attribute: 'flag', value: true }, true, false],
      ['equals, a list', { is: 'equals', attribute: 'list', value: [1, { a: null }] }, true, false],
      ['equals, a list in another order', { is: 'equals', attribute: 'list', value: [{ a: null }, 1] }, false, false],
      ['equals, a map', { is: 'equals', attribute: 'map', value: { b: ['x'], a: 1 } }, true, false],
      ['equals, a map with one name less', { is: 'equals', attribute: 'map', value: { a: 1 } }, false, false],
      ['equals, null', { is: 'equals', attribute: 'nothing', value: null }, true, false],
      ['equals, null of an attribute that is not there', { is: 'equals', attribute: 'other', value: null }, false, false],
      ['equals, another value', { is: 'equals', attribute: 'word', value: 'y' }, false, false],
      ['atLeast, the same', { is: 'atLeast', attribute: 'count', value: 5 }, true, false],
      ['atLeast, one more', { is: 'atLeast', attribute: 'count', value: 6 }, false, false],
      ['atLeast, of text', { is: 'atLeast', attribute: 'word', value: 0 }, false, false],
      ['atLeast, of an attribute that is not there', { is: 'atLeast', attribute: 'other', value: 0 }, false, false],
    ];
    it.each(cases)('%s', async (_what, guard, onItem, onNothing) => {
      for (const [item, holds] of [
        [fact(partition(), 'A#w', present), onItem],
        [undefined, onNothing],
      ] as const) {
        const key = item ?? { pk: partition(), sk: 'A#w' };
        if (item) await store().transact([put(item)]);
        const expected: Committed = holds ? { ok: true } : { ok: false, failed: 0, item };
        // Each action meets the guard, alone and in company.
        const other: Write = put(fact(partition(), 'B#w'));
        const actions: readonly Write[] = [
          { action: 'check', key, guards: [guard] },
          { action: 'update', key, set: present, guards: [guard] },
          { action: 'put', item: fact(key.pk, key.sk, present), guards: [guard] },
          { action: 'delete', key, guards: [guard] },
        ];
        for (const write of actions) {
          expect([write.action, await store().transact([write])]).toEqual([write.action, expected]);
          await restore(store(), key, item);
          expect([write.action, await store().transact([write, other])]).toEqual([write.action, expected]);
          expect(await store().get(keyOf(other))).toEqual(holds ? itemOf(other) : undefined);
          await restore(store(), key, item);
          await store().transact([{ action: 'delete', key: keyOf(other) }]);
        }
      }
    });

    it('all hold or none counts', async () => {
      const item = fact(partition(), 'A#w', { count: 1 });
      await store().transact([put(item)]);
      const update = (value: number): Write => ({
        action: 'update',
        key: item,
        add: { count: 1 },
        guards: [{ is: 'present' }, { is: 'equals', attribute: 'count', value }],
      });
      expect(await store().transact([update(2)])).toEqual({ ok: false, failed: 0, item });
      expect(await store().transact([update(1)])).toEqual({ ok: true });
    });
  });

  describe(`${name}, transactions`, () => {
    it('apply all writes, or none and tell the first that failed with its item', async () => {
      const pk = partition();
      const stock = fact(pk, 'HELD#w', { available: 3 });
      await store().transact([put(stock)]);
      const take = (quantity: number): readonly Write[] => [
        { action: 'put', item: fact(pk, `PLACED#${quantity}`), guards: [{ is: 'absent' }] },
        {
          action: 'update',
          key: stock,
          add: { available: -quantity },
          guards: [{ is: 'atLeast', attribute: 'available', value: quantity }],
        },
        { action: 'check', key: { pk, sk: 'FENCE' }, guards: [{ is: 'absent' }] },
      ];
      expect(await store().transact(take(4))).toEqual({ ok: false, failed: 1, item: stock });
      expect(await store().query(pk)).toEqual([stock]);
      expect(await store().transact(take(2))).toEqual({ ok: true });
      expect(await store().get(stock)).toEqual({ ...stock, available: 1 });
      // Two guards fail; the first counts.
      expect(await store().transact(take(2))).toMatchObject({ ok: false, failed: 0, item: { sk: 'PLACED#2' } });
    });

    it('hold 100 writes and no more, and no key twice', async () => {
      const pk = partition();
      const writes = (count: number) => Array.from({ length: count }, (_, index) => put(fact(pk, `A#${String(index).padStart(3, '0')}`)));
      await expect(store().transact(writes(101))).rejects.toThrow(TypeError);
      await expect(store().transact([])).rejects.toThrow(TypeError);
      await expect(
        store().transact([put(fact(pk, 'X')), { action: 'check', key: { pk, sk: 'X' }, guards: [{ is: 'absent' }] }]),
      ).rejects.toThrow(TypeError);
      expect(await store().transact(writes(100))).toEqual({ ok: true });
      expect(await store().query(pk)).toHaveLength(100);
    });

    it('of two that race for the last unit, lets exactly one win', async () => {
      for (let round = 0; round < 5; round += 1) {
        const pk = partition();
        const stock = fact(pk, 'HELD#w', { available: 1 });
        await store().transact([put(stock)]);
        const take = (name: string) =>
          store().transact([
            put(fact(pk, `PLACED#${name}`), [{ is: 'absent' }]),
            { action: 'update', key: stock, add: { available: -1 }, guards: [{ is: 'atLeast', attribute: 'available', value: 1 }] },
          ]);
        const outcomes = await Promise.all([take('a'), take('b')]);
        expect(outcomes.filter((each) => each.ok)).toHaveLength(1);
        expect(outcomes.find((each) => !each.ok)).toEqual({ ok: false, failed: 1, item: { ...stock, available: 0 } });
        expect(await store().query(pk, 'PLACED#')).toHaveLength(1);
      }
    });

    it('lose no addition when many add to one item', async () => {
      const key = { pk: partition(), sk: 'A#w' };
      await Promise.all(Array.from({ length: 20 }, () => store().transact([{ action: 'update', key, add: { count: 1 } }])));
      expect(await store().get(key)).toMatchObject({ count: 20 });
    });

    it('of writers of one fact, let the first win and show it to the others', async () => {
      const pk = partition();
      const outcomes = await Promise.all([1, 2, 3].map((n) => store().transact([put(fact(pk, 'END#w', { n }), [{ is: 'absent' }])])));
      const [written] = await store().query(pk);
      expect(outcomes.filter((each) => each.ok)).toHaveLength(1);
      for (const outcome of outcomes) if (!outcome.ok) expect(outcome).toEqual({ ok: false, failed: 0, item: written });
    });
  });

  describe(`${name}, queries`, () => {
    it('give one partition in the order of its sort keys, byte by byte, and by prefix', async () => {
      const pk = partition();
      const names = ['b#w', 'B#w', 'a#2#w', 'a#10#w', 'a#w', 'é#w'];
      await store().transact([...names.map((sk) => put(fact(pk, sk))), put(fact(partition(), 'a#w'))]);
      expect((await store().query(pk)).map((item) => item.sk)).toEqual(['B#w', 'a#10#w', 'a#2#w', 'a#w', 'b#w', 'é#w']);
      expect((await store().query(pk, 'a#')).map((item) => item.sk)).toEqual(['a#10#w', 'a#2#w', 'a#w']);
      expect(await store().query(partition())).toEqual([]);
    });

    it('see what was written just before', async () => {
      const pk = partition();
      for (let count = 1; count <= 10; count += 1) {
        await store().transact([put(fact(pk, `A#${count}`))]);
        expect(await store().query(pk)).toHaveLength(count);
      }
    });

    it('read every page of more than 1 MB', async () => {
      const pk = partition();
      const filler = 'x'.repeat(200_000);
      for (let n = 0; n < 8; n += 1) await store().transact([put(fact(pk, `A#${n}`, { filler }))]);
      expect((await store().query(pk)).map((item) => item.sk)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((n) => `A#${n}`));
    });
  });

  describe(`${name}, the owner's list`, () => {
    const owned = (owner: string, count: number, extra = {}) =>
      Array.from({ length: count }, (_, n) => put({ ...fact(partition(), 'PLACED#w', extra), owner, listed: `00${n}#x` }));
    const listedOf = (items: readonly Item[]) => items.map((item) => item['listed']);

    it('gives pages newest first, and tells whether more follow', async () => {
      const owner = partition();
      await store().transact([...owned(owner, 5), put(fact(partition(), 'END#w', { subject: owner })), ...owned(partition(), 1)]);
      const first = await store().listByOwner(owner, { limit: 2 });
      expect([listedOf(first.items), first.more]).toEqual([['004#x', '003#x'], true]);
      const second = await store().listByOwner(owner, { limit: 3, before: '003#x' });
      expect([listedOf(second.items), second.more]).toEqual([['002#x', '001#x', '000#x'], false]);
      expect(await store().listByOwner(owner, { limit: 3, before: '000#x' })).toEqual({ items: [], more: false });
    });

    it('gives whole items', async () => {
      const owner = partition();
      const write = put({ ...fact(partition(), 'PLACED#w', { lines: [{ sku: 'tea', quantity: 1 }] }), owner, listed: '1' });
      await store().transact([write]);
      expect((await store().listByOwner(owner, { limit: 1 })).items).toEqual([itemOf(write)]);
    });

    it('is empty for a stranger, and before everything', async () => {
      const owner = partition();
      await store().transact(owned(owner, 1));
      expect(await store().listByOwner(partition(), { limit: 5 })).toEqual({ items: [], more: false });
      expect(await store().listByOwner(owner, { limit: 5, before: '' })).toEqual({ items: [], more: false });
    });

    it('fills a page that is more than 1 MB', async () => {
      const owner = partition();
      for (const write of owned(owner, 8, { filler: 'x'.repeat(200_000) })) await store().transact([write]);
      const page = await store().listByOwner(owner, { limit: 7 });
      expect([page.items.length, page.more]).toEqual([7, true]);
    });
  });
};

const partition = (): string => `TEST#${randomUUID()}`;
const fact = (pk: string, sk: string, attributes: Omit<Item, 'pk' | 'sk' | 'v'> = {}): Item => ({ ...attributes, pk, sk, v: 1 });
const put = (item: Item, guards?: Write['guards']): Write => ({ action: 'put', item, ...(guards ? { guards } : {}) });
const keyOf = (write: Write): Key => (write.action === 'put' ? write.item : write.key);
const itemOf = (write: Write): Item | undefined => (write.action === 'put' ? write.item : undefined);
const restore = (store: Store, key: Key, item: Item | undefined) => store.transact([item ? put(item) : { action: 'delete', key }]);
