/** Metric math at work. What is missing, and what that makes of an operation, is as AWS documents it, table by table. Pure. */
import type { Points } from './evaluate.ts';
import { type Expression, MathError, type Operator } from './math.ts';

export type Value =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'series'; readonly points: Points }
  | { readonly kind: 'list'; readonly series: readonly Points[] };

export interface Operands {
  /** Points of a metric, one for each period of the range, newest last. */
  readonly pointsOf: (id: string) => Points;
  readonly periodSeconds: number;
  /** Periods of the range. */
  readonly length: number;
}

/** @throws {MathError} when the types do not fit, which does not depend on the points; or the result is no time series */
export const seriesOf = (expression: Expression, operands: Operands): Points => {
  const value = valueOf(expression, operands);
  if (value.kind !== 'series') throw new MathError(`given an expression that results in a ${value.kind}; supported: one time series`);
  return value.points;
};

const valueOf = (expression: Expression, operands: Operands): Value => {
  switch (expression.kind) {
    case 'number':
      return { kind: 'scalar', value: expression.value };
    case 'id':
      return series(operands.pointsOf(expression.id));
    case 'list':
      return { kind: 'list', series: expression.items.flatMap((item) => manyOf(valueOf(item, operands), 'a list')) };
    case 'negation':
      return combine('-', { kind: 'scalar', value: 0 }, valueOf(expression.of, operands));
    case 'binary':
      return combine(expression.operator, valueOf(expression.left, operands), valueOf(expression.right, operands));
    case 'fill':
      return fill(valueOf(expression.of, operands), expression.with === 'REPEAT' ? 'REPEAT' : valueOf(expression.with, operands));
    case 'call':
      return call(expression, operands);
  }
};

const call = ({ name, args }: Extract<Expression, { readonly kind: 'call' }>, operands: Operands): Value => {
  const values = args.map((each) => valueOf(each, operands));
  const [first, second, third] = values;
  const count = (least: number, most = least): void => {
    if (args.length < least || args.length > most)
      throw new MathError(`given ${name} of ${args.length} arguments; supported: ${least === most ? least : `${least} or ${most}`}`);
  };
  switch (name) {
    case 'IF':
      count(2, 3);
      if (first === undefined || second === undefined) throw new MathError('given IF without its arguments; supported: 2 or 3');
      return series(choose(first, second, third, operands.length));
    case 'PERIOD':
      count(1);
      if (args[0]?.kind !== 'id' || first?.kind !== 'series')
        throw new MathError('given PERIOD of an expression; supported: the id of a metric');
      return { kind: 'scalar', value: operands.periodSeconds };
    case 'ABS':
    case 'CEIL':
    case 'FLOOR': {
      count(1);
      const change = name === 'ABS' ? Math.abs : name === 'CEIL' ? Math.ceil : Math.floor;
      return eachPoint(first, name, (point) => change(point));
    }
    default:
      count(1);
      if (first?.kind !== 'list')
        throw new MathError(
          `given ${name} of one ${first?.kind ?? 'thing'}; supported: ${name}([a, b]). AWS advises against ${name} of a series in alarms, whose range is longer than what they evaluate`,
        );
      return series(first.series.length === 0 ? [] : across(first.series, AGGREGATES[name]));
  }
};

/** Of the points that there are at one time; never of none. `all`: series of the list. */
const AGGREGATES = {
  SUM: (points: readonly number[]): number => points.reduce((total, each) => total + each, 0),
  /** Missing values count as 0. */
  AVG: (points: readonly number[], all: number): number => points.reduce((total, each) => total + each, 0) / all,
  /** Of what is there: AWS says of neither what a missing value counts as. */
  MAX: (points: readonly number[]): number => Math.max(...points),
  MIN: (points: readonly number[]): number => Math.min(...points),
} as const;

const across = (list: readonly Points[], aggregate: (points: readonly number[], all: number) => number): Points =>
  (list[0] ?? []).map((_, index) => {
    const points = list.flatMap((each) => each[index] ?? []);
    return points.length === 0 ? null : aggregate(points, list.length);
  });

