/**
 * How a stack's new version reaches callers, read from what AWS would get: the alias's update policy, its deployment group
 * and configuration. Whatever is not understood is refused with its place: a stand-in that guesses proves nothing.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
 */
import { shiftedAlias } from '../deployment/shifted-alias.ts';
import { textOfRef } from '../deployment/stand-ins.ts';
import { type Json, propertiesOf, resourcesOf, typeOf } from '../deployment/template.ts';
import * as intrinsics from '../route53/intrinsics.ts';
import { predefinedSteps, type Step, stepsOf } from './steps.ts';

/** Logical id of a resource of the same template. */
export interface LogicalId {
  readonly logicalId: string;
}

export interface DeploymentPlan {
  /** Logical ids of the alias and of what is named by it. */
  readonly alias: string;
  readonly application: string;
  readonly group: string;
  readonly config: string;
  /** Parts of the calls before the last step, which is all of them. */
  readonly steps: readonly Step[];
  readonly hooks: { readonly before: LogicalId | undefined; readonly after: LogicalId | undefined };
  readonly alarms: {
    /** Logical ids, or names. */
    readonly watched: readonly (LogicalId | string)[];
    /** False: `ignoreAlarmConfiguration`. */
    readonly enabled: boolean;
    /** Goes on when nobody knows an alarm's state. */
    readonly ignorePollFailure: boolean;
  };
  /** What makes CodeDeploy deploy the version before again. */
  readonly rollbackOn: readonly RollbackEvent[];
}

const ROLLBACK_EVENTS = ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'] as const;
export type RollbackEvent = (typeof ROLLBACK_EVENTS)[number];

const POLICY = ['ApplicationName', 'DeploymentGroupName', 'BeforeAllowTrafficHook', 'AfterAllowTrafficHook'];
const GROUP = [
  'ApplicationName',
  'DeploymentGroupName',
  'DeploymentConfigName',
  'DeploymentStyle',
  'ServiceRoleArn',
  'AlarmConfiguration',
  'AutoRollbackConfiguration',
  'Tags',
];

/**
 * Undefined when no alias of the template is shifted.
 * @param stack one cell, as AWS would get it
 * @throws {intrinsics.UnsupportedTemplateError} naming the resource and the property
 */
export const readPlan = (stack: { readonly region: string; readonly template: Json }): DeploymentPlan | undefined => {
  const alias = shiftedAlias(stack.template);
  if (alias === undefined) return undefined;
  const siblings = resourcesOf(stack.template);
  const read = (logicalId: string): intrinsics.Resource => {
    const resource = siblings[logicalId] ?? {};
    return { region: stack.region, logicalId, type: typeOf(resource), properties: propertiesOf(resource), siblings };
  };
  const owner = read(alias.id);
  intrinsics.only(owner, 'UpdatePolicy.CodeDeployLambdaAliasUpdate', alias.policy, POLICY);
  const referred = (name: string): LogicalId => reference(owner, `UpdatePolicy.CodeDeployLambdaAliasUpdate.${name}`, alias.policy[name]);
  const hook = (name: string): LogicalId | undefined => (alias.policy[name] === undefined ? undefined : referred(name));
  const group = read(referred('DeploymentGroupName').logicalId);
  intrinsics.only(group, '', group.properties, GROUP);
  const application = read(referred('ApplicationName').logicalId);
  return {
    alias: alias.id,
    application: nameOf(application),
    group: nameOf(group),
    ...configOf(group, read),
    hooks: { before: hook('BeforeAllowTrafficHook'), after: hook('AfterAllowTrafficHook') },
    alarms: alarmsOf(group),
    rollbackOn: rollbackOf(group),
  };
};

const nameOf = ({ logicalId, type, properties }: intrinsics.Resource): string =>
  textOfRef(logicalId, { Type: type, Properties: properties }) ?? logicalId;

const reference = (owner: intrinsics.Resource, place: string, value: unknown): LogicalId => {
  const evaluated = intrinsics.evaluate(owner, place, value);
  return evaluated instanceof intrinsics.Reference && evaluated.attribute === null
    ? { logicalId: evaluated.logicalId }
    : intrinsics.refuse(owner, place, `given ${JSON.stringify(value)}; allowed: a Ref to a resource of this template`);
};

const configOf = (group: intrinsics.Resource, read: (id: string) => intrinsics.Resource): Pick<DeploymentPlan, 'config' | 'steps'> => {
  const place = 'DeploymentConfigName';
  const name = intrinsics.evaluate(group, place, group.properties[place]);
  if (!(name instanceof intrinsics.Reference)) {
    const steps = predefinedSteps(String(name));
    return steps === undefined
      ? intrinsics.refuse(group, place, `given "${name}"; allowed: a configuration of this template, or CodeDeployDefault.Lambda...`)
      : { config: String(name), steps };
  }
  const config = read(name.logicalId);
  return { config: nameOf(config), steps: stepsOf(config) };
};

const section = (owner: intrinsics.Resource, place: string, allowed: readonly string[]): intrinsics.JsonObject => {
  const value = owner.properties[place];
  if (value === undefined) return {};
  if (!intrinsics.isObject(value)) return intrinsics.refuse(owner, place, `given ${JSON.stringify(value)}; allowed: an object`);
  intrinsics.only(owner, place, value, allowed);
  return value;
};

const alarmsOf = (group: intrinsics.Resource): DeploymentPlan['alarms'] => {
  const place = 'AlarmConfiguration';
  const given = section(group, place, ['Alarms', 'Enabled', 'IgnorePollAlarmFailure']);
  const watched = intrinsics.list(group, `${place}.Alarms`, given['Alarms'] ?? []).map((each, index) => {
    const at = `${place}.Alarms[${index}].Name`;
    const name = intrinsics.evaluate(group, at, intrinsics.isObject(each) ? each['Name'] : each);
    if (!(name instanceof intrinsics.Reference)) return String(name);
    return name.attribute === null ? { logicalId: name.logicalId } : intrinsics.refuse(group, at, 'allowed: the name of an alarm');
  });
  return {
    watched,
    enabled: intrinsics.flag(group, `${place}.Enabled`, given['Enabled']),
    ignorePollFailure: intrinsics.flag(group, `${place}.IgnorePollAlarmFailure`, given['IgnorePollAlarmFailure']),
  };
};

const rollbackOf = (group: intrinsics.Resource): readonly RollbackEvent[] => {
  const place = 'AutoRollbackConfiguration';
  const given = section(group, place, ['Enabled', 'Events']);
  if (!intrinsics.flag(group, `${place}.Enabled`, given['Enabled'])) return [];
  return intrinsics.list(group, `${place}.Events`, given['Events'] ?? []).map((each) => {
    const event = ROLLBACK_EVENTS.find((known) => known === each);
    return event ?? intrinsics.refuse(group, `${place}.Events`, `given ${JSON.stringify(each)}; allowed: ${ROLLBACK_EVENTS.join(', ')}`);
  });
};
