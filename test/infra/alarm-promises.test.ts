import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { type Alarm, metricsOf as queriesOf } from '../../local/cloudwatch/alarm.ts';
import { readAlarms } from '../../local/cloudwatch/alarms.ts';
import { AlarmBoard } from '../../local/cloudwatch/board.ts';
import { alarmsThatNeverFire } from '../../local/cloudwatch/fireable.ts';
import type { Datapoint } from '../../local/cloudwatch/metrics.ts';
import { SYMBOLIC } from '../../local/cloudwatch/template.ts';
import { readStacks } from '../../local/deployment/assembly.ts';
import { ALARM_PROMISES, COMPOSITE_PROMISES, type Played } from './alarm-promises.ts';
import { alarmsOf, metricsOf, only } from './lookup.ts';
import { configOf, DOMAIN, dig, list, REGIONS, type Resource, type Synthesized, synthesize } from './system.ts';

const [HERE] = REGIONS;
const behindDomain = synthesize(configOf(3, { domain: DOMAIN, backup: { copyTo: { account: '111122223333', vault: 'copies' } } }));
afterAll(() => behindDomain.remove());

const stacks = [behindDomain.stack(STACKS.cell(HERE)), behindDomain.stack(STACKS.global)];
const written = stacks.flatMap((template) => [...alarmsOf(template)].map(([name, alarm]) => ({ name, alarm, template })));
const read = readAlarms(
  readStacks(behindDomain.folder).filter(({ name }) => stacks.some(({ stack }) => stack === name)),
  () => SYMBOLIC,
);
/** `HeartbeatAge-us-east-2` promises what `HeartbeatAge-PEER` does. */
const promiseOf = (name: string): string => name.replace(/-[a-z]{2}-[a-z]+-\d$/, name.startsWith('OutOfService') ? '-REGION' : '-PEER');
const isComposite = ({ Type }: Resource): boolean => Type === 'AWS::CloudWatch::CompositeAlarm';
const metricAlarms = written.filter(({ alarm }) => !isComposite(alarm));

describe('the table of alarms', () => {
  let open: Synthesized;
  beforeAll(() => {
    open = synthesize(configOf(2));
    open.remove();
  });

  test('has every alarm of the templates, and no other', () => {
    const promised = [...Object.keys(ALARM_PROMISES), ...Object.keys(COMPOSITE_PROMISES)];
    expect([...new Set(written.map(({ name }) => promiseOf(name)))].toSorted()).toEqual(promised.toSorted());
    const elsewhere = open.templates.flatMap((template) => [...alarmsOf(template).keys()].map(promiseOf));
    expect(elsewhere.filter((name) => !promised.includes(name))).toEqual([]);
  });

  test('has none that can never fire', () => {
    expect(alarmsThatNeverFire(read).map(({ id }) => id)).toEqual([]);
  });
});

describe.each(metricAlarms)('$name', ({ name, alarm: { Properties }, template }) => {
  const promise = ALARM_PROMISES[promiseOf(name)] ?? missing(name);
  const at = (...path: readonly (string | number)[]) => dig(Properties, ...path);

  test('looks at what is promised, fires at what is promised, and tells whom is promised', () => {
    const watched = metricsOf({ Properties }).map(({ namespace, name: metric, statistic, dimensions }) =>
      [
        `${namespace} ${metric} ${statistic}`,
        ...(Object.keys(dimensions).length > 0 ? ['by', ...Object.keys(dimensions).toSorted()] : []),
      ].join(' '),
    );
    const operators: Readonly<Record<string, string>> = { GreaterThanOrEqualToThreshold: '>=', LessThanThreshold: '<' };
    const topic = promise.severity === 'part' ? undefined : [{ Ref: only(template, 'AWS::SNS::Topic').id }];
    expect({
      metrics: watched,
      expression: at('Metrics', 0, 'Expression'),
      periods: [...new Set([at('Period') ?? [], ...list(at('Metrics')).map((each) => dig(each, 'MetricStat', 'Period') ?? [])].flat())],
      of: `${at('DatapointsToAlarm')} of ${at('EvaluationPeriods')}`,
      when: `${operators[String(at('ComparisonOperator'))]} ${at('Threshold')}`,
      missing: at('TreatMissingData'),
      severity: String(at('AlarmDescription')).split(':')[0],
      actions: [at('AlarmActions'), at('OKActions'), at('InsufficientDataActions')],
      enabled: at('ActionsEnabled') ?? true,
    }).toEqual({
      metrics: promise.metrics,
      expression: promise.expression,
      periods: [promise.periodSeconds],
      of: promise.periods,
      when: promise.when,
      missing: promise.missing,
      severity: promise.severity,
      actions: [topic, topic, undefined],
      enabled: true,
    });
  });

  test('is silent just below, and fires with the last of the periods that it takes', () => {
    expect(promise.silent.length * promise.fires.length).toBeGreaterThan(0);
    for (const played of promise.silent) expect([played, firedAt(name, played)]).toEqual([played, undefined]);
    for (const played of promise.fires) expect([played, firedAt(name, played)]).toEqual([played, lengthOf(played) - 1]);
    const soonest = Math.min(...promise.fires.map(lengthOf));
    expect(soonest * promise.periodSeconds + 60).toBe(promise.withinSeconds);
  });
});

