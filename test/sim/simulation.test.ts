import { describe, expect, it } from 'vitest';
import { mutant } from '../../ops/simulation/mutant.ts';
import { generate } from '../../sim/generate.ts';
import { MUTATIONS } from '../../sim/mutations/registry.ts';
import { replayOf, scheduleOf } from '../../sim/replay.ts';
import { runSchedule } from '../../sim/simulate.ts';
import { timelineOf } from '../../sim/timeline.ts';
import type { TimelineEntry } from '../../sim/world.ts';

describe('a schedule', () => {
  it('is the same for the same seed, and another for the next number', () => {
    expect(generate(1, 7)).toEqual(generate(1, 7));
    expect(generate(1, 8)).not.toEqual(generate(1, 7));
  });

  it('runs the same way every time, whatever ran before', async () => {
    const first = await timeline('5:3');
    await timeline('5:4');
    expect(await timeline('5:3')).toEqual(first);
    expect(first.length).toBeGreaterThan(50);
  });

  it('goes on as before for what is left, when a part is left out', async () => {
    const schedule = scheduleOf('5:3');
    const last = schedule.entries.filter(({ act }) => act === 0).at(-1)?.id;
    const kept = schedule.entries.filter(({ id }) => id !== last && id < 3);
    const short = scheduleOf(replayOf({ seed: 5, number: 3, kept: { ...schedule, entries: kept } }));
    expect(short.entries).toEqual(kept);
    const [whole, part] = [await timeline('5:3'), await timeline(`5:3:${kept.map(({ id }) => id).join(',')}`)];
    const begun = part.filter((line) => / call \d+: (the clerk|ann|bob)/.test(line));
    for (const line of begun) expect(whole).toContain(line);
  });

  it.each(['', '1', '1:', 'x:1', '1:2:', '1:2:a', '1:2:3,'])('is not named by "%s"', (name) => {
    expect(() => scheduleOf(name)).toThrow(RangeError);
  });
});

describe('a violation', () => {
  it('is shrunk to what it needs, and its name replays it', async () => {
    const mutation = MUTATIONS.find(({ name }) => name === 'smallest-always-keeps');
    if (!mutation) throw new Error('the registry lacks the mutation');
    const simulator = await mutant(mutation);
    const { found } = await simulator.simulate({ seed: 1, first: 0, schedules: 2_000 });
    if (!found) throw new Error('not caught');
    const run = async (schedule: typeof found.schedule) => (await simulator.runSchedule(schedule)).violation;
    const short = await simulator.shrink(found.schedule, found.violation, run);
    expect(short.schedule.entries.length).toBeLessThan(found.schedule.entries.length / 2);
    const named = scheduleOf(replayOf({ seed: 1, number: found.number, kept: short.schedule }));
    expect(named).toEqual(short.schedule);
    expect(await run(named)).toEqual(short.violation);
    // Without any one of its entries it does not happen.
    for (const { id } of short.schedule.entries) {
      const entries = short.schedule.entries.filter((entry) => entry.id !== id);
      expect((await run({ ...short.schedule, entries }))?.rule).not.toBe(short.violation.rule);
    }
  });
});

const timeline = async (name: string): Promise<readonly string[]> => {
  const schedule = scheduleOf(name);
  const entries: TimelineEntry[] = [];
  await runSchedule(schedule, (entry) => entries.push(entry));
  return timelineOf(schedule, entries);
};
