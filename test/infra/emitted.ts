/** Metrics that somebody emits: an alarm on any other never fires, and no linter says so. */
import { DIMENSIONS, METRICS } from '../../functions/contract/names.ts';
import type { Watched } from './lookup.ts';

const { peer, version, target, step, table } = DIMENSIONS;

/** The sets of dimensions under which the functions emit each of their metrics: another set is another metric, without data. */
const OWN: Readonly<Record<Exclude<keyof typeof METRICS, 'namespace'>, readonly (readonly string[])[]>> = {
  requests: [[], [version]],
  errors: [[], [version]],
  untold: [[]],
  latency: [[], [version]],
  durabilityAsked: [[], [version]],
  durabilityMissed: [[], [version]],
  heartbeatAge: [[peer]],
  reconciled: [[]],
  doubleShipments: [[]],
  shippedAfterCancelled: [[]],
  tasksSetAside: [[]],
  damagedItems: [[]],
  journeyFailures: [[target]],
  journeyLatency: [[target]],
  journeyFailedStep: [[target, step]],
  canaryBlind: [[]],
  replicaAge: [[peer]],
  recoveryPointAge: [[table], []],
  pointInTimeRecovery: [[table], []],
  backupFailures: [[]],
  copyFailures: [[]],
  restoreTestAge: [[table], []],
  restoreTestFailures: [[]],
};

/**
 * Of AWS, as documented:
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-cloudwatch.html
 */
const OF_AWS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'AWS/Lambda Errors': [['FunctionName'], ['FunctionName', 'Resource', 'ExecutedVersion']],
  'AWS/Lambda Throttles': [['FunctionName']],
  'AWS/Lambda IteratorAge': [['FunctionName']],
  'AWS/ApiGateway 5XXError': [['ApiName', 'Stage']],
  'AWS/SQS ApproximateNumberOfMessagesVisible': [['QueueName']],
  'AWS/Route53 HealthCheckStatus': [['HealthCheckId']],
};

export const isEmitted = ({ namespace, name, dimensions }: Watched): boolean => {
  const key = Object.entries(METRICS).find(([each, value]) => each !== 'namespace' && value === name)?.[0];
  const sets = namespace === METRICS.namespace ? new Map(Object.entries(OWN)).get(key ?? '') : OF_AWS[`${namespace} ${name}`];
  const given = Object.keys(dimensions).sort().join();
  return sets?.some((set) => [...set].sort().join() === given) ?? false;
};