describe.each(written.filter(({ alarm }) => isComposite(alarm)))('$name', ({ name }) => {
  const promise = COMPOSITE_PROMISES[promiseOf(name) === 'Impaired-PEER' ? 'Impaired-PEER' : missing(name)];

  test('pages while the one fires and the other does not', () => {
    const peer = name.replace('Impaired-', '');
    const bad = promise.while.replace('PEER', peer);
    expect(statesAfter([bad], name)).toBe('ALARM');
    expect(statesAfter([bad, promise.butNot], name)).toBe('OK');
    expect(statesAfter([promise.butNot], name)).toBe('OK');
    expect(statesAfter([], name)).toBe('OK');
  });
});

function missing(name: string): never {
  throw new Error(`${name} is in no table; say in alarm-promises.ts what it promises`);
}

function alarmNamed(name: string): Alarm {
  return read.find(({ id }) => id === name) ?? missing(name);
}

function isOne(played: Played): played is readonly (number | null)[] {
  return Array.isArray(played);
}

function seriesOf(played: Played, metric: string): readonly (number | null)[] {
  return isOne(played) ? played : (played[metric] ?? []);
}

function lengthOf(played: Played): number {
  return Math.max(...(isOne(played) ? [played] : Object.values(played)).map(({ length }) => length));
}

/** The period after which the alarm fires, from 0; undefined: it never does. */
function firedAt(name: string, played: Played): number | undefined {
  const alarm = alarmNamed(name);
  const { healthy, periodSeconds } = ALARM_PROMISES[promiseOf(name)] ?? missing(name);
  if (alarm.kind !== 'metric') return missing(name);
  const periodMs = periodSeconds * 1_000;
  const before = alarm.evaluationPeriods + 2;
  const board = new AlarmBoard();
  board.use([alarm]);
  for (let period = 0; period < before + lengthOf(played); period += 1) {
    const valueOf = (metric: string): number | null => {
      if (period >= before) return seriesOf(played, metric)[period - before] ?? null;
      return typeof healthy === 'number' ? healthy : (healthy[metric] ?? null);
    };
    board.add(pointsOf(alarm, period * periodMs + 1, valueOf), period * periodMs);
    board.evaluate((period + 1) * periodMs);
    const state = board.verdicts.get(alarm.name)?.state;
    if (period === before - 1) expect(state).toBe('OK');
    // Before, one that takes silence for the worst fires until it has seen enough.
    if (period >= before && state === 'ALARM') return period - before;
  }
  return undefined;
}

/** So that the statistic of each metric is the value. */
function pointsOf(alarm: Alarm, atMs: number, valueOf: (metric: string) => number | null): readonly Datapoint[] {
  return queriesOf(alarm).flatMap(({ metric, statistic }) => {
    const value = valueOf(metric.name);
    if (value === null) return [];
    return statistic.kind === 'SampleCount' ? Array.from({ length: value }, () => ({ metric, atMs, value: 0 })) : [{ metric, atMs, value }];
  });
}

/** How a composite stands when the journeys of these alarms have failed for long. */
function statesAfter(failing: readonly string[], name: string): string | undefined {
  const board = new AlarmBoard();
  board.use(read);
  for (let minute = 0; minute < 5; minute += 1) {
    const journeys = read.filter(({ id }) => id === 'OwnJourney' || id.startsWith('Journey-'));
    for (const each of journeys)
      board.add(
        pointsOf(each, minute * 60_000, () => (failing.includes(each.id) ? 1 : 0)),
        minute * 60_000,
      );
    board.evaluate((minute + 1) * 60_000);
  }
  return board.verdicts.get(alarmNamed(name).name)?.state;
}
