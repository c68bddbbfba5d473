import { expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { chooseBadWrites, isDone, stillUnseen, type Unseen } from '../../../ops/drill/faulty-client.ts';

const item = (sk: string, more: object = {}): Item => ({ pk: 'P', sk, v: 1, ...more });
const some = (count: number, of: (index: number) => Item): readonly Item[] => Array.from({ length: count }, (_, index) => of(index));
const ITEMS = [
  ...some(8, (index) => item(`PLACED#${index}#a`, { lines: [{ sku: 'x', quantity: 1 }] })),
  ...some(8, (index) => item(`E#paid#${index}#b`, { amount: 5 })),
  ...some(4, (index) => item(`V#${index}#a`, { value: '{}' })),
  item('HELD#a', { available: 100, sold: 3 }),
  item('HEAD#a', { rev: 1 }),
];

test('a faulty client harms items of every kind that it understands, each once, and never more than half of a kind', () => {
  const chosen = chooseBadWrites({ items: ITEMS, regions: ['a', 'b'], writes: 40, random: seeded() });
  expect(new Set(chosen.map(({ sk }) => sk)).size).toBe(chosen.length);
  const count = (prefix: string) => chosen.filter(({ sk }) => sk.startsWith(prefix)).length;
  expect([count('PLACED'), count('E#'), count('V#'), count('HELD'), count('HEAD')]).toEqual([4, 4, 2, 1, 0]);
});

test('a faulty client makes no more bad writes than it was told to, and some of each kind first', () => {
  const chosen = chooseBadWrites({ items: ITEMS, regions: ['a', 'b'], writes: 4, random: seeded() });
  expect(chosen).toHaveLength(4);
  expect(new Set(chosen.map(({ sk }) => sk.split('#')[0])).size).toBe(4);
});

test('a faulty client sets a row where its owner writes it, and never higher: what was sold twice nobody can restore', () => {
  const [row] = chooseBadWrites({ items: [item('HELD#a', { available: 100, sold: 3 })], regions: ['b'], writes: 1, random: seeded() });
  expect(row?.region).toBe('a');
  expect(Number(row?.item?.['available'])).toBeLessThan(100);
});

test('every bad write is seen where it has arrived, and not where it has not', () => {
  for (const bad of chooseBadWrites({ items: ITEMS, regions: ['a'], writes: 40, random: seeded() })) {
    expect(isDone(bad, bad.item ? [bad.item] : [])).toBe(true);
    if (!bad.sk.startsWith('HELD')) expect(isDone(bad, [bad.before])).toBe(false);
  }
});

/** The same each time. */
test('a bad write that somebody mends at once has been there, though it is in no two regions at the same time', async () => {
  const [bad] = chooseBadWrites({ items: [item('V#1#a', { value: '{}' })], regions: ['a'], writes: 1, random: () => 0 });
  if (!bad) throw new Error('no bad write was chosen');
  const harmed = bad.item === undefined ? [] : [bad.item];
  const looks = [
    { a: harmed, b: [bad.before] },
    { a: [bad.before], b: harmed },
  ];
  let unseen: readonly Unseen[] = ['a', 'b'].map((region) => ({ bad, region }));
  for (const [index, look] of looks.entries()) {
    unseen = await stillUnseen(unseen, async (region) => (region === 'a' ? look.a : look.b));
    expect(unseen.map(({ region }) => region)).toEqual(index === 0 ? ['b'] : []);
  }
});

const seeded = () => {
  let seed = 7;
  return () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
};
