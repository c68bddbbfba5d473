import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAlarms } from '../../../local/cloudwatch/alarms.ts';
import { alarmsThatNeverFire, TooManyCombinationsError } from '../../../local/cloudwatch/fireable.ts';
import { SYMBOLIC } from '../../../local/cloudwatch/template.ts';
import { readStacks, type Stack } from '../../../local/deployment/assembly.ts';
import { configOf, DOMAIN, type Synthesized, synthesize } from '../../infra/system.ts';
import { alarm, composite, mathAlarm, stackOf, type Written } from './templates.ts';

const NEVER: Readonly<Record<string, Written>> = {
  WrongSide: alarm({ ComparisonOperator: 'LessThanThreshold', Threshold: 0 }),
  BelowNoSample: alarm({ Statistic: 'SampleCount', ComparisonOperator: 'LessThanThreshold', Threshold: 1 }),
  ShareAsPercentage: alarm({ Namespace: 'AWS/ApiGateway', MetricName: '5XXError', Statistic: 'Average', Threshold: 5 }),
  FilledAway: mathAlarm('FILL(m1, 1) < 0', 1),
  NoNegative: mathAlarm('m1 * m2', 2, { ComparisonOperator: 'LessThanThreshold', Threshold: 0 }),
  AlwaysMissing: mathAlarm('IF(m1 < 0, m1)', 1, { TreatMissingData: 'ignore' }),
  NeverTrue: mathAlarm('m1 > 5 AND m1 < 3', 1),
  MissingIsGood: mathAlarm('FILL(m1, 7)', 1, { ComparisonOperator: 'LessThanThreshold', Threshold: 0, TreatMissingData: 'breaching' }),
  Contradiction: composite('ALARM(Fine) AND NOT ALARM(Fine)'),
  OnOneThatNeverFires: composite('ALARM(WrongSide) AND ALARM(Fine)'),
  DeepContradiction: composite('ALARM(FineToo) AND OK(Fine)'),
  False: composite('FALSE OR FALSE'),
};
const FIRES: Readonly<Record<string, Written>> = {
  Fine: alarm({ EvaluationPeriods: 5, DatapointsToAlarm: 3 }),
  Silent: alarm({ ComparisonOperator: 'LessThanThreshold', Threshold: 0, TreatMissingData: 'breaching' }),
  Zero: alarm({ ComparisonOperator: 'LessThanOrEqualToThreshold', Threshold: 0 }),
  Rate: mathAlarm('FILL(m1, 0) / m2 * 100', 2, { Threshold: 50 }),
  Share: alarm({ Namespace: 'AWS/ApiGateway', MetricName: '5XXError', Statistic: 'Average', Threshold: 0.05 }),
  Sum: alarm({ Namespace: 'AWS/ApiGateway', MetricName: '5XXError', Statistic: 'Sum', Threshold: 5 }),
  Band: mathAlarm('m1 > 5 AND m1 < 13', 1, { Threshold: 1 }),
  FineToo: composite('ALARM(Fine)'),
  Excused: composite('ALARM(Fine) AND NOT ALARM(Rate)'),
  New: composite('INSUFFICIENT_DATA(Fine)'),
};

describe('alarms that can never fire', () => {
  it('are found, and only those', () => {
    expect(never([stackOf({ ...FIRES, ...NEVER })])).toEqual(Object.keys(NEVER));
  });

  it('are not guessed at: too much to try is refused', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`A${index}`, alarm()]));
    const rule = Object.keys(many)
      .map((name) => `ALARM(${name})`)
      .join(' AND ');
    const tooMuch = () => never([stackOf({ ...many, All: composite(rule) })]);
    expect(tooMuch).toThrow(TooManyCombinationsError);
    expect(tooMuch).toThrow('alarm All hangs on 12 things in 531441 combinations; at most 200000 are tried');
  });
});

describe('the alarms of the templates', () => {
  let system: Synthesized;
  beforeAll(() => {
    system = synthesize(configOf(3, { domain: DOMAIN }));
  });
  afterAll(() => system?.remove());

  it('are all understood, and each can fire', () => {
    const byRegion = Map.groupBy(readStacks(system.folder), ({ region }) => region);
    expect(byRegion.size).toBeGreaterThanOrEqual(3);
    for (const stacks of byRegion.values()) {
      expect(readAlarms(stacks, () => SYMBOLIC).length).toBeGreaterThan(0);
      expect(never(stacks)).toEqual([]);
    }
  });
});

function never(stacks: readonly Stack[]): readonly string[] {
  return alarmsThatNeverFire(readAlarms(stacks, () => SYMBOLIC)).map(({ id }) => id);
}
