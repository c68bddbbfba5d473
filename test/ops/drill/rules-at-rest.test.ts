import { describe, expect, test } from 'vitest';
import type { Item } from '../../../functions/core/store.ts';
import { Validation } from '../../../functions/core/validate.ts';
import { brokenRules, disagreements, RULES } from '../../../ops/drill/invariants.ts';
import { readFacts } from '../../../sim/facts.ts';
import { orderViolations } from '../../../sim/orders.ts';
import { type Past, stockViolations } from '../../../sim/stock.ts';
import { ended, placed } from './items.ts';

/** Of sku x, unless it says otherwise. */
const stock = (sk: string, more: object): Item => ({ pk: 'STOCK#x', sk, v: 1, ...more });
const receipt = (hash: string, region: string, quantity = 7): Item => stock(`RECEIPT#${hash}#b`, { region, quantity, at: 1 });
const booked = (hash: string, by: string, quantity = 7): Item => stock(`BOOKED#${hash}#${by}`, { quantity, at: 1 });
const held = (writer: string, available: number, sold: number, more: object = {}): Item =>
  stock(`HELD#${writer}`, { available, sold, ...more });

/** Two regions that sold, moved and booked: each received 7, a sold 2 and gave 1 to b, whose own reservation was superseded. */
const WELL: readonly Item[] = [
  placed('a'),
  placed('b'),
  ended('b', 'superseded'),
  receipt('h', 'a'),
  booked('h', 'a'),
  booked('i', 'b'),
  held('a', 4, 2, { granted_b: 1 }),
  held('b', 8, 0, { credited_a: 1 }),
];
const without = (...sks: readonly string[]): readonly Item[] => WELL.filter(({ sk }) => !sks.includes(sk));
const instead = (...items: readonly Item[]): readonly Item[] => [
  ...WELL.filter(({ pk, sk }) => !items.some((item) => item.pk === pk && item.sk === sk)),
  ...items,
];

/** What the simulator calls the same rules. */
const SIMULATORS: Readonly<Record<string, readonly string[]>> = {
  [RULES.order]: ['one order for one key, with stock', 'a reservation ends once', 'what is cancelled holds no stock'],
  [RULES.receipt]: ['a receipt is booked once'],
  [RULES.sold]: ['no order without stock, no stock without an order'],
  [RULES.accounted]: ['what a region booked is accounted for'],
  [RULES.oversold]: ['never sold more than received'],
  [RULES.moved]: ['what is granted arrives'],
};

const inDrills = (items: readonly Item[]): readonly string[] =>
  names(brokenRules(['a', 'b'].map((region) => ({ region, items }))).map(({ rule }) => rule));

/** A world that has lost no region. */
const PAST: Past = {
  cells: ['a', 'b'].map((region) => ({ region, replica: () => ({ get: () => undefined }) })),
  closings: { regions: [], missedReceipt: () => false, missedGrant: () => false },
  happened: { gone: () => 0 },
};

const inSimulator = (items: readonly Item[]): readonly string[] => {
  const facts = readFacts(items);
  const rules = [...orderViolations(facts), ...stockViolations(facts, PAST)].map(({ rule }) => rule);
  return names(rules.map((rule) => Object.keys(SIMULATORS).find((name) => SIMULATORS[name]?.includes(rule)) ?? `unknown: ${rule}`));
};

/** Sums that are off in the weekly check of either region's backup. */
const inWeeklyCheck = (items: readonly Item[]): number =>
  ['a', 'b'].reduce((off, region) => {
    const validation = new Validation({ region, writer: region, atMs: 3_600_000 });
    for (const partition of Map.groupBy(items, ({ pk }) => pk).values()) validation.add(partition);
    return off + validation.findings(true).off;
  }, 0);

const names = (rules: readonly string[]): readonly string[] => [...new Set(rules)].sort();

