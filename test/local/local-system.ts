/** The real local system for tests: own ports, own folder, nothing left behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { request } from 'undici';
import { TABLES } from '../../functions/contract/names.ts';
import { keyKey } from '../../functions/core/keys.ts';
import { parseConfig } from '../../infra/config.ts';
import { ControlClient } from '../../local/control/client.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import type { Ports } from '../../local/loopback.ts';
import { type RunningSystem, type StartOptions, startSystem } from '../../local/system.ts';
import { makeKey } from '../../ops/access/key-file.ts';
import { registerKey } from '../../ops/access/registry.ts';
import { mintToken } from '../../ops/access/token.ts';
import { PATIENT } from '../support/emulator.ts';
import { eventually } from '../support/eventually.ts';

export const EU = 'eu-central-1';
export const US = 'us-east-2';
export const PROJECT = resolve(import.meta.dirname, '../..');

const SCOPES = ['orders:read', 'orders:write', 'orders:ship', 'stock:read', 'stock:write'] as const;
const HIGHEST_PORT = 60_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the region's own name */
  readonly host?: string;
  readonly timeoutMs?: number;
}

export interface TestSystem {
  readonly folder: string;
  readonly ports: Ports;
  readonly running: RunningSystem;
  readonly control: ControlClient;
  /** Sends a request to a region's front door. */
  send(region: string, path: string, sent?: Sent): Promise<Answer>;
  dynamo(region: string): Promise<DynamoDBClient>;
  /** Registers a new key, and waits until each region has it: one that is asked before refuses for some seconds. @returns a token that it signed */
  token(): Promise<string>;
  stop(): Promise<void>;
}

/** A configuration of two regions without a domain. */
const config = () => parseConfig({ regions: [{ name: EU }, { name: US }], auth: 'keys' });

/** Options of a start that nobody watches. */
export const quietly = (stateFolder: string, ports: Ports): StartOptions => ({
  config: config(),
  projectFolder: PROJECT,
  stateFolder,
  ports,
  progress: { line: () => undefined, step: (_, work) => work(() => undefined) },
  signal: new AbortController().signal,
});

export const startTestSystem = async (options: Partial<StartOptions> = {}): Promise<TestSystem> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-system-'));
  const ports = await freePorts();
  const running = await startSystem({ ...quietly(folder, ports), ...options }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const control = new ControlClient(running.file);
  const clients: DynamoDBClient[] = [];
  const regionOf = async (name: string) => {
    const region = (await control.system()).regions.find((each) => each.name === name);
    if (region === undefined) throw new Error(`no region ${name}`);
    return region;
  };
  const dynamo = async (name: string): Promise<DynamoDBClient> => {
    const client = new DynamoDBClient(clientOptions(await regionOf(name), PATIENT));
    clients.push(client);
    return client;
  };
  return {
    folder,
    ports,
    running,
    control,
    dynamo,
    send: async (name, path, { method, body, token, headers, host, timeoutMs = 20_000 } = {}) => {
      const { address, port, regionalName } = await regionOf(name);
      const answer = await request(`http://${address}:${port}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          host: host ?? regionalName,
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'idempotency-key': `${path}-${JSON.stringify(body)}`.replaceAll(/[^\x21-\x7e]/g, '') }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(text) };
    },
    token: async () => {
      const key = makeKey({ target: 'local', subjects: ['tester'], scopes: [...SCOPES], days: 1 }, Date.now());
      await registerKey({ region: EU, client: await dynamo(EU) }, key, Date.now());
      const elsewhere = await dynamo(US);
      const there = {
        TableName: TABLES.control,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: keyKey(key.kid) } },
      };
      await eventually(async () => (await elsewhere.send(new QueryCommand(there))).Count === 1);
      return mintToken(key, { minutes: 60 }, Date.now());
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await running.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** Of a system of two regions, also where 127.0.0.1 is the only address: two of each that follow from another. */
const PORTS_IN_A_ROW = 10;

/** Ports that are free on every address of a system of two regions: below those that the kernel hands out by itself. */
export const freePorts = async (): Promise<Ports> => {
  for (let first = 20_000 + (process.pid % 500) * 20; first < HIGHEST_PORT; first += PORTS_IN_A_ROW) {
    const row = Array.from({ length: PORTS_IN_A_ROW }, (_, index) => first + index);
    if ((await Promise.all(row.map(isFree))).every(Boolean))
      // Two for the resolvers lie below the name server's.
      return { edge: first, edgeTls: first + 2, dns: first + 6, control: first + 7, emulator: first + 8 };
  }
  throw new Error(`no ${PORTS_IN_A_ROW} free ports in a row`);
};

/** A server on all addresses finds out about each of them. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
