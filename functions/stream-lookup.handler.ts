/** Tells CloudFormation the stream of this region's replica of a table. Invoked as a custom resource. */
import { type ResourceData, type ResourceEvent, servingResource } from './aws/custom-resource.ts';
import { findStream } from './aws/table-stream.ts';

export const handler = (event: ResourceEvent, invocation: { readonly getRemainingTimeInMillis: () => number }): Promise<void> => {
  const table = event.ResourceProperties['TableName'];
  const deleted = event.RequestType === 'Delete';
  return servingResource(event, invocation, {
    physicalId: (deleted ? event.PhysicalResourceId : undefined) ?? `stream-of-${String(table)}`,
    work: async (withinMs): Promise<ResourceData> => {
      if (deleted) return {};
      if (typeof table !== 'string') throw new Error('the property TableName is missing');
      return { StreamArn: await findStream(table, withinMs) };
    },
  });
};
