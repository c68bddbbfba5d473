/**
 * What the emulator cannot create, and what supplies its meaning on a laptop. A type that is neither here nor known to
 * the emulator makes the deployment fail with the emulator's own message: nothing is left out silently.
 */

const CHECKS = 'local/route53: health checkers that read the template';
const RECORDS = 'local/route53: a name server that reads the template';
const NOTHING = 'nothing: not run locally';

/** By type, or by service when the key ends with `::`. */
const SUPPLIERS: Readonly<Record<string, string>> = {
  'AWS::Route53::HealthCheck': CHECKS,
  // Known to the emulator, which refuses hosted zones that it did not create.
  'AWS::Route53::RecordSet': RECORDS,
  'AWS::Route53::RecordSetGroup': RECORDS,
  'AWS::ApplicationAutoScaling::': NOTHING,
  'AWS::ARCRegionSwitch::': NOTHING,
  'AWS::Backup::BackupSelection': 'nothing: the vault and the plan exist, no backup is taken locally',
  'AWS::Backup::RestoreTestingPlan': NOTHING,
  'AWS::Backup::RestoreTestingSelection': NOTHING,
  'AWS::Budgets::': NOTHING,
  'AWS::CloudTrail::': NOTHING,
  'AWS::CloudWatch::AnomalyDetector': NOTHING,
  'AWS::CloudWatch::CompositeAlarm': NOTHING,
  'AWS::CodeDeploy::': 'nothing: a new version gets all calls at once',
  'AWS::Events::ApiDestination': NOTHING,
  'AWS::Events::Archive': NOTHING,
  'AWS::Events::Connection': NOTHING,
  'AWS::FIS::': NOTHING,
  'AWS::IAM::OIDCProvider': NOTHING,
  'AWS::IAM::RolePolicy': NOTHING,
  'AWS::IAM::ServiceLinkedRole': NOTHING,
  'AWS::KMS::ReplicaKey': NOTHING,
  'AWS::Logs::QueryDefinition': NOTHING,
  'AWS::SSM::Document': NOTHING,
  'AWS::Synthetics::': NOTHING,
  'AWS::WAFv2::IPSet': NOTHING,
  'AWS::WAFv2::LoggingConfiguration': NOTHING,
  'AWS::WAFv2::RuleGroup': NOTHING,
  'AWS::WAFv2::WebACLAssociation': NOTHING,
  'AWS::XRay::': NOTHING,
};

/** Undefined for what the emulator creates itself. `label`: the type, as people are told. */
export const standInFor = (type: string, properties: unknown): { readonly label: string; readonly suppliedBy: string } | undefined => {
  // The emulator has no metric math in CloudFormation.
  if (type === 'AWS::CloudWatch::Alarm' && typeof properties === 'object' && properties !== null && 'Metrics' in properties) {
    return { label: `${type} with metric math`, suppliedBy: NOTHING };
  }
  const suppliedBy = SUPPLIERS[type] ?? SUPPLIERS[`${type.split('::').slice(0, 2).join('::')}::`];
  return suppliedBy === undefined ? undefined : { label: type, suppliedBy };
};
