/** Which metrics of a region's alarms nobody supplies on a laptop. Pure. */
import { type Alarm, describeMetric, type Metric, metricsOf } from './alarm.ts';
import { type Api, isSuppliedBy } from './front-door.ts';
import type { FunctionLog } from './function-logs.ts';
import { ITERATOR_AGE } from './iterator-age.ts';

export interface Unsupplied {
  /** Readable: `AWS/SQS ApproximateNumberOfMessagesVisible {QueueName=...}`. */
  readonly metric: string;
  /** Construct ids of the alarms that see missing data for ever. */
  readonly alarms: readonly string[];
}

export interface Suppliers {
  readonly api: Api | undefined;
  readonly functions: readonly FunctionLog[];
}

export const unsupplied = (alarms: readonly Alarm[], suppliers: Suppliers): readonly Unsupplied[] => {
  const uses = alarms.flatMap((alarm) => metricsOf(alarm).map(({ metric }) => ({ alarm: alarm.id, metric })));
  const missing = uses.filter(({ metric }) => !isSupplied(metric, suppliers));
  return [...Map.groupBy(missing, ({ metric }) => describeMetric(metric))].map(([metric, users]) => ({
    metric,
    alarms: [...new Set(users.map(({ alarm }) => alarm))],
  }));
};

/** Of any function: by its log, and for the function of a stream by whoever hands it the records. */
const SUPPLIED: ReadonlySet<string> = new Set(['Invocations', 'Duration', ITERATOR_AGE]);

const isSupplied = (metric: Metric, { api, functions }: Suppliers): boolean => {
  // Whatever has a namespace of its own comes out of the functions' log lines.
  if (!metric.namespace.startsWith('AWS/')) return true;
  if (api !== undefined && isSuppliedBy(api, metric)) return true;
  const [[dimension, value] = [], ...others] = Object.entries(metric.dimensions);
  return (
    metric.namespace === 'AWS/Lambda' &&
    SUPPLIED.has(metric.name) &&
    dimension === 'FunctionName' &&
    others.length === 0 &&
    functions.some(({ functionName }) => functionName === value)
  );
};