/** What breaks which rules. The weekly check looks for sums alone: it cannot know what is under way. */
const WORLDS: readonly (readonly [what: string, items: readonly Item[], rules: readonly string[]])[] = [
  ['nothing at all', [], []],
  ['all that is as it must be', WELL, []],
  ['a reservation that nobody ended', without('END#b#b'), [RULES.order, RULES.sold]],
  ['a reservation that ended twice', [...WELL, { ...ended('b', 'cancelled'), sk: 'END#b#a' }], [RULES.order]],
  ['a shipped order', [...WELL, ended('a', 'shipped')], []],
  ['an order that ended, and is counted as sold', [...WELL, ended('a', 'cancelled')], [RULES.sold]],
  ['a cancelled order that holds stock', [...WELL, { ...placed('a'), sk: 'E#cancel#c#a', at: 4 }], [RULES.order]],
  ['a receipt that nobody booked', [...WELL, receipt('j', 'a')], [RULES.receipt]],
  ['a receipt that another region booked', instead(receipt('h', 'b')), [RULES.receipt]],
  ['a receipt booked with another quantity', instead(booked('h', 'a', 8), held('a', 5, 2, { granted_b: 1 })), [RULES.receipt]],
  ['a receipt that two regions booked', instead(booked('h', 'b'), held('b', 15, 0, { credited_a: 1 })), [RULES.receipt]],
  ['a booking without its receipt, which may be lost', without('RECEIPT#h#b'), []],
  ['a booking without its receipt, twice', [...instead(held('a', 11, 2, { granted_b: 1 })), booked('i', 'a')], [RULES.receipt]],
  ['units sold to no order', instead(held('a', 3, 3, { granted_b: 1 })), [RULES.sold]],
  ['an order whose units were not sold', instead(held('a', 5, 1, { granted_b: 1 })), [RULES.sold]],
  ['units that came from nowhere', instead(held('b', 9, 0, { credited_a: 1 })), [RULES.accounted]],
  ['units that are gone', instead(held('b', 7, 0, { credited_a: 1 })), [RULES.accounted]],
  ['bookings whose row is gone', without('HELD#b'), [RULES.accounted, RULES.moved]],
  ['an order for stock that never was', [placed('a')], [RULES.sold]],
  ['stock whose whole partition is gone', WELL.filter(({ pk }) => pk !== 'STOCK#x'), [RULES.sold]],
  ['more sold than was there', [placed('a', 9), booked('h', 'a'), held('a', -2, 9)], [RULES.oversold]],
  ['the last unit sold', [placed('a', 7), booked('h', 'a'), held('a', 0, 7)], []],
  ['units granted that did not arrive', instead(held('b', 7, 0)), [RULES.moved]],
  ['fewer units credited than granted', instead(held('a', 3, 2, { granted_b: 2 })), [RULES.moved]],
  ['units credited that nobody granted', instead(held('a', 5, 2)), [RULES.moved]],
  ['the row of an earlier incarnation, which nobody reads', [...WELL, held('a.2', 4, 2, { granted_b: 1 }), held('a', 9, 9)], []],
];

const SUMS: readonly string[] = [RULES.sold, RULES.accounted];

describe('the rules at rest', () => {
  test.each(WORLDS)('are the same in drills and in the simulator, of %s', (_, items, rules) => {
    expect(inDrills(items)).toEqual(names(rules));
    expect(inSimulator(items)).toEqual(names(rules));
  });

  test.each(WORLDS)('add up alike in the weekly check, of %s', (_, items, rules) => {
    const damaged = items.some((item) => item.sk.startsWith('HELD#') && Number(item['available']) < 0);
    if (!damaged) expect(inWeeklyCheck(items) > 0).toBe(rules.some((rule) => SUMS.includes(rule)));
  });

  test('are each broken by some world', () => {
    expect(names(WORLDS.flatMap(([, , rules]) => rules))).toEqual(names(Object.keys(SIMULATORS)));
  });
});

describe('of the partitions given, a drill asks', () => {
  const ask = (here: readonly Item[], there: readonly Item[]) =>
    disagreements([
      { region: 'a', items: here },
      { region: 'b', items: there },
    ]).map(({ rule }) => rule);

  test('whether regions hold them alike, and whether orders are at rest', () => {
    expect(ask(WELL, WELL)).toEqual([]);
    expect(ask(WELL, without('HELD#a'))).toEqual([RULES.same]);
    expect(ask(without('HELD#a'), WELL)).toEqual([RULES.same]);
    expect(ask(without('END#b#b'), without('END#b#b'))).toEqual([RULES.order]);
  });
});
