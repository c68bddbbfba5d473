/** Regions with ports and folders of their own, and what is recorded of their processes. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { onTestFinished } from 'vitest';
import { makeAuthority } from '../../local/edge/certificates.ts';
import { Register } from '../../local/process/register.ts';
import { Region, type RegionProps } from '../../local/region/region.ts';
import { freePort } from '../support/free-port.ts';

export const PYTHON = resolve(import.meta.dirname, '../../.venv/bin/python');
export const HOST_PROGRAM = resolve(import.meta.dirname, '../../local/region/host.ts');
export const NAME = 'eu-central-1';
export const HOST = 'eu-central-1.api.tandem.test';
/** Of all regions of the lab. */
const SECRET = randomBytes(32).toString('base64url');
const ANSWER_MS_MAX = 20_000;
const AUTHORITY = makeAuthority('api.tandem.test', Date.now());

export interface RegionLab {
  /** A region that is stopped when the test ends. */
  make(props: Partial<RegionProps>): Promise<Region>;
  /** Processes of the group that the register knows. */
  recordedMembers(group: number): Promise<number>;
  /** Id of the emulator's process. */
  recordedEmulator(group: number): Promise<number>;
  close(): Promise<void>;
}

export const openRegionLab = async (): Promise<RegionLab> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-region-'));
  const register = await Register.open(folder);
  const recorded = async (group: number): Promise<readonly { readonly pid: number }[]> => {
    const { groups } = JSON.parse(await readFile(join(folder, 'processes.json'), 'utf8'));
    return groups.find((each: { readonly id: number }) => each.id === group)?.members ?? [];
  };
  return {
    make: async (props) => {
      const region = await regionIn(folder, register, props);
      onTestFinished(() => region.stop());
      return region;
    },
    recordedMembers: async (group) => (await recorded(group)).length,
    recordedEmulator: async (group) => {
      const emulator = (await recorded(group)).find(({ pid }) => pid !== group);
      if (emulator === undefined) throw new Error('no emulator is recorded');
      return emulator.pid;
    },
    close: async () => {
      register.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const regionIn = async (folder: string, register: Register, props: Partial<RegionProps>): Promise<Region> => {
  const [edge, edgeTls, emulator] = [await freePort(), await freePort(), await freePort()];
  return new Region({
    name: NAME,
    dnsAddress: '127.0.0.1',
    address: '127.0.0.1',
    port: edge,
    tlsPort: edgeTls,
    credentials: AUTHORITY.issue(NAME, [HOST, 'api.tandem.test']),
    functionEnvironment: {},
    regionalName: HOST,
    sharedName: 'api.tandem.test',
    endpoint: `http://127.0.0.1:${emulator}`,
    accessKeyId: 'local-test',
    secretAccessKey: SECRET,
    emulator: { python: PYTHON, port: emulator },
    folder: await mkdtemp(join(folder, 'region-')),
    register,
    onState: () => undefined,
    onEdge: () => undefined,
    onServed: () => undefined,
    onHanded: () => undefined,
    ...props,
  });
};

/** The emulator's own health, seen through the front door. */
export const ask = (region: Region, timeoutMs = ANSWER_MS_MAX) =>
  request(`http://${region.props.address}:${region.props.port}/health`, {
    headers: { host: HOST },
    reset: true,
    signal: AbortSignal.timeout(timeoutMs),
  });

export const askTls = async ({ props }: Region): Promise<number | undefined> => {
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

export const idOf = (region: Region): number => {
  if (region.processGroup === null) throw new Error('the region has no process group');
  return region.processGroup;
};
