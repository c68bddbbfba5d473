import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hlc } from '../../functions/core/hlc.ts';

const NOW_MS = 1_790_000_000_000;
/** As far ahead as a stamp is believed. */
const AHEAD_MS_MAX = 60_000;
/** Milliseconds from now, few enough that many fall together. */
const NEAR = fc.integer({ min: -2, max: 2 });
const stamp = (ms: number, counter: number): string => `${String(ms).padStart(13, '0')}-${String(counter).padStart(5, '0')}`;

describe('the hybrid logical clock', () => {
  it('sorts each stamp as text after all that it gave or saw before, whatever the wall clock does', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('next' as const), ms: NEAR }),
        fc.record({
          kind: fc.constant('observe' as const),
          ms: fc.oneof(NEAR, fc.integer({ min: -5, max: AHEAD_MS_MAX })),
          counter: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 99_997, max: 99_999 })),
        }),
      ),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const hlc = new Hlc();
        let last = '';
        for (const step of taken) {
          const nowMs = NOW_MS + step.ms;
          if (step.kind === 'observe') {
            const seen = stamp(NOW_MS + step.ms, step.counter);
            hlc.observe(seen, NOW_MS);
            if (seen > last) last = seen;
          } else {
            const given = hlc.next(nowMs);
            expect(given > last).toBe(true);
            expect(given).toMatch(/^\d{13}-\d{5}$/);
            last = given;
          }
        }
      }),
    );
  });

  it('sorts after what it saw in the millisecond of its own last stamp', () => {
    const hlc = new Hlc();
    hlc.next(NOW_MS);
    hlc.observe(stamp(NOW_MS, 41), NOW_MS);
    expect(hlc.next(NOW_MS)).toBe(stamp(NOW_MS, 42));
    hlc.observe(stamp(NOW_MS, 3), NOW_MS);
    expect(hlc.next(NOW_MS)).toBe(stamp(NOW_MS, 43));
  });

  it('goes on in the next millisecond when one has no number left', () => {
    const hlc = new Hlc();
    hlc.observe(stamp(NOW_MS, 99_998), NOW_MS);
    expect([hlc.next(NOW_MS), hlc.next(NOW_MS), hlc.next(NOW_MS)]).toEqual([
      stamp(NOW_MS, 99_999),
      stamp(NOW_MS + 1, 0),
      stamp(NOW_MS + 1, 1),
    ]);
  });

  it('stays close to the wall clock: it follows it, and believes no stamp over a minute ahead', () => {
    const hlc = new Hlc();
    hlc.observe(stamp(NOW_MS + AHEAD_MS_MAX + 1, 7), NOW_MS);
    expect(hlc.next(NOW_MS)).toBe(stamp(NOW_MS, 0));
    hlc.observe(stamp(NOW_MS + AHEAD_MS_MAX, 7), NOW_MS);
    expect(hlc.next(NOW_MS)).toBe(stamp(NOW_MS + AHEAD_MS_MAX, 8));
    expect(hlc.next(NOW_MS + AHEAD_MS_MAX + 1)).toBe(stamp(NOW_MS + AHEAD_MS_MAX + 1, 0));
  });

  it.each(['', 'x', '-', '1790000000000', '1790000000000-', 'NaN-1', '1e400-1', '1790000000000-1.5', '1790000000000-x'])(
    'ignores what is no stamp: "%s"',
    (text) => {
      const hlc = new Hlc();
      hlc.observe(text, NOW_MS);
      expect(hlc.next(NOW_MS)).toBe(stamp(NOW_MS, 0));
    },
  );
});
