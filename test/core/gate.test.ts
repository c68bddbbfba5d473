import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BEAT_GAP_MS_MAX,
  type Beat,
  CLOCK_SKEW_MS_MAX,
  foldBeats,
  foldControl,
  gateOf,
  healthOf,
  incarnationItem,
  isAway,
  nextBeat,
  switchItem,
  switchOf,
} from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';

const NOW_MS = 1_790_000_000_000;
const beat = (region: string, more: Partial<Beat> = {}): Beat => ({
  region,
  writer: region,
  atMs: NOW_MS,
  rev: 1,
  version: '1',
  verdict: 'pass',
  resumedAtMs: undefined,
  incarnations: new Map(),
  ...more,
});
const world = (beats: readonly Beat[], control: readonly Item[] = [], regions: readonly string[] = ['a', 'b']) => ({
  region: 'a',
  beats,
  controls: regions.map((each) => foldControl(each, control)),
});

describe('after a gap', () => {
  /** What b beat `afterMs` after a came back, each by its own clock. */
  const heard = (afterMs: number) => gateOf(world([beat('a', { resumedAtMs: NOW_MS }), beat('b', { atMs: NOW_MS + afterMs })]));

  it("a peer's heartbeat opens the gate only if it is later by more than clocks may differ", () => {
    expect(CLOCK_SKEW_MS_MAX).toBeGreaterThanOrEqual(1_000);
    fc.assert(
      fc.property(fc.integer({ min: -BEAT_GAP_MS_MAX, max: BEAT_GAP_MS_MAX }), (afterMs) => {
        expect(heard(afterMs).open).toBe(afterMs > CLOCK_SKEW_MS_MAX);
      }),
    );
    expect([heard(CLOCK_SKEW_MS_MAX).open, heard(CLOCK_SKEW_MS_MAX + 1).open]).toEqual([false, true]);
  });

  it('of several peers one is enough, and its own heartbeats are none', () => {
    const own = beat('a', { resumedAtMs: NOW_MS, atMs: NOW_MS + 10 * CLOCK_SKEW_MS_MAX });
    const [old, late] = [beat('b', { atMs: NOW_MS }), beat('c', { atMs: NOW_MS + CLOCK_SKEW_MS_MAX + 1 })];
    const regions = ['a', 'b', 'c'];
    expect(gateOf(world([own], [], regions))).toMatchObject({ open: false, writer: 'a', reason: 'behind' });
    expect(gateOf(world([own, old], [], regions))).toMatchObject({ open: false, reason: 'behind' });
    expect(gateOf(world([own, old, late], [], regions))).toEqual({ open: true, writer: 'a' });
  });

  it('every peer that is not evacuated is waited for', () => {
    const own = beat('a', { resumedAtMs: NOW_MS });
    const evacuated = switchItem({ region: 'b', by: 'a', evacuate: true, atMs: NOW_MS, reason: 'gone' });
    const gate = gateOf(world([own], [evacuated], ['a', 'b', 'c']));
    expect(gate).toMatchObject({ open: false, detail: 'a was away and waits for a heartbeat of c' });
    expect(gateOf(world([own], [evacuated]))).toEqual({ open: true, writer: 'a' });
  });

  it('is a gap when it is longer than the bound, or when a region is new among others', () => {
    expect(isAway(world([beat('a')]), NOW_MS + BEAT_GAP_MS_MAX)).toBe(false);
    expect(isAway(world([beat('a')]), NOW_MS + BEAT_GAP_MS_MAX + 1)).toBe(true);
    expect([isAway(world([]), NOW_MS), isAway(world([beat('b')]), NOW_MS)]).toEqual([false, true]);
  });

  it('its mark stays on later heartbeats until the next gap', () => {
    const markOf = (write: ReturnType<typeof nextBeat>) => (write.action === 'update' ? write.set?.['resumedAt'] : undefined);
    const given = (nowMs: number) => ({ nowMs, version: '1', verdict: 'pass' }) as const;
    const [fresh, marked] = [world([beat('a')]), world([beat('a', { resumedAtMs: 5 })])];
    expect(markOf(nextBeat(fresh, given(NOW_MS + 1)))).toBeUndefined();
    expect(markOf(nextBeat(marked, given(NOW_MS + 1)))).toBe(5);
    expect(markOf(nextBeat(marked, given(NOW_MS + BEAT_GAP_MS_MAX + 1)))).toBe(NOW_MS + BEAT_GAP_MS_MAX + 1);
  });
});

