/**
 * What each alarm of the templates promises: what it looks at, when it fires, and why at that. Every alarm is here. The
 * minutes are played to the evaluator after healthy ones: none of `silent` makes it fire, and each of `fires` does with its
 * last period and not before.
 */

/** One value of each period, by the metric's name where there are several; null: nothing was measured. */
export type Played = readonly (number | null)[] | Readonly<Record<string, readonly (number | null)[]>>;

export interface AlarmPromise {
  readonly because: string;
  /** Namespace, name, statistic, and the dimensions' names. */
  readonly metrics: readonly string[];
  readonly expression?: string;
  readonly periodSeconds: 60 | 3_600;
  readonly periods: `${number} of ${number}`;
  readonly when: `${'>=' | '<'} ${number}`;
  readonly missing: 'breaching' | 'notBreaching' | 'ignore';
  readonly severity: 'page' | 'ticket' | 'part';
  readonly healthy: number | Readonly<Record<string, number>>;
  readonly silent: readonly Played[];
  readonly fires: readonly Played[];
  /** From the begin of the first bad period until people, or CodeDeploy, are told, at the soonest: all its periods and a minute to be counted. */
  readonly withinSeconds: number;
}

/** Without the last `fires`, which has a good period in it. */
type Draft = Omit<AlarmPromise, 'periodSeconds'> & { readonly periodSeconds?: 3_600 };
const promise = (draft: Draft): AlarmPromise => ({ periodSeconds: 60, ...draft });

const twoOfThree = {
  periods: '2 of 3',
  silent: [[1, 0, 0, 1, 0, 0]],
  fires: [
    [1, 1],
    [1, 0, 1],
  ],
  withinSeconds: 180,
} as const;
const threeOfFive = {
  periods: '3 of 5',
  silent: [[1, 1, 0, 0, 0, 1, 1]],
  fires: [
    [1, 1, 1],
    [1, 0, 1, 0, 1],
  ],
  withinSeconds: 240,
} as const;
const atOnce = { periods: '1 of 1', silent: [[0, 0, 0]], fires: [[1]], withinSeconds: 120 } as const;
const counted = { when: '>= 1', missing: 'notBreaching', healthy: 0 } as const;
const journey = { ...counted, metrics: ['Tandem JourneyFailures Sum by Target'] } as const;
const hourly = { periodSeconds: 3_600, periods: '1 of 1', missing: 'ignore', severity: 'ticket', withinSeconds: 3_660 } as const;
const version = { severity: 'part', missing: 'notBreaching' } as const;
const rate = {
  ...version,
  metrics: ['Tandem Requests Sum by ExecutedVersion', 'Tandem Errors Sum by ExecutedVersion'],
  when: '>= 1',
  healthy: { Requests: 100, Errors: 0 },
} as const;

