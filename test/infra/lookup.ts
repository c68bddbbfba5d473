/** Finds in a template what a construct made, by the construct's path below its stack: `Delivery/BeforeTraffic`. */
import { ALIAS } from '../../functions/contract/names.ts';
import { dig, joined, list, type Resource, type Template } from './system.ts';

const isWithin = ({ Metadata }: Resource, construct: string): boolean => {
  const path = String(dig(Metadata, 'aws:cdk:path'));
  return construct === '' || `${path.slice(path.indexOf('/') + 1)}/`.startsWith(`${construct}/`);
};

/** @throws {Error} unless there is exactly one */
export const only = (template: Template, type: string, construct = ''): Resource => {
  const [found, ...more] = template.ofType(type).filter((resource) => isWithin(resource, construct));
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + Number(found !== undefined)} resources ${type} of ${construct}`);
  return found;
};

export const functionOf = (template: Template, construct: string): Resource => only(template, 'AWS::Lambda::Function', construct);
export const aliasOf = (template: Template, construct: string): Resource => only(template, 'AWS::Lambda::Alias', construct);

export const variablesOf = (template: Template, construct: string): Readonly<Record<string, unknown>> => ({
  ...Object(dig(functionOf(template, construct).Properties, 'Environment', 'Variables')),
});

export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** As written, `null` without. */
  readonly conditions: unknown;
}

/** What the role of a construct may do; references stand as `{Id.Attribute}`. */
export const statementsOf = (template: Template, construct: string): readonly Statement[] => {
  const policies = template.ofType('AWS::IAM::Policy').filter((policy) => isWithin(policy, construct));
  if (policies.length === 0) throw new Error(`no policy of ${construct}`);
  return policies
    .flatMap(({ Properties }) => list(dig(Properties, 'PolicyDocument', 'Statement')))
    .map((statement) => ({
      actions: [dig(statement, 'Action')].flat().map(String),
      resources: [dig(statement, 'Resource')].flat().map(joined),
      conditions: dig(statement, 'Condition') ?? null,
    }));
};

/** The name of an alarm in the code, which is its heading in the runbook. */
export const alarmName = ({ Metadata }: Resource): string => String(dig(Metadata, 'aws:cdk:path')).split('/').at(-2) ?? '';

export const alarmsOf = (template: Template): ReadonlyMap<string, Resource> =>
  new Map(
    [...template.ofType('AWS::CloudWatch::Alarm'), ...template.ofType('AWS::CloudWatch::CompositeAlarm')].map((alarm) => [
      alarmName(alarm),
      alarm,
    ]),
  );

export interface Watched {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: string;
  /** Values with references as `{Id.Attribute}`. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The metrics that an alarm reads, also by way of math. */
export const metricsOf = ({ Properties: alarm }: Pick<Resource, 'Properties'>): readonly Watched[] => {
  const math = list(dig(alarm, 'Metrics')).flatMap((each) => dig(each, 'MetricStat') ?? []);
  const watched = (metric: unknown, statistic: unknown): Watched => ({
    namespace: String(dig(metric, 'Namespace')),
    name: String(dig(metric, 'MetricName')),
    statistic: String(statistic),
    dimensions: Object.fromEntries(
      list(dig(metric, 'Dimensions')).map((each) => [String(dig(each, 'Name')), joined(dig(each, 'Value'))] as const),
    ),
  });
  return math.length > 0
    ? math.map((each) => watched(dig(each, 'Metric'), dig(each, 'Stat')))
    : [watched(alarm, dig(alarm, 'Statistic') ?? dig(alarm, 'ExtendedStatistic'))];
};

/** The attribute of a construct's version, which is its number: what the alias `live` names. */
export const versionNumberOf = (template: Template, construct: string): string => {
  const alias = aliasOf(template, construct);
  if (dig(alias.Properties, 'Name') !== ALIAS) throw new Error(`the alias of ${construct} is not ${ALIAS}`);
  return joined(dig(alias.Properties, 'FunctionVersion'));
};

/** Ids of the aliases that a rule of EventBridge is permitted to call. */
export const calledBy = (template: Template, rule: Resource): readonly unknown[] =>
  template
    .ofType('AWS::Lambda::Permission')
    .filter(({ Properties }) => dig(Properties, 'SourceArn', 'Fn::GetAtt', 0) === rule.id)
    .filter(({ Properties }) => dig(Properties, 'Principal') === 'events.amazonaws.com')
    .map(({ Properties }) => dig(Properties, 'FunctionName', 'Ref'));
