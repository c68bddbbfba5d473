/** Alarms, as CloudWatch evaluates them. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const evaluate = mutationsOf('local/cloudwatch/evaluate.ts', 'test/local/cloudwatch/evaluate.test.ts');
const board = mutationsOf('local/cloudwatch/board.ts', 'test/local/cloudwatch/board.test.ts');
const math = mutationsOf('local/cloudwatch/math-values.ts', 'test/local/cloudwatch/math.test.ts');
const parser = mutationsOf('local/cloudwatch/math.ts', 'test/local/cloudwatch/math.test.ts');
const composite = mutationsOf('local/cloudwatch/composite.ts', 'test/local/cloudwatch/composite.test.ts');
const metrics = mutationsOf('local/cloudwatch/metrics.ts', 'test/local/cloudwatch/metrics.test.ts');
const alarms = mutationsOf('local/cloudwatch/alarms.ts', 'test/local/cloudwatch/alarms.test.ts');
const fireable = mutationsOf('local/cloudwatch/fireable.ts', 'test/local/cloudwatch/fireable.test.ts');

export const CLOUDWATCH: readonly TestedMutation[] = [
  evaluate(
    'evaluate-silence-is-well',
    'silence that is breaching does not count',
    "(missing === 'breaching' ? absent : 0)",
    "(missing === 'missing' ? absent : 0)",
  ),
  evaluate(
    'evaluate-one-more',
    'an alarm takes one bad point more than is said',
    'if (bad >= datapointsToAlarm)',
    'if (bad > datapointsToAlarm)',
  ),
  evaluate(
    'evaluate-at-the-threshold',
    'a value at the threshold does not reach it',
    'return value >= threshold;',
    'return value > threshold;',
  ),
  evaluate('evaluate-premature', 'missing data fires too early', 'oldest.age >= datapointsToAlarm', 'oldest.age >= 1'),
  evaluate('evaluate-good-points-fade', 'points that are missing make up for good ones', "(missing === 'notBreaching' ? absent : 0)", '0'),
  evaluate('evaluate-range', 'no older points stand in for missing ones', 'const EXTRA_POINTS = 2;', 'const EXTRA_POINTS = 0;'),
  board(
    'board-forgets-states',
    'an alarm that is updated loses its state',
    'if (!this.#verdicts.has(name)) this.#verdicts.set(name, INITIAL);',
    'this.#verdicts.set(name, INITIAL);',
  ),
  board(
    'board-running-minute',
    'the minute that runs counts',
    'const untilMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;',
    'const untilMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS;',
  ),
  board(
    'board-fixed-windows',
    'longer periods are fixed ones',
    'const toMs = untilMs - periodsBack * periodSeconds * 1_000;',
    'const toMs = Math.floor(untilMs / (periodSeconds * 1_000) - periodsBack) * periodSeconds * 1_000;',
  ),
  board('board-future-counts', 'data from far in the future is taken', 'datapoint.atMs <= nowMs + FUTURE_MS_MAX', 'datapoint.atMs > 0'),
  math(
    'math-missing-is-nothing',
    'a missing value beside another makes the point vanish',
    'isThere(one, index) || isThere(other, index)',
    'isThere(one, index) && isThere(other, index)',
  ),
  math(
    'math-divides-by-zero',
    'a division by zero is 0',
    'Number.isFinite(result) ? result : null',
    'Number.isFinite(result) ? result : 0',
  ),
  math('math-if-then', 'a point of THEN that is missing is dropped', '(then.points[index] ?? 0)', '(then.points[index] ?? null)'),
  math('math-average', 'the average leaves missing values out', '/ all,', '/ points.length,'),
  parser(
    'math-from-the-right',
    'operators of one rank are read from the right',
    'right: this.#level(level + 1) };',
    'right: this.#level(level) };',
  ),
  composite(
    'composite-or-before-and',
    'OR binds tighter than AND',
    "while (this.#take('AND')) left = { kind: 'and', left, right: this.#one() };",
    "while (this.#take('AND')) left = { kind: 'and', left, right: this.#either() };",
  ),
  composite(
    'composite-any-state',
    'OK is asked for and ALARM is taken',
    'return stateOf(rule.alarm) === rule.state;',
    "return stateOf(rule.alarm) === 'ALARM';",
  ),
  composite('composite-parents-first', 'a composite comes before those it asks for', '    ordered.add(composite);\n  };', '  };'),
  metrics('metrics-percentile', 'a percentile is one value too low', 'if (seen >= rank) return value;', 'if (seen > rank) return value;'),
  metrics(
    'metrics-dimensions',
    'metrics of other dimensions are one',
    'JSON.stringify([namespace, name, Object.entries',
    'JSON.stringify([namespace, name, [] && Object.keys',
  ),
  metrics('metrics-window', 'the minute after the window counts', 'start >= fromMs && start < toMs', 'start >= fromMs && start <= toMs'),
  alarms(
    'alarms-dynamodb',
    'missing data of DynamoDB means what was chosen',
    "return watchesDynamoDb(source) ? { ...alarm, missing: 'ignore' } : alarm;",
    'return alarm;',
  ),
  alarms(
    'alarms-default-of-m',
    'M is 1 where it is not said',
    'given.DatapointsToAlarm ?? evaluationPeriods',
    'given.DatapointsToAlarm ?? 1',
  ),
  fireable(
    'fireable-negative',
    'a threshold below zero is thought to be reachable',
    "statistic.kind === 'SampleCount' ? 1 : 0, isShare",
    "statistic.kind === 'SampleCount' ? 1 : -1, isShare",
  ),
  fireable(
    'fireable-shares',
    'a share is thought to reach five',
    "(namespace === 'AWS/ApiGateway' && (name",
    "(namespace === 'AWS/Nothing' && (name",
  ),
  mutationsOf('local/cloudwatch/alarms.ts', 'test/local/cloudwatch/alarms.test.ts')(
    'all-of-dynamodb',
    'an alarm on DynamoDB and something else fires in silence, as none does on AWS',
    ".some(({ metric }) => metric.namespace === 'AWS/DynamoDB')",
    ".every(({ metric }) => metric.namespace === 'AWS/DynamoDB')",
  ),
];
