/**
 * What a region's front door answered, as metrics: those of API Gateway, and those of the API function by alias and
 * version, which the emulator does not count for calls that come through API Gateway. Pure.
 *
 * Who supplies what, so that nothing is counted twice: all that carries `Resource` comes from here, and so do `Errors`,
 * which no log tells; `Invocations` and `Duration` of a whole function come from its log (`function-logs.ts`), which sees its
 * direct calls too.
 */
import { ALIAS, OUTPUTS } from '../../functions/contract/names.ts';
import type { Stack } from '../deployment/assembly.ts';
import type { Served } from '../region/protocol.ts';
import { isObject } from '../route53/intrinsics.ts';
import type { Metric } from './alarm.ts';
import type { Datapoint } from './metrics.ts';
import type { Lookups } from './template.ts';

/** The names that a cell's metrics carry. */
export interface Api {
  readonly name: string;
  readonly stage: string;
  readonly functionName: string;
}

/** Dimension of the version that served, where an alias leads to several. */
const VERSION = 'ExecutedVersion';
/** What API Gateway answers for a function that threw, timed out or died; the function itself never answers it. */
const NO_ANSWER = 502;

/** Of the stack whose outputs name an API and its function; undefined for other stacks. */
export const apiOf = ({ template }: Stack, lookups: Lookups): Api | undefined => {
  const api = dig(template, 'Outputs', OUTPUTS.restApiId, 'Value', 'Ref');
  const handler = dig(template, 'Outputs', OUTPUTS.apiFunction, 'Value', 'Ref');
  const stage = dig(template, 'Outputs', OUTPUTS.stageName, 'Value');
  if (typeof api !== 'string' || typeof handler !== 'string' || typeof stage !== 'string') return undefined;
  const name = dig(template, 'Resources', api, 'Properties', 'Name');
  return typeof name === 'string' ? { name, stage, functionName: lookups.physical(handler) } : undefined;
};

/** @param atMs when the answers were told, which is within a second of when they were given */
export const datapointsOf = (api: Api, atMs: number, answers: readonly Served[]): readonly Datapoint[] =>
  answers.flatMap(([version, status, milliseconds]) => {
    const gateway = gatewayMetrics(api).flatMap((dimensions) => [
      datapoint('AWS/ApiGateway', 'Count', dimensions, 1),
      datapoint('AWS/ApiGateway', '4XXError', dimensions, Number(status >= 400 && status < 500)),
      datapoint('AWS/ApiGateway', '5XXError', dimensions, Number(status >= 500)),
      datapoint('AWS/ApiGateway', 'Latency', dimensions, milliseconds),
    ]);
    if (version === null) return at(atMs, gateway);
    const error = Number(status === NO_ANSWER);
    const whole = datapoint('AWS/Lambda', 'Errors', { FunctionName: api.functionName }, error);
    const byAlias = aliasMetrics(api, version).flatMap((dimensions) => [
      datapoint('AWS/Lambda', 'Invocations', dimensions, 1),
      datapoint('AWS/Lambda', 'Errors', dimensions, error),
      datapoint('AWS/Lambda', 'Duration', dimensions, milliseconds),
    ]);
    return at(atMs, [...gateway, whole, ...byAlias]);
  });

/** Whether `datapointsOf` has values of a metric. */
export const isSuppliedBy = (api: Api, { namespace, name, dimensions }: Metric): boolean => {
  const version = dimensions[VERSION] ?? '';
  return datapointsOf(api, 0, [[version, 200, 1]]).some(
    ({ metric }) => metric.namespace === namespace && metric.name === name && sameDimensions(metric.dimensions, dimensions),
  );
};

type Dimensions = Metric['dimensions'];
type Measured = Omit<Datapoint, 'atMs'>;

const gatewayMetrics = ({ name, stage }: Api): readonly Dimensions[] => [{ ApiName: name }, { ApiName: name, Stage: stage }];

const aliasMetrics = ({ functionName }: Api, version: string): readonly Dimensions[] => {
  const alias = { FunctionName: functionName, Resource: `${functionName}:${ALIAS}` };
  return [alias, { ...alias, [VERSION]: version }];
};

const datapoint = (namespace: string, name: string, dimensions: Dimensions, value: number): Measured => ({
  metric: { namespace, name, dimensions },
  value,
});

const at = (atMs: number, measured: readonly Measured[]): readonly Datapoint[] => measured.map((each) => ({ ...each, atMs }));

const sameDimensions = (one: Dimensions, other: Dimensions): boolean =>
  Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([key, value]) => other[key] === value);

const dig = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
