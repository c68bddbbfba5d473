/** A cell's functions, where they log, and what a line of their logs measures. Pure. */
import type { Stack } from '../deployment/assembly.ts';
import { isObject, resourcesOf } from '../route53/intrinsics.ts';
import { datapointsIn } from './emf.ts';
import type { Datapoint } from './metrics.ts';
import { type Lookups, resolved } from './template.ts';

export interface FunctionLog {
  readonly functionName: string;
  readonly logGroup: string;
}

/** @throws {UnsupportedTemplateError} when a function's log group is no reference and no text */
export const functionLogsOf = (stack: Stack, lookups: Lookups): readonly FunctionLog[] =>
  resourcesOf(stack, 'AWS::Lambda::Function').map((resource) => {
    const functionName = lookups.physical(resource.logicalId);
    const logging = resource.properties['LoggingConfig'];
    const group = resolved(resource, 'LoggingConfig', isObject(logging) ? logging['LogGroup'] : undefined, lookups);
    return { functionName, logGroup: typeof group === 'string' ? group : `/aws/lambda/${functionName}` };
  });

/** Ends each call's lines, whatever became of it. */
const REPORT = /^REPORT RequestId: \S+\s+Duration: (\d+(?:\.\d+)?) ms/;

/**
 * Metrics of one line: those in it, and for the line that ends a call `Invocations` and `Duration` of the function. Not its
 * `Errors`: a function that could not start leaves the same line.
 */
export const datapointsOfLine = (
  functionName: string,
  { atMs, message }: { readonly atMs: number; readonly message: string },
): readonly Datapoint[] => {
  const duration = REPORT.exec(message)?.[1];
  if (duration === undefined) return datapointsIn(message);
  const measured = (name: string, value: number): Datapoint => ({
    metric: { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } },
    atMs,
    value,
  });
  return [measured('Invocations', 1), measured('Duration', Number(duration))];
};
