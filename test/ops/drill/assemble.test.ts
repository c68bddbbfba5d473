import { expect, test } from 'vitest';
import { targetEvents } from '../../../ops/drill/assemble.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';

test('of the alarms, a report tells which fired and that they ended, and not of those that merely have data', () => {
  const turn = (atMs: number, alarm: string, state: 'OK' | 'ALARM', region = 'a'): TargetEvent => ({
    kind: 'alarm',
    atMs,
    region,
    alarm,
    state,
    detail: `${alarm} is ${state}`,
  });
  const events = [turn(1, 'x', 'OK'), turn(2, 'y', 'ALARM'), turn(3, 'y', 'OK', 'b'), turn(4, 'y', 'OK'), turn(5, 'y', 'OK')];

  const told = targetEvents(events, 0, 0);

  expect(told.map(({ atMs, detail }) => [atMs, detail])).toEqual([
    [2, 'y is ALARM'],
    [4, 'y is OK'],
  ]);
});
