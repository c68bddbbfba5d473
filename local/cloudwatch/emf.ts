/**
 * Metrics out of a log line in the embedded metric format. Pure; a line that is malformed holds none, and never throws.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import * as z from 'zod';
import type { Datapoint } from './metrics.ts';

/** AWS's limits. */
const DIMENSIONS_MAX = 30;
const VALUES_MAX = 100;
const METRICS_MAX = 100;

const directive = z.object({
  Namespace: z.string().min(1),
  Dimensions: z.array(z.array(z.string()).max(DIMENSIONS_MAX)),
  Metrics: z.array(z.object({ Name: z.string().min(1) })).max(METRICS_MAX),
});
const line = z.looseObject({ _aws: z.object({ Timestamp: z.number(), CloudWatchMetrics: z.array(z.unknown()) }) });
const values = z.union([z.number().transform((value) => [value]), z.array(z.number()).max(VALUES_MAX)]);

export const datapointsIn = (message: string): readonly Datapoint[] => {
  const root = line.safeParse(jsonOf(message));
  if (!root.success) return [];
  const { _aws, ...fields } = root.data;
  return _aws.CloudWatchMetrics.flatMap((written) => {
    const { success, data } = directive.safeParse(written);
    return success ? data.Metrics.flatMap(({ Name }) => measured(data, Name, fields, _aws.Timestamp)) : [];
  });
};

const measured = (
  { Namespace, Dimensions }: z.output<typeof directive>,
  name: string,
  fields: Readonly<Record<string, unknown>>,
  atMs: number,
): readonly Datapoint[] => {
  const { success, data } = values.safeParse(fields[name]);
  if (!success) return [];
  return Dimensions.flatMap((set) => {
    const dimensions = set.flatMap((key): [string, string][] => {
      const value = fields[key];
      return typeof value === 'string' && value !== '' ? [[key, value]] : [];
    });
    if (dimensions.length < set.length) return [];
    const metric = { namespace: Namespace, name, dimensions: Object.fromEntries(dimensions) };
    return data.map((value) => ({ metric, atMs, value }));
  });
};

/** Most lines are none: they are not parsed. */
const jsonOf = (message: string): unknown => {
  if (!message.includes('"_aws"')) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
};