describe('a heartbeat in the table', () => {
  const read = (attributes: Readonly<Record<string, unknown>>) => {
    const item: Item = { ...JSON.parse(JSON.stringify(attributes)), pk: 'REGIONS', sk: 'BEAT#b', v: 1 };
    return foldBeats([item])[0];
  };

  it('says only a verdict that this release knows: of another it is not known, and never "pass"', () => {
    expect(['pass', 'fail'].map((verdict) => read({ at: 1, verdict })?.verdict)).toEqual(['pass', 'fail']);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('warn', 'PASS', 'passed', ''), fc.jsonValue()), (verdict) => {
        fc.pre(verdict !== 'pass' && verdict !== 'fail');
        expect(read({ at: 1, verdict })?.verdict).toBeUndefined();
      }),
    );
    expect(read({ at: 1 })?.verdict).toBeUndefined();
  });

  it('says what its region wrote', () => {
    const written = { at: 7, rev: 3, version: '1.2.3+4', verdict: 'fail', resumedAt: 5, incarnations: { a: 2 } };
    expect(read(written)).toEqual(
      beat('b', { atMs: 7, rev: 3, version: '1.2.3+4', verdict: 'fail', resumedAtMs: 5, incarnations: new Map([['a', 2]]) }),
    );
  });

  it('without a time is none, and nothing else that is damaged breaks its reader', () => {
    expect([read({ verdict: 'pass' }), read({ at: '1' })]).toEqual([undefined, undefined]);
    expect(read({ at: 1, rev: 'x', version: 7, resumedAt: 'x', incarnations: { a: '2', c: 3 } })).toEqual(
      beat('b', { atMs: 1, rev: 0, version: undefined, verdict: undefined, incarnations: new Map([['c', 3]]) }),
    );
    expect(read({ at: 1, incarnations: [2] })?.incarnations.size).toBe(0);
  });

  it('tells of every incarnation but first ones', () => {
    const fence = (incarnation: number): Item => ({ pk: 'REGIONS', sk: `SERVES#b#${incarnation}#a`, v: 1, at: 1 });
    expect(nextBeat(world([], [fence(10), fence(9)]), { nowMs: NOW_MS, version: '7', verdict: 'fail' })).toEqual({
      action: 'update',
      key: { pk: 'REGIONS', sk: 'BEAT#a' },
      add: { rev: 1 },
      set: { at: NOW_MS, version: '7', verdict: 'fail', incarnations: { b: 10 } },
    });
  });
});

describe("an operator's word", () => {
  it('is told by a fit region as it was given, and nothing is told where nobody gave one', () => {
    const evacuated = switchItem({ region: 'b', by: 'a', evacuate: true, atMs: NOW_MS, reason: 'flood' });
    const views = [world([beat('a')]), world([beat('a')], [evacuated])];
    const fit = views.map((view) => switchOf(view, 'b', healthOf({ world: view, table: { ok: true } })).evacuate);
    const unfit = views.map((view) => switchOf(view, 'b', healthOf({ world: view, table: { ok: false, detail: 'gone' } })).evacuate);
    expect([fit, unfit]).toEqual([
      [false, true],
      [false, false],
    ]);
    const { verdict, reasons } = healthOf({ world: world([beat('a')]), table: { ok: false, detail: 'gone' } });
    expect([verdict, reasons]).toEqual(['fail', [{ code: 'table', detail: 'gone' }]]);
  });

  it('stands with who gave it, when and why', () => {
    expect(switchItem({ region: 'b', by: 'a.2', evacuate: true, atMs: 7, reason: 'flood' })).toEqual({
      pk: 'REGIONS',
      sk: 'SWITCH#b#a.2',
      v: 1,
      evacuate: true,
      at: 7,
      reason: 'flood',
    });
    expect(incarnationItem({ region: 'b', incarnation: 10, by: 'a.2', phase: 'FENCED', atMs: 7 })).toEqual({
      pk: 'REGIONS',
      sk: 'FENCED#b#10#a.2',
      v: 1,
      at: 7,
    });
  });
});

describe('a region that hears of its successor', () => {
  it('is retired by any peer that knows of a newer incarnation, and by none that knows of an older one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 15 }), fc.integer({ min: 1, max: 15 }), (serving, known) => {
        const serves: Item = { pk: 'REGIONS', sk: `SERVES#a#${serving}#b`, v: 1, at: 1 };
        const view = world([beat('b', { incarnations: new Map([['a', known]]) })], [serves]);
        expect(gateOf(view)).toMatchObject(known > serving ? { open: false, reason: 'retired' } : { open: true, writer: `a.${serving}` });
        expect(healthOf({ world: view, table: { ok: true } }).verdict).toBe(known > serving ? 'fail' : 'pass');
      }),
    );
  });
});
