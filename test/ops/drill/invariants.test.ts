import { describe, expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { wishItem } from '../../../functions/core/wishes.ts';
import { brokenRules, RULES } from '../../../ops/drill/invariants.ts';
import { ended, placed } from './items.ts';

const receipt: Item = { pk: 'STOCK#x', sk: 'RECEIPT#h#b', v: 1, region: 'a', quantity: 7 };
const booked = (by = 'a', quantity = 7): Item => ({ pk: 'STOCK#x', sk: `BOOKED#h#${by}`, v: 1, quantity });
const held = (available: number, sold: number, more: object = {}): Item => ({
  pk: 'STOCK#x',
  sk: 'HELD#a',
  v: 1,
  available,
  sold,
  ...more,
});
const version = (vid: string, ...parents: readonly string[]): Item => ({ pk: 'RECORD#r', sk: `V#${vid}#a`, v: 1, parents });

const WELL = [placed('a'), placed('b'), ended('b', 'superseded'), receipt, booked(), held(5, 2), version('1'), version('2', '1')];
const rulesOf = (items: readonly Item[], other: readonly Item[] = items): readonly string[] =>
  brokenRules([
    { region: 'a', items },
    { region: 'b', items: other },
  ]).map(({ rule }) => rule);
/** Without the item of the same key, and with this one. */
const instead = (item: Item): readonly Item[] => [...WELL.filter(({ pk, sk }) => pk !== item.pk || sk !== item.sk), item];

describe('tables', () => {
  test('in order break no rule, whatever heartbeats and canaries do meanwhile, and whatever was put again', () => {
    const beat: Item = { pk: 'REGIONS', sk: 'BEAT#a', v: 1, at: 1 };
    const canary: Item = { ...placed('a'), pk: 'ORDER#c', expires: 1 };
    expect(rulesOf([...WELL, beat, canary], [...WELL.slice(1), { ...placed('a'), reput: 5 }])).toEqual([]);
    // A refused order leaves a wish, which expires; the stock beside it is judged all the same.
    const wish = wishItem('x', 'b', 2, 0);
    expect(rulesOf([...WELL, wish], WELL)).toEqual([]);
    expect(rulesOf([...instead(held(4, 3)), wish])).toContain(RULES.sold);
  });

  test.each<[string, readonly Item[], string]>([
    ['an order that two regions hold stock for', WELL.filter(({ sk }) => sk !== 'END#b#b'), RULES.order],
    ['a receipt that nobody booked', WELL.filter(({ sk }) => sk !== 'BOOKED#h#a'), RULES.receipt],
    ['a receipt that another region booked', [...WELL.filter(({ sk }) => sk !== 'BOOKED#h#a'), booked('b')], RULES.receipt],
    ['a receipt booked with another quantity', instead(booked('a', 8)), RULES.receipt],
    ['units sold to no order', instead(held(4, 3)), RULES.sold],
    ['units that came from nowhere', instead(held(6, 2)), RULES.accounted],
    ['units that were not there', [placed('a', 9), receipt, booked(), held(-2, 9)], RULES.oversold],
    ['units that were given and did not arrive', instead(held(4, 2, { granted_b: 1 })), RULES.moved],
    ['an edit of a version that is gone', WELL.filter(({ sk }) => sk !== 'V#1#a'), RULES.edit],
  ])('with %s break that rule', (_, items, rule) => {
    expect(rulesOf(items)).toContain(rule);
  });

  test('that differ are told item by item, and stand for nothing else', () => {
    const [broken, ...more] = brokenRules([
      { region: 'a', items: WELL },
      { region: 'b', items: instead(held(6, 2)) },
    ]);
    expect(broken?.rule).toBe(RULES.same);
    expect(broken?.detail).toMatch(/^STOCK#x HELD#a: a has .*"available":5.*; b has .*"available":6/);
    expect(more).toEqual([]);
  });
});
