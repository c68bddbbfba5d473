/** How far behind a stream a function is: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html Pure. */
import type { IteratorAge } from '../streams/mappings.ts';
import type { Datapoint } from './metrics.ts';

export const ITERATOR_AGE = 'IteratorAge';

export const datapointOfAge = ({ functionName, atMs, ageMs }: IteratorAge): Datapoint => ({
  metric: { namespace: 'AWS/Lambda', name: ITERATOR_AGE, dimensions: { FunctionName: functionName } },
  atMs,
  value: ageMs,
});
