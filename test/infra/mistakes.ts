/** Mistakes that CloudFormation's own validation, cdk-nag and cfn-lint all let pass. */
import { isEmitted } from './emitted.ts';
import { metricsOf } from './lookup.ts';
import { dig, joined, list, type Resource, type Template } from './system.ts';

/** What is wrong with a template, one line each. */
export const mistakesIn = (template: Template): readonly string[] =>
  template.resources.flatMap((resource) => CHECKS[resource.Type]?.(resource).map((mistake) => `${resource.id}: ${mistake}`) ?? []);

const globalTable = ({ Properties: table }: Resource): string[] => {
  const defined = list(dig(table, 'AttributeDefinitions')).map((each) => dig(each, 'AttributeName'));
  const schemas = [dig(table, 'KeySchema'), ...list(dig(table, 'GlobalSecondaryIndexes')).map((index) => dig(index, 'KeySchema'))];
  const keys = schemas.flatMap(list).map((each) => dig(each, 'AttributeName'));
  const regions = list(dig(table, 'Replicas')).map((replica) => dig(replica, 'Region'));
  return [
    ...(schemas.some((schema) => list(schema).length === 0) ? ['a key schema is missing'] : []),
    ...keys.filter((key) => !defined.includes(key)).map((key) => `key ${key} is not defined`),
    ...defined.filter((key) => !keys.includes(key)).map((key) => `attribute ${key} is defined and no key`),
    ...(new Set(regions).size < regions.length ? ['a region has two replicas'] : []),
    ...(regions.length > 1 && dig(table, 'StreamSpecification', 'StreamViewType') !== 'NEW_AND_OLD_IMAGES'
      ? ['replicas without a stream of new and old images']
      : []),
  ];
};

const healthCheck = ({ Properties }: Resource): string[] => {
  const config = dig(Properties, 'HealthCheckConfig');
  const interval = dig(config, 'RequestInterval');
  const children = list(dig(config, 'ChildHealthChecks'));
  const search = String(dig(config, 'SearchString') ?? '');
  const regions = list(dig(config, 'Regions'));
  return [
    ...(interval !== undefined && interval !== 10 && interval !== 30 ? [`interval ${interval}`] : []),
    ...(dig(config, 'Type') === 'CALCULATED' && children.length === 0 ? ['a calculated check without children'] : []),
    ...(dig(config, 'Disabled') === true ? ['disabled, which counts as healthy'] : []),
    ...(search.length > 255 ? ['a search string above 255 characters'] : []),
    ...(String(dig(config, 'Type')).endsWith('_STR_MATCH') && search === '' ? ['a match of nothing'] : []),
    ...(regions.length > 0 && regions.length < 3 ? ['fewer than three checker regions'] : []),
  ];
};

const recordSet = ({ Properties: record }: Resource): string[] => {
  const policies = ['Region', 'Weight', 'Failover', 'GeoLocation', 'MultiValueAnswer'].filter(
    (policy) => dig(record, policy) !== undefined,
  );
  return [
    ...(policies.length > 0 && dig(record, 'SetIdentifier') === undefined ? ['a routed record without SetIdentifier'] : []),
    ...(policies.length > 1 ? [`mixed policies ${policies.join(' and ')}`] : []),
    ...(dig(record, 'AliasTarget') !== undefined && dig(record, 'TTL') !== undefined ? ['an alias with a TTL'] : []),
  ];
};

const dashboard = ({ Properties }: Resource): string[] => {
  try {
    return list(dig(JSON.parse(joined(dig(Properties, 'DashboardBody'))), 'widgets')).length > 0 ? [] : ['a dashboard without widgets'];
  } catch {
    return ['a body that is not JSON'];
  }
};

/**
 * Deleted with the deployment that replaces it, a version cannot be rolled back to; and one that was kept from a creation
 * that failed blocks the next attempt of the same code.
 */
const version = ({ DeletionPolicy, UpdateReplacePolicy }: Resource): string[] =>
  DeletionPolicy === 'RetainExceptOnCreate' && UpdateReplacePolicy === 'Retain'
    ? []
    : [`a version that is not kept (${DeletionPolicy ?? 'no deletion policy'}, ${UpdateReplacePolicy ?? 'no policy for its replacement'})`];

const alarm = (resource: Resource): string[] => {
  const { Properties } = resource;
  const [bad, of] = [dig(Properties, 'DatapointsToAlarm'), dig(Properties, 'EvaluationPeriods')].map(Number);
  return [
    ...metricsOf(resource)
      .filter((metric) => !isEmitted(metric))
      .map(({ namespace, name, dimensions }) => `a metric that nobody emits: ${namespace} ${name} by ${Object.keys(dimensions).join()}`),
    ...(Number(bad) > Number(of) ? [`${bad} bad periods of ${of}`] : []),
  ];
};

const deploymentGroup = ({ Properties }: Resource): string[] => {
  const alarms = list(dig(Properties, 'AlarmConfiguration', 'Alarms'));
  return [
    ...(alarms.length === 0 ? ['a deployment that no alarm stops'] : []),
    ...(alarms.length > 10 ? [`${alarms.length} alarms, of which CodeDeploy takes ten`] : []),
  ];
};

const CHECKS: Readonly<Record<string, (resource: Resource) => string[]>> = {
  'AWS::DynamoDB::GlobalTable': globalTable,
  'AWS::Route53::HealthCheck': healthCheck,
  'AWS::Route53::RecordSet': recordSet,
  'AWS::CloudWatch::Dashboard': dashboard,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CodeDeploy::DeploymentGroup': deploymentGroup,
  'AWS::Lambda::Version': version,
};
