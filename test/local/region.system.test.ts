import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { groupRuns } from '../../local/process/identity.ts';
import { untilEmulatorAnswers } from '../../local/region/emulator.ts';
import { type Region, RegionStateError } from '../../local/region/region.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { ask, HOST, HOST_PROGRAM, idOf, NAME, openRegionLab, PYTHON, type RegionLab } from './region-lab.ts';

let lab: RegionLab;

beforeAll(async () => {
  lab = await openRegionLab();
});

afterAll(() => lab?.close());

describe('a region', () => {
  let region: Region;
  let told: string[];

  beforeEach(async () => {
    told = [];
    region = await lab.make({ onState: (state) => told.push(state), onEdge: (fault) => told.push(fault.kind) });
    await region.start('starting');
  });

  test('is one process group of its front door and its emulator, empty and ready', async () => {
    const group = idOf(region);

    await untilEmulatorAnswers(region.props.endpoint, region.props.secretAccessKey);
    expect(await lab.recordedMembers(group)).toBe(2);
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
    expect(await lab.recordedMembers(group)).toBe(0);
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

  test('is lost when its emulator dies, says why, and leaves no process', async () => {
    const group = idOf(region);
    const emulator = await lab.recordedEmulator(group);

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
  const region = await lab.make({ onState: (state, detail) => state === 'lost' && details.push(detail) });
  await region.start('starting');

  process.kill(await lab.recordedEmulator(idOf(region)), 'SIGKILL');

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
  const region = await lab.make({ endpoint: `http://127.0.0.1:${at.port}`, emulator: { python: PYTHON, port: at.port } });

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
    accessKeyId: 'local-test',
    secretAccessKey: 'secret',
    emulator: null,
  };
  const host = spawn(process.execPath, [HOST_PROGRAM], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void host.kill('SIGKILL'));
  host.stdin.write(`${JSON.stringify(settings)}\n`);
  await once(host.stdout, 'data');
  const ended = once(host, 'exit');

  host.stdin.end();

  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('a region at a foreign endpoint is lost at its front door only', async () => {
  const region = await lab.make({ emulator: null });
  await region.start('starting');
  await region.open('/stage', '/stage');
  region.admit();

  await expect(region.lose()).rejects.toThrow('is not ours to stop');
  expect(() => region.freeze()).toThrow('faults of its front door');
  await region.setEdge({ kind: 'refuse' });

  await expect(ask(region)).rejects.toThrow('ECONNREFUSED');
});
