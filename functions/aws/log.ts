/**
 * Log lines, and the metrics in them: one JSON object a line. CloudWatch reads metrics out of lines in its embedded metric
 * format, so that a request's line is log entry and metrics at once: one write, and paid for once.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * Written to stdout itself: with Lambda's JSON log format `console` would wrap the line, and the metrics in it were lost.
 * `timestamp` and `level` are what Lambda's log level filter reads.
 */
import { METRICS } from '../contract/names.ts';

export type Level = 'INFO' | 'WARN' | 'ERROR';
export type Fields = Readonly<Record<string, unknown>>;

export interface Measured {
  readonly metrics: readonly { readonly name: string; readonly unit: 'Count' | 'Milliseconds' | 'Seconds'; readonly value: number }[];
  readonly dimensions: Readonly<Record<string, string>>;
  /** Combinations of the dimensions' names under which the metrics are kept; the empty one keeps them under none. */
  readonly sets: readonly (readonly string[])[];
}

/** A line in the embedded metric format's terms; other fields can stand beside it. */
export const embedded = (measured: Measured, nowMs: number): Fields => ({
  _aws: {
    Timestamp: nowMs,
    CloudWatchMetrics: [
      {
        Namespace: METRICS.namespace,
        Dimensions: measured.sets,
        Metrics: measured.metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
      },
    ],
  },
  ...measured.dimensions,
  ...Object.fromEntries(measured.metrics.map(({ name, value }) => [name, value])),
});

const logLine = (level: Level, message: string, fields: Fields, nowMs: number): string =>
  `${JSON.stringify({ timestamp: new Date(nowMs).toISOString(), level, message, ...fields })}\n`;

export type Log = (level: Level, message: string, fields: Fields) => void;

export const log: Log = (level, message, fields) => {
  process.stdout.write(logLine(level, message, fields, Date.now()));
};

/** An error as fields, causes included. */
export const errorFields = (error: unknown, depth = 0): Fields => {
  if (!(error instanceof Error)) return { error: String(error) };
  const { name, message, stack, cause } = error;
  return { error: name, detail: message, stack, ...(cause !== undefined && depth < 3 ? { cause: errorFields(cause, depth + 1) } : {}) };
};
