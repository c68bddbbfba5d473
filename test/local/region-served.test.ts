import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Report } from '../../local/region/protocol.ts';
import { gatherServed } from '../../local/region/served.ts';

const AT_MS = Date.UTC(2026, 10, 24);

beforeEach(() => {
  vi.useFakeTimers({ now: AT_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

test('answers are told together, once a second, and silence is not told', async () => {
  const told: Report[] = [];
  const add = gatherServed(async (report) => void told.push(report));
  await vi.advanceTimersByTimeAsync(5_500);

  add(['3', 200, 12]);
  add([null, 403, 1]);
  await vi.advanceTimersByTimeAsync(5_000);

  expect(told).toEqual([
    {
      kind: 'served',
      atMs: AT_MS + 6_000,
      answers: [
        ['3', 200, 12],
        [null, 403, 1],
      ],
    },
  ]);
});

test('while a report cannot leave, answers wait for the next one, and what cannot wait is dropped', async () => {
  const left = Promise.withResolvers<void>();
  const lengths: number[] = [];
  const add = gatherServed((report) => {
    if (report.kind === 'served') lengths.push(report.answers.length);
    return left.promise;
  });
  add(['3', 200, 12]);
  await vi.advanceTimersByTimeAsync(1_000);

  for (let answer = 0; answer < 150_000; answer += 1) add(['3', 200, 12]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lengths).toEqual([1]);
  left.resolve();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(lengths).toEqual([1, 100_000]);
});
