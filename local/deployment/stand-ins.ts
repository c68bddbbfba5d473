/**
 * What the emulator cannot create, and what supplies its meaning on a laptop. A type that is neither here nor known to
 * the emulator makes the deployment fail with the emulator's own message: nothing is left out silently.
 */

import { type Json, pick, propertiesOf, typeOf } from './template.ts';

/** Accepted by every emulator, without properties and without effect; its `Ref` is a text. */
const STAND_IN = 'AWS::CloudFormation::WaitConditionHandle';

/** What supplies the meaning of something on a laptop. */
export const SUPPLIERS = {
  checks: 'local/route53: health checkers that read the template',
  records: 'local/route53: a name server that reads the template',
  replication: 'local/replication: copies between the emulators of the regions',
  streams: 'local/streams: batches, retries and partial failures as the template says; the emulator skips what a function could not do',
  codeDeploy: 'local/codedeploy: hooks, alarms and steps as the template says, shifted at the front door',
  cloudWatch: 'local/cloudwatch: evaluates what the template says, and sets the state of a placeholder',
  nothing: 'nothing: not run locally',
} as const;

const RESTORES = 'nothing: no restore is tested by itself';

/** By type, or by service when the key ends with `::`. */
const BY_TYPE: Readonly<Record<string, string>> = {
  'AWS::Route53::HealthCheck': SUPPLIERS.checks,
  // Known to the emulator, which refuses hosted zones that it did not create.
  'AWS::Route53::RecordSet': SUPPLIERS.records,
  'AWS::Route53::RecordSetGroup': SUPPLIERS.records,
  'AWS::ApplicationAutoScaling::': SUPPLIERS.nothing,
  'AWS::ARCRegionSwitch::': SUPPLIERS.nothing,
  'AWS::Backup::BackupSelection': 'nothing: the vault and the plan exist, no backup is taken by itself',
  'AWS::Backup::RestoreTestingPlan': RESTORES,
  'AWS::Backup::RestoreTestingSelection': RESTORES,
  'AWS::Budgets::': SUPPLIERS.nothing,
  'AWS::CloudTrail::': SUPPLIERS.nothing,
  'AWS::CloudWatch::AnomalyDetector': SUPPLIERS.nothing,
  'AWS::CodeDeploy::': SUPPLIERS.codeDeploy,
  'AWS::Events::ApiDestination': SUPPLIERS.nothing,
  'AWS::Events::Archive': SUPPLIERS.nothing,
  'AWS::Events::Connection': SUPPLIERS.nothing,
  'AWS::FIS::': SUPPLIERS.nothing,
  'AWS::IAM::OIDCProvider': SUPPLIERS.nothing,
  'AWS::IAM::RolePolicy': SUPPLIERS.nothing,
  'AWS::IAM::ServiceLinkedRole': SUPPLIERS.nothing,
  'AWS::KMS::ReplicaKey': SUPPLIERS.nothing,
  'AWS::Logs::QueryDefinition': SUPPLIERS.nothing,
  'AWS::SSM::Document': SUPPLIERS.nothing,
  'AWS::Synthetics::': SUPPLIERS.nothing,
  'AWS::WAFv2::IPSet': SUPPLIERS.nothing,
  'AWS::WAFv2::LoggingConfiguration': SUPPLIERS.nothing,
  'AWS::WAFv2::RuleGroup': SUPPLIERS.nothing,
  'AWS::WAFv2::WebACLAssociation': SUPPLIERS.nothing,
  'AWS::XRay::': SUPPLIERS.nothing,
};

/** Undefined for what the emulator creates itself. */
export const standInFor = (type: string): string | undefined => BY_TYPE[type] ?? BY_TYPE[`${type.split('::').slice(0, 2).join('::')}::`];

/** What others wait for stays in the order of creation. */
export const standInOf = (resource: Json): Json => ({ Type: STAND_IN, ...pick(resource, ['Condition', 'DependsOn']) });

/** The property that names a resource whose `Ref` is its name. */
const NAMED: Readonly<Record<string, string>> = {
  'AWS::CodeDeploy::Application': 'ApplicationName',
  'AWS::CodeDeploy::DeploymentGroup': 'DeploymentGroupName',
  'AWS::CodeDeploy::DeploymentConfig': 'DeploymentConfigName',
};

/**
 * The name of what is replaced, where its `Ref` is one: what is told to functions, and compared with it, stays readable.
 * Without a name of its own it is the logical id, from which CloudFormation would make one. Undefined for other types.
 */
export const textOfRef = (id: string, resource: Json): string | undefined => {
  const property = NAMED[typeOf(resource)];
  if (property === undefined) return undefined;
  const name = propertiesOf(resource)[property];
  return typeof name === 'string' ? name : id;
};
