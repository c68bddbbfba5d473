/** Registers the public half of a cell's key, so that every region knows its canary. Invoked as a custom resource. */
import { canaryRegistration, kmsClient } from './aws/canary-token.ts';
import { type ResourceData, type ResourceEvent, servingResource } from './aws/custom-resource.ts';
import { readDelivery } from './aws/delivery-environment.ts';
import { startRuntime } from './aws/runtime.ts';
import { writerOfRegion } from './canary/records.ts';
import { keyItem } from './core/keys.ts';

export const handler = (event: ResourceEvent, invocation: { readonly getRemainingTimeInMillis: () => number }): Promise<void> =>
  servingResource(event, invocation, {
    physicalId: event.PhysicalResourceId ?? `canary-of-${event.StackId}`,
    // What is registered is left when the resource goes: a removed name never comes back, and a stack that rolls back, or a
    // cell that is made anew around a key that was kept, needs it. Without the key in KMS it is worth nothing.
    work: async (): Promise<ResourceData> => (event.RequestType === 'Delete' ? {} : { Kid: await register() }),
  });

/** Returns the key's name. Registered before is registered. */
const register = async (): Promise<string> => {
  const { environment, control, clock } = startRuntime(process.env);
  const { region } = environment;
  const { keyArn } = readDelivery(process.env, (from) => ({ keyArn: from.text('canaryKey') }));
  const key = await canaryRegistration({ client: kmsClient(), keyArn, region });
  const item = keyItem(key, { by: await writerOfRegion(control, region), atMs: clock.now() });
  const outcome = await control.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }]);
  if (!outcome.ok && outcome.item?.['publicJwk'] !== key.publicJwk)
    throw new Error(`another key is registered as ${key.kid}; make a new key for this cell's canary`);
  return key.kid;
};
