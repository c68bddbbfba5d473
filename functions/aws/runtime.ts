/** What the functions of a region are made of: made once for an execution environment, and shared by its requests. */
import { randomBytes } from 'node:crypto';
import { TABLES } from '../contract/names.ts';
import { Monitor } from '../core/monitor.ts';
import { CHECK_LIMITS } from './attempts.ts';
import { functionsDynamoClient } from './clients.ts';
import { DynamoStore } from './dynamo-store.ts';
import { type Environment, readEnvironment } from './environment.ts';

/** Bytes that tokens are signed with. */
const SECRET_BYTES = 32;

export interface Runtime {
  readonly environment: Environment;
  readonly data: DynamoStore;
  readonly control: DynamoStore;
  readonly monitor: Monitor;
  readonly clock: { readonly now: () => number };
}

/** @throws {Error} naming every variable that is missing or wrong */
export const startRuntime = (env: Readonly<Record<string, string | undefined>>): Runtime => {
  const environment = readEnvironment(env);
  const client = functionsDynamoClient({ region: environment.region });
  const clock = { now: () => Date.now() };
  const { region, regions, version } = environment;
  const monitor = new Monitor({
    data: new DynamoStore({ client, table: TABLES.data, limits: CHECK_LIMITS }),
    control: new DynamoStore({ client, table: TABLES.control, limits: CHECK_LIMITS }),
    clock,
    region,
    regions,
    version,
    newSecret: () => randomBytes(SECRET_BYTES).toString('base64url'),
  });
  return {
    environment,
    data: new DynamoStore({ client, table: TABLES.data }),
    control: new DynamoStore({ client, table: TABLES.control }),
    monitor,
    clock,
  };
};
