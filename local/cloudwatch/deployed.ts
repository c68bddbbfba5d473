/** Names of a deployed stack's resources, asked from the emulator. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { clientOptions } from '../emulator-access.ts';
import type { EmulatorSettings } from './emulator.ts';
import type { Lookups } from './template.ts';

/** Every emulator's, as `local/deployment` deploys to it. */
const ACCOUNT = '000000000000';

export interface DeployedResource {
  readonly type: string;
  readonly physicalId: string;
}

/** Gives the lookups of a stack, by its name. */
export type LookUp = (stack: string) => Promise<Lookups>;

/** A resource that is not deployed (yet), or an attribute that this stand-in cannot tell. */
export class NotDeployedError extends Error {
  override readonly name = 'NotDeployedError';
}

/** Asks CloudFormation of the emulator each time. The lookups throw {@link NotDeployedError}. */
export const lookUpDeployed =
  (settings: EmulatorSettings): LookUp =>
  async (stack) => {
    const client = new CloudFormationClient(clientOptions({ ...settings, name: settings.region }));
    try {
      const resources = new Map<string, DeployedResource>();
      for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
        for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? []) {
          if (LogicalResourceId && PhysicalResourceId)
            resources.set(LogicalResourceId, { type: ResourceType ?? '', physicalId: PhysicalResourceId });
        }
      }
      return lookupsOf(stack, settings.region, resources);
    } finally {
      client.destroy();
    }
  };

/** Attributes follow from names: CloudFormation does not list them. */
export const lookupsOf = (stack: string, region: string, resources: ReadonlyMap<string, DeployedResource>): Lookups => {
  const found = (logicalId: string): DeployedResource => {
    const resource = resources.get(logicalId);
    if (resource === undefined) throw new NotDeployedError(`stack ${stack} has no resource ${logicalId}; deploy it first`);
    return resource;
  };
  return {
    physical: (logicalId) => found(logicalId).physicalId,
    attribute: (logicalId, name) => {
      const resource = found(logicalId);
      const value = attributeOf(resource, name, region);
      if (value === undefined)
        throw new NotDeployedError(
          `stack ${stack}: given ${logicalId}.${name} of ${resource.type}; known: ${Object.keys(ATTRIBUTES).join(', ')}`,
        );
      return value;
    },
  };
};

const attributeOf = ({ type, physicalId }: DeployedResource, name: string, region: string): string | undefined => {
  // In the emulator a composite alarm is an alarm, or a placeholder of another type; its name is what counts.
  if (name === 'Arn' && (type.startsWith('AWS::CloudWatch::') || type.startsWith('AWS::CloudFormation::')))
    return `arn:aws:cloudwatch:${region}:${ACCOUNT}:alarm:${physicalId}`;
  return ATTRIBUTES[`${type}.${name}`]?.(physicalId);
};

const last = (separator: string) => (physicalId: string) => physicalId.split(separator).at(-1) ?? physicalId;

const ATTRIBUTES: Readonly<Record<string, (physicalId: string) => string>> = {
  'AWS::Lambda::Version.Version': last(':'),
  'AWS::SQS::Queue.QueueName': last('/'),
  'AWS::SNS::Topic.TopicName': last(':'),
};
