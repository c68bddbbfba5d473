/** Handlers as Lambda runs them, against a real table: environment, SDK, log lines and all. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import type { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { ENV, TABLES } from '../../functions/contract/names.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { REGIONS } from './api-world.ts';
import { clientOf, createTables, patientStore } from './tables.ts';

export const [HERE, PEER] = REGIONS;

export interface Lab {
  readonly emulator: TestEmulator;
  readonly client: DynamoDBClient;
  readonly data: DynamoStore;
  readonly control: DynamoStore;
  readonly environment: Readonly<Record<string, string>>;
  /** The table answers nothing while the work is done. */
  frozen<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** An emulator with both tables, and the environment that points handlers at it. */
export const startLab = async (): Promise<Lab> => {
  const emulator = await startEmulator(HERE);
  const client = clientOf(emulator);
  await createTables(client);
  const environment = {
    AWS_REGION: HERE,
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_ACCESS_KEY_ID: emulator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
    AWS_LAMBDA_FUNCTION_VERSION: '7',
    [ENV.regions]: REGIONS.join(','),
    [ENV.auth]: '{"mode":"keys"}',
    [ENV.drainSeconds]: '30',
    [ENV.replicatedDeadlineMs]: '1500',
    [ENV.tokenWaitMs]: '500',
    [ENV.release]: '1.2.3',
    [ENV.domain]: '',
    [ENV.corsOrigins]: '',
  };
  stub(environment);
  return {
    emulator,
    client,
    data: patientStore(client, TABLES.data),
    control: patientStore(client, TABLES.control),
    environment,
    frozen: async (work) => {
      emulator.freeze();
      try {
        return await work();
      } finally {
        emulator.thaw();
      }
    },
    stop: async () => {
      vi.unstubAllEnvs();
      client.destroy();
      await emulator.stop();
    },
  };
};

/** Sets variables of the environment, or takes them out, until the lab is stopped. */
export const stub = (variables: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};

/** What a handler writes to the log while it works, line by line. */
export const logged = async <T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly lines: readonly Record<string, unknown>[] }> => {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  try {
    const value = await work();
    const lines = written
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{"timestamp"'));
    return { value, lines: lines.map((line) => JSON.parse(line)) };
  } finally {
    spy.mockRestore();
  }
};

export const invocation = { awsRequestId: 'invocation-7', getRemainingTimeInMillis: () => 30_000 };