/** Arithmetic and comparisons: a missing value is 0 where another operand has one, and nothing where none has. */
const combine = (operator: Operator, left: Value, right: Value): Value => {
  if (left.kind === 'list' || right.kind === 'list') return combineLists(operator, left, right);
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    const value = apply(operator, left.value, right.value);
    if (value === null) throw new MathError(`given ${left.value} ${operator} ${right.value}, which is no number; supported: numbers`);
    return { kind: 'scalar', value };
  }
  const [one, other] = [left, right];
  const length = one.kind === 'series' ? one.points.length : other.kind === 'series' ? other.points.length : 0;
  const at = (value: Exclude<Value, { readonly kind: 'list' }>, index: number): number | null =>
    value.kind === 'scalar' ? value.value : (value.points[index] ?? null);
  const isThere = (value: Value, index: number): boolean => value.kind === 'series' && (value.points[index] ?? null) !== null;
  return series(
    Array.from({ length }, (_, index) =>
      isThere(one, index) || isThere(other, index) ? apply(operator, at(one, index) ?? 0, at(other, index) ?? 0) : null,
    ),
  );
};

const combineLists = (operator: Operator, left: Value, right: Value): Value => {
  if (!ARITHMETIC_OPERATORS.has(operator) || (left.kind === 'list' && right.kind === 'list'))
    throw new MathError(
      `given ${operator} between a ${left.kind} and a ${right.kind}; supported: arithmetic of a list and one series or number`,
    );
  const [list, with_] = left.kind === 'list' ? [left.series, right] : [right.kind === 'list' ? right.series : [], left];
  const results = list.map((points) =>
    left.kind === 'list' ? combine(operator, series(points), with_) : combine(operator, with_, series(points)),
  );
  return { kind: 'list', series: results.flatMap((each) => manyOf(each, operator)) };
};

const ARITHMETIC_OPERATORS: ReadonlySet<Operator> = new Set(['+', '-', '*', '/', '^']);

/** Null where the point is dropped: divided by zero, or beyond what a number holds. */
const apply = (operator: Operator, left: number, right: number): number | null => {
  const result = compute(operator, left, right);
  return Number.isFinite(result) ? result : null;
};

const compute = (operator: Operator, left: number, right: number): number => {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '^':
      return left ** right;
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<=':
      return Number(left <= right);
    case '>=':
      return Number(left >= right);
    case '<':
      return Number(left < right);
    case '>':
      return Number(left > right);
    case 'AND':
      return Number(left !== 0 && right !== 0);
    case 'OR':
      return Number(left !== 0 || right !== 0);
  }
};

/** `IF(condition, then, otherwise)`: a point of `then` that is missing is 0, one of `otherwise` is dropped. */
const choose = (condition: Value, then: Value, otherwise: Value | undefined, length: number): Points => {
  if (condition.kind === 'list' || then.kind === 'list' || otherwise?.kind === 'list')
    throw new MathError('given IF with a list; supported: time series and numbers');
  if (condition.kind === 'scalar') {
    if (then.kind === 'scalar') throw new MathError('given IF of two numbers; supported: IF(number, series, series)');
    if (condition.value !== 0) return then.points;
    if (otherwise?.kind === 'scalar') throw new MathError('given IF with a number as third argument of a number; supported: a series');
    return otherwise?.points ?? Array.from({ length }, () => null);
  }
  return condition.points.map((point, index) => {
    if (point === null) return null;
    if (point !== 0) return then.kind === 'scalar' ? then.value : (then.points[index] ?? 0);
    return otherwise === undefined ? null : otherwise.kind === 'scalar' ? otherwise.value : (otherwise.points[index] ?? null);
  });
};

const fill = (value: Value, filler: Value | 'REPEAT'): Value => {
  if (filler !== 'REPEAT' && filler.kind !== 'scalar')
    throw new MathError(`given FILL with a ${filler.kind}; supported: a number or REPEAT`);
  const filled = (points: Points): Points => {
    let last: number | null = null;
    return points.map((point) => {
      last = point ?? last;
      return point ?? (filler === 'REPEAT' ? last : filler.value);
    });
  };
  if (value.kind === 'list') return { kind: 'list', series: value.series.map(filled) };
  return series(filled(oneOf(value, 'FILL')));
};

const eachPoint = (value: Value | undefined, name: string, change: (point: number) => number): Value => {
  const changed = (points: Points): Points => points.map((point) => (point === null ? null : change(point)));
  if (value?.kind === 'list') return { kind: 'list', series: value.series.map(changed) };
  return series(changed(oneOf(value, name)));
};

const series = (points: Points): Value => ({ kind: 'series', points });

const oneOf = (value: Value | undefined, where: string): Points => {
  if (value?.kind === 'series') return value.points;
  throw new MathError(`given ${where} of a ${value?.kind ?? 'missing argument'}; supported: a time series or a list of them`);
};

const manyOf = (value: Value, where: string): readonly Points[] => (value.kind === 'list' ? value.series : [oneOf(value, where)]);
