import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../ops/drill/wait.ts';
import { print } from '../../ops/print.ts';
import { plainProgress } from '../../ops/progress.ts';
import { atRest, waitingFor } from '../../ops/waiting.ts';

const FOREVER = 3_600_000;
const ended = new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => alone.push(String(text)) > 0);
  print('what was said before');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
const alone: string[] = [];

describe('a wait in a pipe', () => {
  it('says what it waits for, for how long, and until when, now and then', async () => {
    const lines: string[] = [];
    const step = plainProgress((line) => lines.push(line)).step('drill', () =>
      until(() => false, { what: 'callers to recover', everyMs: 500, withinMs: 60_000 }),
    );
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lines[0]).toBe('drill ...');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines.slice(1))
      expect(line).toMatch(/^ {2}waiting for callers to recover: \d+ s, until \d\d:\d\d:\d\d at the latest$/);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await step).toBe(false);
    expect(lines.at(-1)).toMatch(/^drill: done/);
  });

  it('outside of a step is told beside the output, soon', async () => {
    alone.length = 0;
    const work = waitingFor('waiting for the regions to answer', () => new Promise((resolve) => setTimeout(resolve, 20_000)));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(alone).toHaveLength(1);
    expect(alone[0]).toMatch(/^waiting for the regions to answer: [3-6] s\n$/);
    await vi.advanceTimersByTimeAsync(20_000);
    await work;
    alone.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alone).toEqual([]);
  });

  it('for a person is silent', async () => {
    alone.length = 0;
    const work = waitingFor('at work', () => atRest(() => new Promise((resolve) => setTimeout(resolve, FOREVER))));
    await vi.advanceTimersByTimeAsync(FOREVER);
    await work;
    expect(alone).toEqual([]);
  });

  it('ends with its signal', async () => {
    const waits = until(() => false, { what: 'nothing', everyMs: 500, withinMs: FOREVER, signal: ended.signal });
    await vi.advanceTimersByTimeAsync(1_000);
    ended.abort();
    expect(await waits).toBe(false);
  });
});