/** By the construct; `PEER` and `REGION` stand for a region's name. */
export const ALARM_PROMISES: Readonly<Record<string, AlarmPromise>> = {
  UserErrors: promise({
    because: 'five failed requests a minute in three minutes of five are no accident of one caller',
    metrics: ['Tandem Errors Sum'],
    when: '>= 5',
    missing: 'notBreaching',
    severity: 'page',
    healthy: 0,
    periods: '3 of 5',
    silent: [
      [4, 4, 4, 4, 4],
      [5, 5, 0, 0, 0, 5, 5],
      [5, 5, null, null, null],
    ],
    fires: [
      [5, 5, 5],
      [5, 0, 5, 0, 5],
    ],
    withinSeconds: 240,
  }),
  Gateway5xx: promise({
    because: 'the same of what the function cannot count; it also stops deployments, which strangers must not',
    metrics: ['AWS/ApiGateway 5XXError Sum by ApiName Stage', 'Tandem Untold Sum'],
    expression: 'errors - FILL(untold, 0)',
    when: '>= 5',
    missing: 'notBreaching',
    severity: 'page',
    healthy: { '5XXError': 0, Untold: 0 },
    silent: [
      { '5XXError': [4, 4, 4, 4, 4], Untold: [null, null, null, null, null] },
      { '5XXError': [5, 5, 0, 0, 0, 5], Untold: [0, 0, 0, 0, 0, 0] },
      { '5XXError': [9_000, 9_000, 9_000, 9_000], Untold: [9_000, 8_996, 9_001, 9_000] },
    ],
    periods: '3 of 5',
    fires: [
      { '5XXError': [5, 5, 5], Untold: [null, 0, null] },
      { '5XXError': [105, 5, 105], Untold: [100, null, 100] },
      { '5XXError': [5, null, 5, null, 5], Untold: [null, null, null, null, null] },
    ],
    withinSeconds: 240,
  }),
  UserLatency: promise({
    because: 'a slow minute is a burst of cold starts; four of five are none',
    metrics: ['Tandem Latency p99'],
    when: '>= 1000',
    missing: 'notBreaching',
    severity: 'ticket',
    healthy: 50,
    periods: '4 of 5',
    silent: [
      [999, 999, 999, 999, 999],
      [1_000, 1_000, 1_000, 50, 50, 1_000],
    ],
    fires: [
      [1_000, 1_000, 1_000, 1_000],
      [1_000, 50, 1_000, 1_000, 1_000],
    ],
    withinSeconds: 300,
  }),
  DoubleShipments: promise({
    ...counted,
    ...atOnce,
    because: 'goods are gone twice: one is one too many',
    metrics: ['Tandem DoubleShipments Sum'],
    severity: 'ticket',
  }),
  ShippedAfterCancelled: promise({
    ...counted,
    ...atOnce,
    because: 'money may be paid back for goods that are gone: one is one too many',
    metrics: ['Tandem ShippedAfterCancelled Sum'],
    severity: 'ticket',
  }),
  TasksSetAside: promise({
    ...counted,
    ...atOnce,
    because: 'what is set aside is never done by itself',
    metrics: ['Tandem TasksSetAside Sum'],
    severity: 'ticket',
  }),
  DamagedItems: promise({
    ...counted,
    ...atOnce,
    because: 'nothing here writes such an item: whatever did may have damaged more',
    metrics: ['Tandem DamagedItems Sum'],
    severity: 'ticket',
  }),
  VersionErrors: promise({
    ...rate,
    because: 'gone within four minutes at one failed request in a hundred; a single bad minute is an accident',
    expression: 'IF(requests > 0, 100 * errors / requests, 0)',
    periods: '2 of 3',
    silent: [
      { Requests: [101, 101, 101], Errors: [1, 1, 1] },
      { Requests: [10, 100, 100, 10], Errors: [10, 0, 0, 10] },
      { Requests: [0, 0, 0], Errors: [0, 0, 0] },
      { Requests: [null, null], Errors: [null, null] },
    ],
    fires: [
      { Requests: [100, 100], Errors: [1, 1] },
      { Requests: [18, 18, 18], Errors: [1, 0, 1] },
    ],
    withinSeconds: 180,
  }),
  VersionErrorBurst: promise({
    ...rate,
    because: 'two failed requests within a minute are no accident, and each minute saved is callers saved',
    expression: 'IF(errors > 1, 100 * errors / requests, 0)',
    periods: '1 of 1',
    silent: [
      { Requests: [201, 201], Errors: [2, 2] },
      { Requests: [1, 1], Errors: [1, 1] },
      { Requests: [null], Errors: [null] },
    ],
    fires: [
      { Requests: [200], Errors: [2] },
      { Requests: [2], Errors: [2] },
    ],
    withinSeconds: 120,
  }),
  VersionCrashes: promise({
    ...counted,
    ...twoOfThree,
    because: 'a version that dies cannot count its errors, and none dies by design; one minute may be an accident',
    metrics: ['AWS/Lambda Errors Sum by ExecutedVersion FunctionName Resource'],
    severity: 'part',
  }),
  VersionLatency: promise({
    ...version,
    because: 'of eighteen requests a minute two may be cold starts, so nine in ten decide, in two minutes of three',
    metrics: ['Tandem Latency p90 by ExecutedVersion'],
    when: '>= 1000',
    healthy: 50,
    periods: '2 of 3',
    silent: [
      [999, 999, 999],
      [1_000, 50, 50, 1_000],
      [null, null],
    ],
    fires: [
      [1_000, 1_000],
      [1_000, 50, 1_000],
    ],
    withinSeconds: 180,
  }),
  ApiErrors: promise({
    ...counted,
    because: 'it never throws by design, so the second minute pages',
    metrics: ['AWS/Lambda Errors Sum by FunctionName'],
    severity: 'page',
    periods: '2 of 5',
    silent: [[1, 0, 0, 0, 0, 1]],
    fires: [
      [1, 1],
      [1, 0, 0, 0, 1],
    ],
    withinSeconds: 180,
  }),
  ApiThrottles: promise({
    ...counted,
    because: 'refused calls are users refused; the second minute pages',
    metrics: ['AWS/Lambda Throttles Sum by FunctionName'],
    severity: 'page',
    periods: '2 of 5',
    silent: [[1, 0, 0, 0, 0, 1]],
    fires: [
      [1, 1],
      [1, 0, 0, 0, 1],
    ],
    withinSeconds: 180,
  }),
  HousekeepingErrors: promise({
    ...counted,
    ...threeOfFive,
    because: 'the stream brings a failed batch again, so what passes by itself wakes nobody',
    metrics: ['AWS/Lambda Errors Sum by FunctionName'],
    severity: 'ticket',
  }),
  HousekeepingThrottles: promise({
    ...counted,
    ...threeOfFive,
    because: 'the stream brings it again, so what passes by itself wakes nobody',
    metrics: ['AWS/Lambda Throttles Sum by FunctionName'],
    severity: 'ticket',
  }),
  HousekeepingBehind: promise({
    because: 'two minutes behind in three minutes of five: orders wait for their end, and stock for its books',
    metrics: ['AWS/Lambda IteratorAge Maximum by FunctionName'],
    when: '>= 120000',
    missing: 'notBreaching',
    severity: 'ticket',
    healthy: 500,
    periods: '3 of 5',
    silent: [
      [119_999, 119_999, 119_999, 119_999, 119_999],
      [120_000, 120_000, 0, 0, 0, 120_000],
    ],
    fires: [[120_000, 120_000, 120_000]],
    withinSeconds: 240,
  }),
  DeadLetters: promise({
    ...counted,
    ...atOnce,
    because: 'what lies there is not done by anybody any more',
    metrics: ['AWS/SQS ApproximateNumberOfMessagesVisible Maximum by QueueName'],
    severity: 'ticket',
  }),
  'HeartbeatAge-PEER': promise({
    because: 'three runs of the canary may be missed, and one is needed to see it: four minutes, in three of five; and silence counts',
    metrics: ['Tandem HeartbeatAge Maximum by Peer'],
    when: '>= 240',
    missing: 'breaching',
    severity: 'page',
    healthy: 60,
    periods: '3 of 5',
    silent: [
      [239, 239, 239, 239, 239],
      [240, 240, 60, 60, 60, 240],
    ],
    fires: [
      [240, 240, 240],
      [240, 60, 240, 60, 240],
      // The evaluator looks back two periods more than it needs: older points stand in for the first that are missing.
      [null, null, null, null, null],
    ],
    withinSeconds: 240,
  }),
  OwnJourney: promise({
    ...journey,
    ...twoOfThree,
    because: 'a journey that fails may be bad luck of the canary, two in three minutes are not; stops deployments',
    severity: 'ticket',
  }),
  CanaryBlind: promise({
    ...counted,
    ...twoOfThree,
    because: 'one blind minute is bad luck, two in three are not; nobody watches then, so deployments stop',
    metrics: ['Tandem CanaryBlind Maximum'],
    severity: 'ticket',
  }),
  CanarySilent: promise({
    because: 'each run that ends is counted, so three minutes without any are three without a canary',
    metrics: ['Tandem CanaryBlind SampleCount'],
    when: '< 1',
    missing: 'breaching',
    severity: 'ticket',
    healthy: 1,
    periods: '3 of 3',
    silent: [[null, null, 1, null, null, 1]],
    fires: [[null, null, null, null, null]],
    withinSeconds: 360,
  }),
  SharedName: promise({
    ...journey,
    ...threeOfFive,
    because: 'DNS leads away from a lost region within two minutes, so three of five mean that it does not',
    severity: 'page',
  }),
  OwnOrigin: promise({
    ...journey,
    ...threeOfFive,
    because: 'no health check sees it, so nothing but this leads callers away',
    severity: 'page',
  }),
  'Journey-PEER': promise({
    ...journey,
    ...twoOfThree,
    because: 'which may be the fault of the watcher: Impaired decides',
    severity: 'part',
  }),
  RecoveryPointOld: promise({
    ...hourly,
    because: 'half as old again as the plan has it, in three looks: one may fail. Silence is nobody who looks',
    metrics: ['Tandem RecoveryPointAge Maximum'],
    when: '>= 129600',
    missing: 'breaching',
    healthy: 3_600,
    periods: '3 of 3',
    silent: [
      [129_599, 129_599, 129_599, 129_599],
      [129_600, 129_600, 3_600, 129_600],
    ],
    fires: [[129_600, 129_600, 129_600]],
    withinSeconds: 10_860,
  }),
  PointInTimeOff: promise({
    ...hourly,
    because: 'each hour without it is an hour that cannot be restored',
    metrics: ['Tandem PointInTimeRecovery Minimum'],
    when: '< 1',
    healthy: 1,
    silent: [[1, null, null, null]],
    fires: [[0]],
  }),
  BackupFailed: promise({
    ...hourly,
    because: 'it counts the last day, so a failed backup is told within an hour, once',
    metrics: ['Tandem BackupFailures Maximum'],
    when: '>= 1',
    healthy: 0,
    silent: [[0, null, null, null]],
    fires: [[1]],
  }),
  CopyFailed: promise({
    ...hourly,
    because: 'the copy is for the day on which this account is lost',
    metrics: ['Tandem CopyFailures Maximum'],
    when: '>= 1',
    healthy: 0,
    silent: [[0, null, null, null]],
    fires: [[1]],
  }),
  RestoreTestFailed: promise({
    ...hourly,
    because: 'a backup that cannot be restored is none',
    metrics: ['Tandem RestoreTestFailures Maximum'],
    when: '>= 1',
    healthy: 0,
    silent: [[0, null, null, null]],
    fires: [[1]],
  }),
  RestoreTestOld: promise({
    ...hourly,
    because: 'a test each week, and a day for the test itself: eight days',
    metrics: ['Tandem RestoreTestAge Maximum'],
    when: '>= 691200',
    healthy: 3_600,
    silent: [[691_199, 691_199, null, null]],
    fires: [[691_200]],
  }),
  DeploymentUnrecorded: promise({
    ...counted,
    ...atOnce,
    because: 'the function is called when a deployment ends, and never else: one error is one end that is not written down',
    metrics: ['AWS/Lambda Errors Sum by FunctionName'],
    severity: 'ticket',
  }),
  'OutOfService-REGION': promise({
    because: 'Route 53 has waited for its checkers by then: the first minute pages. Silence is a check that is gone',
    metrics: ['AWS/Route53 HealthCheckStatus Minimum by HealthCheckId'],
    when: '< 1',
    missing: 'breaching',
    severity: 'page',
    healthy: 1,
    periods: '1 of 1',
    silent: [[1, 1, 1]],
    fires: [[0], [null, null, null]],
    withinSeconds: 120,
  }),
};

/** Composite alarms: fires while the first does and the second does not. */
export const COMPOSITE_PROMISES = {
  'Impaired-PEER': {
    severity: 'page',
    while: 'Journey-PEER',
    butNot: 'OwnJourney',
    because: 'a watcher that fails at home as well suspects itself',
  },
} as const;
