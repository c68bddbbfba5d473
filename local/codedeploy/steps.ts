/** In which parts, and with which pauses, a deployment moves calls to a new version. */
import * as intrinsics from '../route53/intrinsics.ts';

export interface Step {
  /** Of all calls. */
  readonly percent: number;
  /** Until the next step. */
  readonly holdMs: number;
}

const MINUTE_MS = 60_000;
/** https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TimeBasedCanary.html: at most two days. */
const INTERVAL_MINUTES_MAX = 2_880;
const PERCENT_MAX = 99;

export const canarySteps = (percent: number, intervalMinutes: number): readonly Step[] => [
  { percent, holdMs: intervalMinutes * MINUTE_MS },
];

/** Equal parts, one after each interval, until all is moved. */
export const linearSteps = (percent: number, intervalMinutes: number): readonly Step[] =>
  Array.from({ length: Math.ceil(100 / percent) - 1 }, (_, index) => ({
    percent: percent * (index + 1),
    holdMs: intervalMinutes * MINUTE_MS,
  }));

/** Milliseconds from the first part until all is moved. */
export const exposureMs = (steps: readonly Step[]): number => steps.reduce((sum, { holdMs }) => sum + holdMs, 0);

/** Of an `AWS::CodeDeploy::DeploymentConfig`. @throws {intrinsics.UnsupportedTemplateError} */
export const stepsOf = (config: intrinsics.Resource): readonly Step[] => {
  intrinsics.only(config, '', config.properties, ['ComputePlatform', 'DeploymentConfigName', 'TrafficRoutingConfig']);
  const platform = intrinsics.text(config, 'ComputePlatform', config.properties['ComputePlatform']);
  if (platform !== 'Lambda') return intrinsics.refuse(config, 'ComputePlatform', `given "${platform}"; allowed: Lambda`);
  const place = 'TrafficRoutingConfig';
  const routing = objectAt(config, place, config.properties[place]);
  const type = intrinsics.text(config, `${place}.Type`, routing['Type']);
  switch (type) {
    case 'AllAtOnce':
      intrinsics.only(config, place, routing, ['Type']);
      return [];
    case 'TimeBasedCanary':
      intrinsics.only(config, place, routing, ['Type', type]);
      return canarySteps(...partAndInterval(config, `${place}.${type}`, routing[type], 'Canary'));
    case 'TimeBasedLinear':
      intrinsics.only(config, place, routing, ['Type', type]);
      return linearSteps(...partAndInterval(config, `${place}.${type}`, routing[type], 'Linear'));
    default:
      return intrinsics.refuse(config, `${place}.Type`, `given "${type}"; allowed: AllAtOnce, TimeBasedCanary or TimeBasedLinear`);
  }
};

/** Of AWS's own configurations, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`; undefined for other names. */
export const predefinedSteps = (name: string): readonly Step[] | undefined => {
  if (name === 'CodeDeployDefault.LambdaAllAtOnce') return [];
  const [, kind, percent, minutes] = /^CodeDeployDefault\.Lambda(Canary|Linear)(10)Percent(?:Every)?(\d{1,2})Minutes?$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return (kind === 'Canary' ? canarySteps : linearSteps)(Number(percent), Number(minutes));
};

const partAndInterval = (config: intrinsics.Resource, place: string, value: unknown, prefix: 'Canary' | 'Linear'): [number, number] => {
  const [percent, interval] = [`${prefix}Percentage`, `${prefix}Interval`];
  const given = objectAt(config, place, value);
  intrinsics.only(config, place, given, [percent, interval]);
  return [
    intrinsics.wholeNumber(config, `${place}.${percent}`, given[percent], [1, PERCENT_MAX]),
    intrinsics.wholeNumber(config, `${place}.${interval}`, given[interval], [1, INTERVAL_MINUTES_MAX]),
  ];
};

const objectAt = (config: intrinsics.Resource, place: string, value: unknown): intrinsics.JsonObject =>
  intrinsics.isObject(value) ? value : intrinsics.refuse(config, place, `given ${JSON.stringify(value)}; allowed: an object`);
