import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../local/edge/certificates.ts';
import { groupRuns } from '../../local/process/identity.ts';
import { Register } from '../../local/process/register.ts';
import type { Served } from '../../local/region/protocol.ts';
import { Region, type RegionProps, RegionStateError } from '../../local/region/region.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const PYTHON = resolve(import.meta.dirname, '../../.venv/bin/python');
const HOST_PROGRAM = resolve(import.meta.dirname, '../../local/region/host.ts');
const NAME = 'eu-central-1';
const HOST = 'eu-central-1.api.tandem.test';
const WAIT_MS_MAX = 20_000;
const AUTHORITY = makeAuthority('api.tandem.test', Date.now());

let folder: string;
let register: Register;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-test-region-'));
  register = await Register.open(folder);
});

afterAll(async () => {
  register.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('a region', () => {
  let region: Region;
  let told: string[];
  let served: Served[];

  beforeEach(async () => {
    [told, served] = [[], []];
    region = await makeRegion({
      onState: (state) => told.push(state),
      onEdge: (fault) => told.push(fault.kind),
      onServed: (_, answers) => served.push(...answers),
    });
    await region.start('starting');
  });

  test('is one process group of its front door and its emulator, empty and ready', async () => {
    const group = idOf(region);

    expect((await request(`${region.props.endpoint}/_ministack/health`)).statusCode).toBe(200);
    expect(await recordedMembers(group)).toBe(2);
    expect(region.state).toBe('starting');
  });

  test('lets nobody in before it is opened', async () => {
    await expect(ask(region)).rejects.toThrow('ECONNREFUSED');

    await region.open('/_ministack', '/_ministack');
    region.admit();

    expect((await ask(region)).statusCode).toBe(200);
    expect(told).toEqual(['starting', 'serving']);
  });

  test('is lost as a whole: nothing listens, no process is left, and it is no longer recorded', async () => {
    await region.open('/_ministack', '/_ministack');
    const group = idOf(region);

    await region.lose();

    expect(await groupRuns(group)).toBe(false);
    await expect(ask(region)).rejects.toThrow('ECONNREFUSED');
    await expect(request(`${region.props.endpoint}/_ministack/health`)).rejects.toThrow('ECONNREFUSED');
    expect(await recordedMembers(group)).toBe(0);
    expect(region).toMatchObject({ state: 'lost', processGroup: null });
  });

  test('comes back on the same ports after it was lost, rebuilding until it is admitted', async () => {
    await region.lose();

    await region.start('rebuilding');
    await region.open('/_ministack', '/_ministack');

    expect((await ask(region)).statusCode).toBe(200);
    expect(region.state).toBe('rebuilding');
    region.admit();
    expect(told).toEqual(['starting', 'lost', 'rebuilding', 'serving']);
  });

  test('answers nobody while it is frozen, and goes on where it stood', async () => {
    await region.open('/_ministack', '/_ministack');
    region.admit();

    region.freeze();
    await expect(ask(region, 500)).rejects.toThrow();
    await expect(region.setEdge({ kind: 'none' })).rejects.toThrow(RegionStateError);
    region.thaw();

    expect((await ask(region)).statusCode).toBe(200);
    expect(told).toEqual(['starting', 'serving', 'frozen', 'serving']);
  });

  test('can be lost while it is frozen', async () => {
    await region.open('/_ministack', '/_ministack');
    region.admit();
    region.freeze();
    const group = idOf(region);

    await region.lose();

    expect(await groupRuns(group)).toBe(false);
  });

  test('plays faults of its front door, and tells', async () => {
    await region.open('/_ministack', '/_ministack');

    await region.setEdge({ kind: 'error', status: 503 });
    expect((await ask(region)).statusCode).toBe(503);
    await region.setEdge({ kind: 'none' });

    expect((await ask(region)).statusCode).toBe(200);
    expect(told).toEqual(['starting', 'error', 'none']);
  });

  test('divides calls between its stages, and tells once a second which version answered what', async () => {
    await region.open('/_ministack', '/nowhere');
    region.admit();
    const answer = async () => (await ask(region)).statusCode;

    expect(await answer()).toBe(200);
    await region.shift(1, '3', '4');
    expect(await answer()).toBe(404);
    await region.shift(0, '3', '4');
    expect(await answer()).toBe(200);

    await eventually(() => served.length === 3);
    expect(served.map(([version, status]) => [version, status])).toEqual([
      [null, 200],
      [null, 404],
      [null, 200],
    ]);
  });

  test('tells nothing while it is frozen, and what it answers when it goes on', async () => {
    await region.open('/_ministack', '/_ministack');
    region.admit();
    region.freeze();
    const late = ask(region);
    await sleep(1_500);
    expect(served).toEqual([]);
    await expect(region.shift(0.5, '3', '4')).rejects.toThrow(RegionStateError);

    region.thaw();
    await late;

    await eventually(() => served.length > 0);
    expect(served.map(([version, status]) => [version, status])).toEqual([[null, 200]]);
  });

  test('speaks TLS with a key that no process list and no file shows', async () => {
    await region.open('/_ministack', '/_ministack');
    const [key = ''] = /(?<=\n)[\w+/=]{40,}/.exec(region.props.credentials.key) ?? [];

    const answer = await askTls(region);
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    const files = await readdir(region.props.folder, { recursive: true, withFileTypes: true });
    const contents = files.filter((each) => each.isFile()).map((each) => readFile(join(each.parentPath, each.name), 'utf8'));

    expect(answer).toBe(200);
    expect(stdout).toContain(HOST_PROGRAM);
    expect([stdout, ...(await Promise.all(contents))].filter((text) => text.includes(key))).toEqual([]);
  });

  test('is lost when its emulator dies, says why, and leaves no process', async () => {
    const group = idOf(region);
    const emulator = await recordedEmulator(group);

    process.kill(emulator, 'SIGKILL');

    await eventually(() => region.state === 'lost');
    await eventually(async () => !(await groupRuns(group)));
    expect(told.at(-1)).toBe('lost');
  });

  test('is lost when its own process dies, with its emulator', async () => {
    const group = idOf(region);

    process.kill(group, 'SIGKILL');

    await eventually(() => region.state === 'lost');
    await eventually(async () => !(await groupRuns(group)));
  });

  test('refuses what does not fit its state, and says what would', async () => {
    await expect(region.start('starting')).rejects.toThrow('allowed when it is lost');
    await region.lose();

    await expect(region.lose()).rejects.toThrow(`region ${NAME} is lost and cannot be lost`);
    expect(() => region.freeze()).toThrow('allowed when it is serving or rebuilding');
    expect(() => region.admit()).toThrow('allowed when it is rebuilding');
  });
});

test('the detail of an unexpected loss names the emulator and its log', async () => {
  const details: string[] = [];
  const region = await makeRegion({ onState: (state, detail) => state === 'lost' && details.push(detail) });
  await region.start('starting');

  process.kill(await recordedEmulator(idOf(region)), 'SIGKILL');

  await eventually(() => details.length > 0);
  expect(details[0]).toMatch(/the emulator ended by itself \(SIGKILL\).*emulator\.log/);
});

test('a region whose port is taken does not start, and leaves no process', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const at = taken.address();
  if (at === null || typeof at === 'string') throw new Error('no port was given');
  const region = await makeRegion({ endpoint: `http://127.0.0.1:${at.port}`, emulator: { python: PYTHON, port: at.port } });

  await expect(region.start('starting')).rejects.toThrow(`region ${NAME}: the emulator ended by itself`);

  expect(region).toMatchObject({ state: 'lost', processGroup: null });
});

test('a region ends by itself when nobody holds its other end, even without a guard', async () => {
  const settings = {
    region: NAME,
    address: '127.0.0.1',
    port: await freePort(),
    tlsPort: await freePort(),
    names: [HOST],
    endpoint: 'http://127.0.0.1:1',
    emulator: null,
  };
  const host = spawn(process.execPath, [HOST_PROGRAM, JSON.stringify(settings)], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void host.kill('SIGKILL'));
  await once(host.stdout, 'data');
  const ended = once(host, 'exit');

  host.stdin.end();

  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('a region at a foreign endpoint is lost at its front door only', async () => {
  const region = await makeRegion({ emulator: null });
  await region.start('starting');
  await region.open('/stage', '/stage');
  region.admit();

  await expect(region.lose()).rejects.toThrow('is not ours to stop');
  expect(() => region.freeze()).toThrow('faults of its front door');
  await region.setEdge({ kind: 'refuse' });

  await expect(ask(region)).rejects.toThrow('ECONNREFUSED');
});

const makeRegion = async (props: Partial<RegionProps>): Promise<Region> => {
  const [edge, edgeTls, emulator] = [await freePort(), await freePort(), await freePort()];
  const region = new Region({
    name: NAME,
    address: '127.0.0.1',
    port: edge,
    tlsPort: edgeTls,
    credentials: AUTHORITY.issue(NAME, [HOST, 'api.tandem.test']),
    functionEnvironment: {},
    regionalName: HOST,
    sharedName: 'api.tandem.test',
    endpoint: `http://127.0.0.1:${emulator}`,
    accessKeyId: 'local-test',
    emulator: { python: PYTHON, port: emulator },
    folder: await mkdtemp(join(folder, 'region-')),
    register,
    onState: () => undefined,
    onEdge: () => undefined,
    onServed: () => undefined,
    onHanded: () => undefined,
    ...props,
  });
  onTestFinished(() => region.stop());
  return region;
};

/** The emulator's own health, seen through the front door. */
const ask = (region: Region, timeoutMs = WAIT_MS_MAX) =>
  request(`http://${region.props.address}:${region.props.port}/health`, {
    headers: { host: HOST },
    reset: true,
    signal: AbortSignal.timeout(timeoutMs),
  });

const askTls = async ({ props }: Region): Promise<number | undefined> => {
  const outgoing = get({
    host: props.address,
    port: props.tlsPort,
    path: '/health',
    servername: HOST,
    ca: AUTHORITY.certificate,
    headers: { host: HOST },
  });
  const [answer] = await once(outgoing, 'response');
  answer.resume();
  return answer.statusCode;
};

const idOf = (region: Region): number => {
  if (region.processGroup === null) throw new Error('the region has no process group');
  return region.processGroup;
};

const recorded = async (group: number): Promise<readonly { readonly pid: number }[]> => {
  const { groups } = JSON.parse(await readFile(join(folder, 'processes.json'), 'utf8'));
  return groups.find((each: { readonly id: number }) => each.id === group)?.members ?? [];
};

const recordedMembers = async (group: number): Promise<number> => (await recorded(group)).length;

const recordedEmulator = async (group: number): Promise<number> => {
  const emulator = (await recorded(group)).find(({ pid }) => pid !== group);
  if (emulator === undefined) throw new Error('no emulator is recorded');
  return emulator.pid;
};
