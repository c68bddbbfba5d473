/**
 * The cases of AWS's page on missing data, row by row:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALARM_STATES, COMPARISONS, type Criteria, MISSING_DATA, type MissingData } from '../../../local/cloudwatch/alarm.ts';
import { evaluate, evaluationRange, isBreaching, type Points } from '../../../local/cloudwatch/evaluate.ts';

const KEEPS = 'Retain current state';
type Row = readonly [points: string, missing: string, ignore: string, breaching: string, notBreaching: string];

/** "In the first table, Datapoints to Alarm and Evaluation Periods are both 3. ... 5 is the evaluation range." */
const THREE_OF_THREE: readonly Row[] = [
  ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', 'INSUFFICIENT_DATA', KEEPS, 'ALARM', 'OK'],
  ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['- - X - -', 'ALARM', KEEPS, 'ALARM', 'OK'],
];

/** "In the next table, ... Datapoints to Alarm is only 2 while Evaluation Periods is 3. ... The evaluation range is 5." */
const TWO_OF_THREE: readonly Row[] = [
  ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - X -', 'ALARM', KEEPS, 'ALARM', 'OK'],
];

describe.each([
  ['3 out of 3', 3, THREE_OF_THREE],
  ['2 out of 3', 2, TWO_OF_THREE],
] as const)("AWS's table for %s", (_, datapointsToAlarm, rows) => {
  const cases = rows.flatMap(([points, missing, ignore, breaching, notBreaching]) =>
    Object.entries({ missing, ignore, breaching, notBreaching }).map(([treated, state]) => [points, treated, state] as const),
  );

  it.each(cases)('%s, missing data treated as %s: %s', (points, treated, state) => {
    for (const before of ALARM_STATES) {
      const alarm = criteria({ datapointsToAlarm, missing: treatment(treated) });
      expect(evaluate(alarm, pointsOf(points), before).state).toBe(state === KEEPS ? before : state);
    }
  });
});

describe("AWS's section on premature transitions", () => {
  const alarm = criteria({ missing: 'missing' });

  it.each(['- - - - X', '- - - X -'])('%s does not go into ALARM, because the next point may be within the threshold', (points) => {
    for (const before of ['OK', 'INSUFFICIENT_DATA'] as const) expect(evaluate(alarm, pointsOf(points), before).state).not.toBe('ALARM');
  });

  it.each(['- - - X 0', '- - X - 0'])('%s, which may follow, is OK', (points) => {
    expect(evaluate(alarm, pointsOf(points), 'OK').state).toBe('OK');
  });

  it.each(['- - X - X', '- X - X -', 'X - - - -'])(
    '%s goes into ALARM with fewer points than it takes, because M periods have passed',
    (points) => {
      expect(evaluate(alarm, pointsOf(points), 'OK').state).toBe('ALARM');
    },
  );

  it('an alarm that fires does not turn OK on breaching points alone', () => {
    for (const missing of ['missing', 'ignore'] as const)
      expect(evaluate(criteria({ missing }), pointsOf('- - - - X'), 'ALARM').state).toBe('ALARM');
  });
});

describe('an evaluation', () => {
  it('looks at two points more than it needs, as in all of the examples', () => {
    expect(evaluationRange(3)).toBe(5);
  });

  it.each([
    ['GreaterThanOrEqualToThreshold', [false, true, true]],
    ['GreaterThanThreshold', [false, false, true]],
    ['LessThanThreshold', [true, false, false]],
    ['LessThanOrEqualToThreshold', [true, true, false]],
  ] as const)('%s holds below, at and above the threshold as named', (comparison, expected) => {
    expect([4, 5, 6].map((value) => isBreaching(value, comparison, 5))).toEqual(expected);
  });

  it('says which values decided', () => {
    const { reason } = evaluate(criteria({ datapointsToAlarm: 2 }), [null, null, 0, 1, 1], 'OK');
    expect(reason).toBe('Threshold Crossed: 2 out of the last 3 datapoints were greater than or equal to the threshold (1): [0, 1, 1].');
  });

  it('never turns from ALARM to OK when a point that was missing or good breaches instead', () => {
    fc.assert(
      fc.property(anyCriteria, fc.constantFrom(...ALARM_STATES), fc.gen(), (alarm, before, gen) => {
        const length = evaluationRange(alarm.evaluationPeriods);
        const points = gen(fc.array, fc.constantFrom(null, 0, 1), { minLength: length, maxLength: length });
        const worse = points.map((point) => (gen(fc.boolean) ? 1 : point));
        fc.pre(evaluate(alarm, points, before).state === 'ALARM');
        expect(evaluate(alarm, worse, before).state).toBe('ALARM');
      }),
    );
  });

  it('of a range without gaps is M of the last N, whatever missing data means', () => {
    fc.assert(
      fc.property(anyCriteria, fc.constantFrom(...ALARM_STATES), fc.gen(), (alarm, before, gen) => {
        const length = evaluationRange(alarm.evaluationPeriods);
        const points = gen(fc.array, fc.constantFrom(0, 1), { minLength: length, maxLength: length });
        const bad = points.slice(-alarm.evaluationPeriods).filter((point) => point === 1).length;
        expect(evaluate(alarm, points, before).state).toBe(bad >= alarm.datapointsToAlarm ? 'ALARM' : 'OK');
      }),
    );
  });
});

const anyCriteria = fc
  .record({
    n: fc.integer({ min: 1, max: 6 }),
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    missing: fc.constantFrom(...MISSING_DATA),
  })
  .map(({ n, share, missing }) => criteria({ evaluationPeriods: n, datapointsToAlarm: 1 + Math.floor(share * n), missing }));

function criteria(more: Partial<Criteria> = {}): Criteria {
  const [comparison] = COMPARISONS;
  return { comparison, threshold: 1, evaluationPeriods: 3, datapointsToAlarm: 3, missing: 'missing', ...more };
}

/** "0 is a non-breaching data point, X is a breaching data point, and - is a missing data point." */
function pointsOf(text: string): Points {
  return text.split(' ').map((each) => (each === '-' ? null : each === 'X' ? 1 : 0));
}

function treatment(text: string): MissingData {
  const found = MISSING_DATA.find((each) => each === text);
  if (found === undefined) throw new Error(`no treatment "${text}"`);
  return found;
}
