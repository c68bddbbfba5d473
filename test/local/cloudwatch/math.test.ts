/** The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Points } from '../../../local/cloudwatch/evaluate.ts';
import { MathError, parseMath } from '../../../local/cloudwatch/math.ts';
import { seriesOf } from '../../../local/cloudwatch/math-values.ts';

const _ = null;

describe("AWS's table of comparison and logical operators", () => {
  const series = { metric1: [30, 20, 0, 0], metric2: [20, _, 20, _] };
  it.each([
    ['(metric1 < metric2)', [0, 0, 1, 0]],
    ['(metric1 >= 30)', [1, 0, 0, 0]],
    ['(metric1 > 15 AND metric2 > 15)', [1, 0, 0, 0]],
  ])('%s', (expression, expected) => {
    expect(compute(expression, series)).toEqual(expected);
  });
});

describe("AWS's tables of IF", () => {
  const series = { metric1: [1, 1, 0, 0, _], metric2: [30, _, 0, 0, 30], metric3: [0, 0, 20, _, 20] };
  it.each([
    ['IF(metric1, metric2, metric3)', [30, 0, 20, _, _]],
    ['IF(metric1, 5, metric3)', [5, 5, 20, _, _]],
    ['IF(metric1, metric2, 5)', [30, 0, 5, 5, _]],
    ['IF(1, metric2, metric3)', series.metric2],
    ['IF(0, metric2, metric3)', series.metric3],
    ['IF(0, metric2)', [_, _, _, _, _]],
    ['IF(metric3<10, metric3)', [0, 0, _, _, _]],
  ])('%s', (expression, expected) => {
    expect(compute(expression, series)).toEqual(expected);
  });
});

describe('metric math', () => {
  const series = { e: [1, _, 4, _, 2], r: [10, 20, _, _, 0] };
  it.each([
    ['e/r*100, an error rate: no errors are 0 %, and without requests there is no rate', 'e/r*100', [10, 0, _, _, _]],
    ['a missing value is 0 where the other has one', 'e+r', [11, 20, 4, _, 2]],
    ['a missing value beside a number stays missing', '5*e', [5, _, 20, _, 10]],
    ['the order of operations', '1+e*2^2', [5, _, 17, _, 9]],
    ['from the left', 'e-1-1', [-1, _, 2, _, 0]],
    ['parentheses and a sign', '-(e+1)', [-2, _, -5, _, -3]],
    ['OR before nothing, AND before OR', 'e > 3 OR e > 1 AND e < 3', [0, _, 1, _, 1]],
    ['the other spellings', 'e > 3 || e > 1 && e < 3', [0, _, 1, _, 1]],
    ['FILL with a number', 'FILL(e, 7)', [1, 7, 4, 7, 2]],
    ['FILL with the last value', 'FILL(r, REPEAT)', [10, 20, 20, 20, 0]],
    ['nothing to repeat', 'FILL(IF(e>1, e), REPEAT)', [_, _, 4, 4, 2]],
    ['SUM of a list', 'SUM([e, r])', [11, 20, 4, _, 2]],
    ['AVG of a list counts a missing value as 0', 'AVG([e, r])', [5.5, 10, 2, _, 1]],
    ['MAX of a list, of what is there', 'MAX([e, r])', [10, 20, 4, _, 2]],
    ['MIN of a list, of what is there', 'MIN([e, r])', [1, 20, 4, _, 0]],
    ['MAX of what is negative', 'MAX([0-e, 0-r])', [-1, -20, -4, _, 0]],
    ['MIN of what is negative', 'MIN([0-e, 0-r])', [-10, -20, -4, _, -2]],
    ['arithmetic on a list', 'SUM(100/[e, r])', [110, 5, 25, _, 50]],
    ['CEIL, FLOOR, ABS', 'CEIL(e/3) + FLOOR(e/3) + ABS(0-e)', [2, _, 7, _, 3]],
    ['PERIOD in seconds', 'r/PERIOD(r)', [10 / 60, 20 / 60, _, _, 0]],
  ])('%s', (_title, expression, expected) => {
    expect(compute(expression, series)).toEqual(expected);
  });

  it.each([
    ['RUNNING_SUM(e)', 'given the function RUNNING_SUM; supported: ABS, AVG'],
    ['METRICS()', 'given the function METRICS'],
    ['ANOMALY_DETECTION_BAND(e, 2)', 'given the function ANOMALY_DETECTION_BAND'],
    ['SUM(e)', 'AWS advises against SUM of a series in alarms'],
    ['FILL(e, LINEAR)', 'given "LINEAR"'],
    ['FILL(e, r)', 'given FILL with a series; supported: a number or REPEAT'],
    ['e > [e, r]', 'supported: arithmetic of a list'],
    ['[e, r]', 'results in a list; supported: one time series'],
    ['1 + 1', 'results in a scalar; supported: one time series'],
    ['1/0*e', 'given 1 / 0, which is no number'],
    ['IF(e)', 'given IF of 1 arguments; supported: 2 or 3'],
    ['e +', 'given the end of the expression'],
    ['e r', 'given "r"'],
    ['(e', 'supported here: ")"'],
    ['e % 2', 'given "% 2" at 1'],
    ['NOT e', 'given "NOT"'],
    ['', 'given the end of the expression'],
    [`${'('.repeat(101)}e${')'.repeat(101)}`, 'nested deeper than 100'],
  ])('refuses %s', (expression, message) => {
    expect(() => compute(expression, series)).toThrow(MathError);
    expect(() => compute(expression, series)).toThrow(message);
  });

  it('ends with a refusal or a result for any text, never otherwise', () => {
    const part = fc.constantFrom(
      'e',
      'r',
      '1',
      '0.5',
      '+',
      '-',
      '*',
      '/',
      '^',
      '(',
      ')',
      '[',
      ']',
      ',',
      ' AND ',
      ' OR ',
      '>',
      '==',
      'IF',
      'FILL',
      'SUM',
      'REPEAT',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        try {
          expect(compute(parts.join(''), series)).toHaveLength(5);
        } catch (error) {
          expect(error).toBeInstanceOf(MathError);
        }
      }),
    );
  });

  it('drops a point for values that no number holds, and only for those', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (e, r) => {
        const [quotient] = compute('e / r', { e: [e], r: [r] });
        expect(quotient).toBe(Number.isFinite(e / r) ? e / r : null);
      }),
    );
  });
});

function compute(expression: string, series: Readonly<Record<string, Points>>): Points {
  const length = Object.values(series)[0]?.length ?? 0;
  return seriesOf(parseMath(expression), { periodSeconds: 60, length, pointsOf: (id) => series[id] ?? Array.from({ length }, () => null) });
}
