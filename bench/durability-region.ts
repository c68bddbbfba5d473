/** The two regions of the proof: one that is killed and made anew each time, and one that survives. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { dynamoClient } from '../functions/aws/clients.ts';
import { DynamoStore } from '../functions/aws/dynamo-store.ts';
import { ENV, PEER_ENDPOINTS_ENV, TABLES } from '../functions/contract/names.ts';
import type { Store } from '../functions/core/store.ts';
import { clientOptions, SECRET_HEADER } from '../local/emulator-access.ts';
import { emulatorUrl } from '../local/loopback.ts';
import { loopbackRequest } from '../local/loopback-request.ts';
import { startGroup } from '../local/process/group.ts';
import { spawnEmulator, untilEmulatorAnswers } from '../local/region/emulator.ts';
import { createTables } from './tables.ts';

export const DOOMED = 'eu-central-1';
const SURVIVOR = 'us-east-2';
const PYTHON = resolve(import.meta.dirname, '../.venv/bin/python');
const START_MS_MAX = 60_000;
const REQUEST_MS_MAX = 20_000;
/** Of both regions: the one asks the other. */
const SECRET = randomBytes(32).toString('base64url');
const accessKeyOf = (region: string): string => `local-${region}`;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** As API Gateway hands it over, as far as it matters here. */
export interface Asked {
  readonly httpMethod: string;
  readonly resource: string;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Doomed {
  /** @throws when the region does not answer */
  ask(asked: Asked): Promise<Answered>;
  /** SIGKILL to the whole process group, sent before this returns. */
  kill(): Promise<void>;
}

export interface Survivor {
  readonly endpoint: string;
  readonly store: Pick<Store, 'get'>;
  /** Empty tables. */
  reset(): Promise<void>;
  /** SIGSTOP, and SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  stop(): Promise<void>;
}

export const startSurvivor = async (folder: string, port: number): Promise<Survivor> => {
  const endpoint = emulatorUrl(port);
  const child = spawnEmulator({
    region: SURVIVOR,
    python: PYTHON,
    port,
    folder: join(folder, SURVIVOR),
    secretAccessKey: SECRET,
    environment: {},
  });
  const ended = once(child, 'exit');
  const client = dynamoClient(clientOptions({ name: SURVIVOR, endpoint, accessKeyId: accessKeyOf(SURVIVOR), secretAccessKey: SECRET }));
  await untilEmulatorAnswers(endpoint, SECRET);
  return {
    endpoint,
    store: new DynamoStore({ client, table: TABLES.data }),
    reset: async () => {
      await loopbackRequest(`${endpoint}/_ministack/reset`, {
        method: 'POST',
        headers: { [SECRET_HEADER]: SECRET },
        withinMs: REQUEST_MS_MAX,
      });
      await createTables(client);
    },
    signal: (name) => child.kill(name),
    stop: async () => {
      client.destroy();
      child.kill('SIGKILL');
      await ended;
    },
  };
};

export interface DoomedProps {
  readonly folder: string;
  readonly port: number;
  /** Of the API's handler. */
  readonly bundle: string;
  readonly survivor: string;
  readonly replicatedDeadlineMs: number;
}

/** @throws when it does not serve in time */
export const startDoomed = async ({ folder, port, bundle, survivor, replicatedDeadlineMs }: DoomedProps): Promise<Doomed> => {
  const endpoint = emulatorUrl(port);
  const place = (region: string, at: string) => ({ region, endpoint: at, accessKeyId: accessKeyOf(region) });
  const settings = {
    python: PYTHON,
    folder: join(folder, DOOMED),
    bundle,
    own: place(DOOMED, endpoint),
    survivor: place(SURVIVOR, survivor),
  };
  const group = await startGroup({
    command: process.execPath,
    args: [join(import.meta.dirname, 'durability-child.ts'), JSON.stringify(settings)],
    cwd: folder,
    stdio: ['ignore', 'pipe', process.stderr.fd],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      AWS_REGION: DOOMED,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyOf(DOOMED),
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      [ENV.regions]: `${DOOMED},${SURVIVOR}`,
      [ENV.auth]: '{"mode":"none"}',
      [ENV.drainSeconds]: '30',
      [ENV.replicatedDeadlineMs]: String(replicatedDeadlineMs),
      [ENV.tokenWaitMs]: '500',
      [ENV.release]: 'durability',
      [ENV.domain]: '',
      [ENV.corsOrigins]: '',
      [PEER_ENDPOINTS_ENV]: JSON.stringify({ [SURVIVOR]: survivor }),
    },
  });
  try {
    const url = await urlOf(group.leader.stdout, group.ended);
    return { ask: (asked) => ask(url, asked), kill: () => group.kill() };
  } catch (error: unknown) {
    await group.kill();
    throw error;
  }
};

const urlOf = async (output: NodeJS.ReadableStream | null, ended: Promise<unknown>): Promise<string> => {
  if (output === null) throw new Error('the region has no output to tell its address by');
  const lines = createInterface({ input: output, signal: AbortSignal.timeout(START_MS_MAX) });
  const over = ended.then(() => {
    throw new Error('the region ended before it served');
  });
  const [line] = z
    .tuple([z.string()])
    .parse(await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(START_MS_MAX) }), over]));
  lines.close();
  // What the function logs is not read, and must not fill the pipe.
  output.resume();
  return z.object({ url: z.url() }).parse(JSON.parse(line)).url;
};

const answered = z.object({ statusCode: z.int(), headers: z.record(z.string(), z.string()), body: z.string() });

const ask = async (url: string, asked: Asked): Promise<Answered> => {
  const { text } = await loopbackRequest(url, { method: 'POST', body: JSON.stringify(asked), withinMs: REQUEST_MS_MAX });
  const { statusCode, headers, body } = answered.parse(JSON.parse(text));
  return { status: statusCode, headers, body: z.record(z.string(), z.unknown()).parse(JSON.parse(body)) };
};
