import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldBeats, foldControl, incarnationItem, newestIncarnation } from '../../functions/core/operations.ts';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { foldHeld } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { compareWriters, parseWriter, regionOf, smallestWriter, writerName } from '../../functions/core/writer.ts';

const WRITER = fc.record({
  region: fc.constantFrom('eu-central-1', 'eu-west-1', 'us-east-1', 'us-east-2'),
  // Past nine, where the order of text and of numbers part.
  incarnation: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 95, max: 105 })),
});
const byNumber = (a: { region: string; incarnation: number }, b: { region: string; incarnation: number }): number =>
  a.region === b.region ? a.incarnation - b.incarnation : a.region < b.region ? -1 : 1;

describe('a writer', () => {
  it('is told from its name, and back', () => {
    fc.assert(
      fc.property(WRITER, (writer) => {
        expect(parseWriter(writerName(writer))).toEqual(writer);
        expect(regionOf(writerName(writer))).toBe(writer.region);
      }),
    );
    expect([1, 2, 10].map((incarnation) => writerName({ region: 'eu-west-1', incarnation }))).toEqual([
      'eu-west-1',
      'eu-west-1.2',
      'eu-west-1.10',
    ]);
  });

  it('is ordered by region, then by the number of its incarnation: the tenth comes after the ninth', () => {
    fc.assert(
      fc.property(fc.array(WRITER, { minLength: 1 }), (writers) => {
        const names = writers.toSorted(byNumber).map(writerName);
        expect(writers.map(writerName).toSorted(compareWriters)).toEqual(names);
        expect(smallestWriter(writers.map(writerName))).toBe(names[0]);
      }),
    );
    expect(smallestWriter([])).toBeUndefined();
  });
});

describe('a region that was rebuilt many times', () => {
  const REGION = 'eu-west-1';
  const NAMES = ['eu-west-1.2', 'eu-west-1.9', 'eu-west-1.10', 'eu-west-1.11'];
  const inAnyOrder = (items: readonly Item[], holds: (given: readonly Item[]) => void): void =>
    fc.assert(fc.property(fc.shuffledSubarray([...items], { minLength: items.length }), (given) => void holds(given)));

  it('is known by the heartbeat and the stock of its newest incarnation', () => {
    const beats = NAMES.map((name, index): Item => ({ pk: 'REGIONS', sk: `BEAT#${name}`, v: 1, at: 1_000 - index }));
    inAnyOrder(beats, (items) => expect(foldBeats(items).map(({ writer }) => writer)).toEqual(['eu-west-1.11']));
    const rows = NAMES.map((name, index): Item => ({ pk: 'STOCK#tea', sk: `HELD#${name}`, v: 1, available: index }));
    inAnyOrder(rows, (items) => expect(foldHeld(items).map(({ writer, available }) => [writer, available])).toEqual([['eu-west-1.11', 3]]));
  });

  it('is in its newest incarnation, by whatever word of it arrived', () => {
    const words = [2, 9, 10, 11].flatMap((incarnation) =>
      (['FENCED', 'SERVES'] as const).map((phase) => incarnationItem({ region: REGION, incarnation, by: 'us-east-2', phase, atMs: 1 })),
    );
    inAnyOrder(words, (items) => expect(foldControl(REGION, items)).toMatchObject({ incarnation: 11, fenced: false }));
    const fenced = words.filter(({ sk }) => !sk.startsWith('SERVES#eu-west-1#11'));
    inAnyOrder(fenced, (items) => expect(foldControl(REGION, items)).toMatchObject({ incarnation: 11, fenced: true }));
    const told = new Map([[REGION, 10]]);
    const beat = {
      region: 'us-east-2',
      writer: 'us-east-2',
      atMs: 1,
      rev: 1,
      version: undefined,
      verdict: undefined,
      resumedAtMs: undefined,
    };
    const nine = foldControl(
      REGION,
      words.filter(({ sk }) => /#[29]#/.test(sk)),
    );
    expect(newestIncarnation({ region: REGION, beats: [{ ...beat, incarnations: told }], controls: [nine] }, REGION)).toBe(10);
  });

  it('keeps an order by the smallest of its incarnations that accepted it', () => {
    const placed = NAMES.map(
      (name, index): Item => ({
        pk: 'ORDER#x',
        sk: `PLACED#${name}`,
        v: 1,
        subject: 'ann',
        body: 'h',
        placedAt: index,
        lines: [{ sku: 'tea', quantity: 1 }],
      }),
    );
    inAnyOrder(placed, (items) => expect(foldOrder(items)?.reservations.map(({ writer }) => writer)).toEqual(NAMES));
  });
});
