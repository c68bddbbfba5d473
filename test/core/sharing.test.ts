import { describe, expect, it } from 'vitest';
import { PACE_MS, sharingOf, soldLately } from '../../functions/core/sharing.ts';
import type { Held, SalesLook } from '../../functions/core/stock-fold.ts';

const NOW_MS = 1_760_000_000_000;

const row = (region: string, available: number, more: Partial<Held> = {}): Held => ({
  ...{ writer: region, region, available, sold: 0, granted: new Map(), tills: 0, drawnAtMs: 0, credited: new Map(), look: undefined },
  ...more,
});
const look = (agoMs: number, sold: number, pace: number): SalesLook => ({ atMs: NOW_MS - agoMs, sold, pace });
/** What the first of the rows hands over. */
const given = (wishes: Readonly<Record<string, number>>, ...held: readonly Held[]): Readonly<Record<string, number>> => {
  const [own] = held;
  if (!own) throw new Error('no rows');
  const { handovers } = sharingOf(own, new Map(Object.entries(wishes)), held, NOW_MS);
  return Object.fromEntries(handovers.map(({ region, units }) => [region, units]));
};

describe('a giver', () => {
  it.each<readonly [string, Readonly<Record<string, number>>, readonly Held[], Readonly<Record<string, number>>]>([
    ['hands over what is wished for', { b: 4 }, [row('a', 10), row('b', 2)], { b: 4 }],
    ['fills up the share of who asks for less', { b: 1 }, [row('a', 10), row('b', 0)], { b: 5 }],
    ['keeps its share, whatever is asked for', { b: 1_048_576 }, [row('a', 10)], { b: 5 }],
    ['keeps the larger half of what cannot be halved', { b: 4 }, [row('a', 3)], { b: 1 }],
    ['keeps its last unit', { b: 1 }, [row('a', 1)], {}],
    ['keeps its share when it is asked again', { b: 16 }, [row('a', 5, { granted: new Map([['b', 5]]) }), row('b', 0)], {}],
    ['counts what is on the way', { b: 4 }, [row('a', 10, { granted: new Map([['b', 4]]) }), row('b', 0)], {}],
    ['gives nothing to who has enough by now', { b: 4 }, [row('a', 10), row('b', 4)], {}],
    ['gives nothing of a negative row', { b: 4 }, [row('a', -3), row('b', 0)], {}],
    ['keeps what it ever sold, when it is asked for the first time', { b: 8 }, [row('a', 10, { sold: 8 })], { b: 2 }],
    ['gives equal parts to several', { b: 64, c: 32 }, [row('a', 30)], { b: 10, c: 10 }],
    ['gives the rest to others where one needs less', { b: 30, c: 11 }, [row('a', 30), row('b', 0), row('c', 9)], { b: 13, c: 4 }],
    ['that asks itself fills up shares', { a: 64, b: 64 }, [row('a', 9), row('b', 4)], { b: 2 }],
    ['that asks itself hands over no more', { a: 64, b: 64 }, [row('a', 7), row('b', 6)], {}],
    ['makes good what another is short of', { b: 1 }, [row('a', 10), row('b', -4)], { b: 7 }],
    [
      'that asks itself hands over no more, though it has what it asks for',
      { a: 16, b: 16 },
      [row('a', 17), row('b', 13), row('c', 0)],
      {},
    ],
    ['does not ask for its own', { a: 8 }, [row('a', 4), row('b', 9)], {}],
  ])('%s', (_, wishes, held, units) => {
    expect(given(wishes, ...held)).toEqual(units);
  });

  it('keeps what it sells in ten minutes', () => {
    expect(soldLately({ sold: 90, look: undefined }, NOW_MS)).toBe(90);
    expect(soldLately({ sold: 90, look: look(1, 80, 7) }, NOW_MS)).toBe(17);
    expect(soldLately({ sold: 90, look: look(PACE_MS, 80, 7) }, NOW_MS)).toBe(10);
    expect(soldLately({ sold: 90, look: look(10 * PACE_MS, 60, 7) }, NOW_MS)).toBe(3);
    expect(soldLately({ sold: 70, look: look(10 * PACE_MS, 80, 7) }, NOW_MS), 'orders were cancelled').toBe(0);
    expect(given({ b: 64 }, row('a', 100, { sold: 5_080, look: look(PACE_MS / 2, 5_000, 0) }))).toEqual({ b: 20 });
  });

  it('notes what it sells when it is asked, once in ten minutes', () => {
    const noted = (each: Held) => sharingOf(each, new Map([['b', 4]]), [each], NOW_MS).look;
    expect(noted(row('a', 10, { sold: 8 }))).toEqual({ atMs: NOW_MS, sold: 8, pace: 8 });
    expect(noted(row('a', 10, { sold: 9, look: look(PACE_MS - 1, 8, 8) }))).toBeUndefined();
    expect(noted(row('a', 10, { sold: 9, look: look(2 * PACE_MS, 5, 8) }))).toEqual({ atMs: NOW_MS, sold: 9, pace: 2 });
    expect(noted(row('a', 1)), 'it has nothing to spare').toBeUndefined();
  });
});
