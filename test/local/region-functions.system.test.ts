/** What functions in the emulators find of the API: names, port 443 and certificates as on AWS. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOptions } from '../../local/emulator-access.ts';
import type { Served } from '../../local/region/protocol.ts';
import { PATIENT } from '../support/emulator.ts';
import { eventually } from '../support/eventually.ts';
import { EU, PROJECT, startTestSystem, type TestSystem, US } from './local-system.ts';

const DOMAIN = 'api.tandem.test';
const ORIGIN = `${EU}.origin.${DOMAIN}`;
/** Checks turn within seconds on an idle machine. */
const CHECKS_MS_MAX = 180_000;

/** Asks for `event.url`, or for `event.host` under the name `event.as`. */
const PROGRAM = `
  import { get } from 'node:https';
  export const handler = async ({ url, host, as, path }) => {
    if (url) {
      const answer = await fetch(url).catch((error) => error);
      return answer instanceof Error ? { error: answer.cause?.code } : { status: answer.status, region: answer.headers.get('tandem-region') };
    }
    const { promise, resolve, reject } = Promise.withResolvers();
    get({ host, servername: as, path, headers: { host: as } }, resolve).on('error', reject);
    const answer = await promise;
    answer.resume();
    return { status: answer.statusCode, region: answer.headers['tandem-region'], version: answer.headers['tandem-version'] };
  };`;

describe('functions of the local system', () => {
  let system: TestSystem;
  const served: Served[] = [];
  const clients: LambdaClient[] = [];

  /** Runs the program as a function of a region. */
  const ask = async (region: string, event: Readonly<Record<string, string>>): Promise<unknown> => {
    const client = await clientOf(region);
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: 'asks', Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const answer = JSON.parse(Payload?.transformToString() ?? 'null');
    expect(FunctionError, JSON.stringify(answer)).toBeUndefined();
    return answer;
  };

  const clientOf = async (name: string): Promise<LambdaClient> => {
    const region = (await system.control.system()).regions.find((each) => each.name === name);
    if (region === undefined) throw new Error(`no region ${name}`);
    const client = new LambdaClient(clientOptions(region, PATIENT));
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    system = await startTestSystem({ onServed: (region, _, answers) => region === EU && served.push(...answers) });
    const code = await zipOf(join(system.folder, 'asks'), PROGRAM);
    for (const region of [EU, US])
      await (await clientOf(region)).send(
        new CreateFunctionCommand({
          FunctionName: 'asks',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/asks',
          Timeout: 20,
          Code: { ZipFile: code },
        }),
      );
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await system?.stop();
  });

  it('reach each region by its name, from each region', async () => {
    for (const [from, to] of [
      [EU, EU],
      [EU, US],
      [US, EU],
    ] as const)
      expect(await ask(from, { url: `https://${to}.${DOMAIN}/switch/${EU}` })).toEqual({ status: 200, region: to });
  });

  it('reach the region that is near them by the shared name', async () => {
    for (const near of [EU, US])
      await eventually(
        () => ask(near, { url: `https://${DOMAIN}/switch/${EU}` }),
        (answer) => JSON.stringify(answer) === JSON.stringify({ status: 200, region: near }),
        CHECKS_MS_MAX,
      );
  });

  it("reach a region's origin under the shared name, and not under its own", async () => {
    const path = `/switch/${EU}`;

    expect(await ask(US, { host: ORIGIN, as: DOMAIN, path })).toMatchObject({
      status: 200,
      region: EU,
      version: expect.stringMatching(/\+\d+$/),
    });
    expect(await ask(US, { url: `https://${ORIGIN}${path}` })).toEqual({ error: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' });
  });

  it('find no name that does not exist', async () => {
    expect(await ask(EU, { url: `https://mars.${DOMAIN}/health` })).toEqual({ error: 'ENOTFOUND' });
  });

  it('are refused by a front door that refuses, and get its 5xx', async () => {
    const url = `https://${US}.${DOMAIN}/health`;
    await system.control.setEdge(US, { kind: 'refuse' });
    expect(await ask(EU, { url })).toEqual({ error: 'ECONNREFUSED' });
    await system.control.setEdge(US, { kind: 'error', status: 502 });
    expect(await ask(EU, { url })).toMatchObject({ status: 502 });
    await system.control.repair();
  });

  it('are counted like every caller, under the version that answered', async () => {
    const before = served.length;
    await eventually(
      async () => served.slice(before).some(([version, status]) => version === '1' && status === 200),
      (told) => told,
    );
  });

  it('trust the authority that other callers find in the state folder', async () => {
    const ca = await readFile(join(system.folder, 'ca.pem'), 'utf8');
    const eu = (await system.control.system()).regions.find(({ name }) => name === EU);
    const outgoing = get({
      host: eu?.address,
      port: eu?.tlsPort,
      path: '/health',
      servername: DOMAIN,
      ca,
      headers: { host: DOMAIN },
    });
    const [answer] = await once(outgoing, 'response');
    answer.resume();

    expect([answer.statusCode, answer.headers['tandem-region']]).toEqual([200, EU]);
  });
});

/** A package with one file, `index.mjs`. */
const zipOf = async (folder: string, program: string): Promise<Buffer> => {
  await mkdir(folder);
  await writeFile(join(folder, 'index.mjs'), program);
  await promisify(execFile)(join(PROJECT, '.venv/bin/python'), ['-m', 'zipfile', '-c', 'code.zip', 'index.mjs'], { cwd: folder });
  return readFile(join(folder, 'code.zip'));
};
