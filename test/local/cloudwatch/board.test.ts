import { describe, expect, it } from 'vitest';
import { readAlarms } from '../../../local/cloudwatch/alarms.ts';
import { AlarmBoard } from '../../../local/cloudwatch/board.ts';
import { SYMBOLIC } from '../../../local/cloudwatch/template.ts';
import { alarm, composite, mathAlarm, stackOf, type Written } from './templates.ts';

const MINUTE_MS = 60_000;

describe('alarms from minute to minute', () => {
  it('turn when enough of the last minutes are bad, and back when they are not', () => {
    const board = boardOf({ Errors: alarm({ EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'notBreaching' }) });
    expect(minutes(board, 'Errors', [0, 1, 0, 0, 1, 1, 0, 0, null])).toEqual(['OK', 'OK', 'OK', 'OK', 'OK', 'ALARM', 'ALARM', 'OK', 'OK']);
  });

  it('look at whole minutes only: what was measured in the one that runs does not count yet', () => {
    const board = boardOf({ Errors: alarm({ TreatMissingData: 'notBreaching' }) });
    board.add([point('Errors', MINUTE_MS, 1)], MINUTE_MS);
    expect(board.evaluate(MINUTE_MS + 59_999).map(({ to }) => to)).toEqual(['OK']);
    expect(board.evaluate(2 * MINUTE_MS).map(({ to }) => to)).toEqual(['ALARM']);
  });

  it('of a longer period look each minute at the last minutes, not at fixed ones', () => {
    const board = boardOf({ Errors: alarm({ Period: 300, Threshold: 3, TreatMissingData: 'notBreaching' }) });
    expect(minutes(board, 'Errors', [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0])).toEqual([
      ...Array(8).fill('OK'),
      'ALARM',
      'ALARM',
      'ALARM',
      'OK',
    ]);
  });

  it('remember as long as the longest of them looks back', () => {
    const hourly = { Period: 3_600, EvaluationPeriods: 3, TreatMissingData: 'notBreaching' };
    const board = boardOf({ Errors: alarm(hourly), Other: alarm() });
    const states = [0, 1, 2].map((hour) => {
      board.add([point('Errors', hour * 60 * MINUTE_MS, 1)], hour * 60 * MINUTE_MS);
      for (let minute = 1; minute <= 60; minute += 1) board.evaluate((hour * 60 + minute) * MINUTE_MS);
      return board.verdicts.get('Errors')?.state;
    });
    expect(states).toEqual(['OK', 'OK', 'ALARM']);
  });

  it('see data that came late as if it had been there', () => {
    const board = boardOf({ Errors: alarm({ TreatMissingData: 'missing' }) });
    expect(board.evaluate(5 * MINUTE_MS)).toEqual([]);
    board.add([point('Errors', 4 * MINUTE_MS, 1)], 5 * MINUTE_MS);
    expect(board.evaluate(5 * MINUTE_MS)).toMatchObject([{ from: 'INSUFFICIENT_DATA', to: 'ALARM', atMs: 5 * MINUTE_MS }]);
  });

  it('compute expressions over the same minutes', () => {
    const board = boardOf({ Rate: mathAlarm('m1 / m2 * 100', 2, { Threshold: 50, TreatMissingData: 'notBreaching' }) });
    board.add(
      [point('m1', 0, 1), point('m2', 0, 4), point('m1', MINUTE_MS, 2), point('m2', MINUTE_MS, 4), point('m1', 2 * MINUTE_MS, 9)],
      0,
    );
    expect([1, 2, 3].map((minute) => board.evaluate(minute * MINUTE_MS).map(({ to }) => to))).toEqual([['OK'], ['ALARM'], []]);
    // Errors without requests are no rate: divided by zero, the point is dropped, and the one before counts.
    expect([...board.verdicts.values()].map(({ state }) => state)).toEqual(['ALARM']);
  });

  it('that are composite follow in the same turn, through several levels', () => {
    const board = boardOf({
      Top: composite('ALARM(Middle) AND NOT ALARM(Excuse)'),
      Middle: composite('ALARM(Errors)'),
      Errors: alarm({ TreatMissingData: 'notBreaching' }),
      Excuse: alarm({ MetricName: 'Excuse', TreatMissingData: 'notBreaching' }),
    });
    board.evaluate(0);
    board.add([point('Errors', 0, 1), point('Errors', MINUTE_MS, 1), point('Excuse', MINUTE_MS, 1)], 0);
    expect(board.evaluate(MINUTE_MS).map(({ name, to }) => `${name} ${to}`)).toEqual(['Errors ALARM', 'Middle ALARM', 'Top ALARM']);
    expect(board.evaluate(2 * MINUTE_MS).map(({ name, to }) => `${name} ${to}`)).toEqual(['Excuse ALARM', 'Top OK']);
  });

  it('keep their state when they are updated, and begin anew under another name', () => {
    const board = boardOf({ Errors: alarm(), Gone: alarm() });
    board.add([point('Errors', 0, 5)], 0);
    board.evaluate(MINUTE_MS);
    board.use(alarmsOf({ Errors: alarm({ Threshold: 9 }), New: alarm() }));
    expect([...board.verdicts].map(([name, { state }]) => `${name} ${state}`)).toEqual(['Errors ALARM', 'New INSUFFICIENT_DATA']);
    board.evaluate(MINUTE_MS);
    expect(board.verdicts.get('Errors')?.state).toBe('OK');
  });

  it('see what was measured before they existed', () => {
    const board = boardOf({});
    board.add([point('Errors', 0, 1)], 0);
    board.use(alarmsOf({ Errors: alarm() }));
    expect(board.evaluate(MINUTE_MS)).toMatchObject([{ to: 'ALARM' }]);
  });

  it('take nothing from the far past or future', () => {
    const board = boardOf({ Errors: alarm() });
    const nowMs = 1_000 * MINUTE_MS;
    board.add([point('Errors', nowMs + 3 * 3_600_000, 1), point('Errors', 0, 1)], nowMs);
    expect(board.evaluate(nowMs + 181 * MINUTE_MS)).toEqual([]);
  });
});

function alarmsOf(resources: Readonly<Record<string, Written>>) {
  return readAlarms([stackOf(resources)], () => SYMBOLIC);
}

function boardOf(resources: Readonly<Record<string, Written>>): AlarmBoard {
  const board = new AlarmBoard();
  board.use(alarmsOf(resources));
  return board;
}

function point(name: string, atMs: number, value: number) {
  return { metric: { namespace: 'Tandem', name, dimensions: {} }, atMs, value };
}

/** The state after each minute in which that was measured. */
function minutes(board: AlarmBoard, name: string, values: readonly (number | null)[]): readonly (string | undefined)[] {
  return values.map((value, minute) => {
    const atMs = minute * MINUTE_MS;
    if (value !== null) board.add([point(name, atMs + 30_000, value)], atMs);
    board.evaluate(atMs + MINUTE_MS + 30_000);
    return board.verdicts.get(name)?.state;
  });
}
