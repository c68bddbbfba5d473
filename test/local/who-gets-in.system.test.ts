/** Every port of a system that runs, found by what the kernel says, and tried as pages, other users and broken programs would. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOptions } from '../../local/emulator-access.ts';
import type { OpenPort } from '../../local/system.ts';
import { PATIENT } from '../support/emulator.ts';
import { familyOf, listeningPorts } from '../support/listening.ts';
import { type Attempt, attempt, BROKEN, type Outcome, STRANGERS } from '../support/strangers.ts';
import { zipOf } from '../support/zip.ts';
import { EU, startTestSystem, type TestSystem, US } from './local-system.ts';

/** Who does not know the run's secret gets 403; where `names` is given, whoever calls them by another name. */
const GUARDED = new Set<OpenPort['kind']>(['control', 'codeDeploy', 'emulator', 'edge']);
const PRIVATE = 0o077;

let system: TestSystem;
let before: ReadonlySet<string>;
const keyOf = ({ protocol, address, port }: Pick<OpenPort, 'protocol' | 'address' | 'port'>): string => `${protocol} ${address}:${port}`;
const found = (): readonly string[] => listeningPorts(familyOf(process.pid)).map(keyOf);

beforeAll(async () => {
  before = new Set(found());
  system = await startTestSystem();
});
afterAll(() => system?.stop());

const tries = async (ports: readonly OpenPort[], attempts: readonly Attempt[]): Promise<readonly string[]> => {
  const wrong: string[] = [];
  for (const place of ports)
    for (const { title, allowed, make } of attempts) {
      const outcome = await attempt(place, make(`${place.address}:${place.port}`));
      if (!allowed.includes(outcome)) wrong.push(`${place.kind} ${keyOf(place)}: ${title}: ${outcome}`);
    }
  return wrong;
};
const guarded = (): readonly OpenPort[] => system.running.listeners.filter(({ kind }) => GUARDED.has(kind));
const functionsOf = async (region: string): Promise<readonly (string | undefined)[]> => {
  const place = (await system.control.system()).regions.find(({ name }) => name === region);
  if (place === undefined) throw new Error(`no region ${region}`);
  const client = new LambdaClient(clientOptions(place, PATIENT));
  try {
    return ((await client.send(new ListFunctionsCommand({}))).Functions ?? []).map(({ FunctionName }) => FunctionName);
  } finally {
    client.destroy();
  }
};

describe('a system that runs', () => {
  it('listens where it says, all of it on loopback, and nowhere else', () => {
    const said = system.running.listeners.map(keyOf);
    expect(new Set(found().filter((each) => !before.has(each)))).toEqual(new Set(said));
    expect(system.running.listeners.filter(({ address }) => address.split('.')[0] !== '127')).toEqual([]);
  });

  it('answers 403 to every stranger at every port, but at DNS and to who calls the API by its name', async () => {
    expect(guarded().length).toBeGreaterThanOrEqual(6);
    expect(await tries(guarded(), STRANGERS)).toEqual([]);
  });

  it('makes no function for a page that sends one, and shows none', async () => {
    const code = zipOf('index.js', Buffer.from('exports.handler = async () => 1;')).toString('base64');
    const body = JSON.stringify({
      FunctionName: 'theirs',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/x',
      Code: { ZipFile: code },
    });
    const outcomes: Outcome[] = [];
    for (const place of guarded())
      for (const header of ['origin: https://evil.example', 'accept: */*']) {
        const lines = [
          'POST /2015-03-31/functions HTTP/1.1',
          `host: ${place.address}:${place.port}`,
          'content-type: text/plain',
          header,
          `content-length: ${body.length}`,
        ];
        outcomes.push(await attempt(place, { text: `${lines.join('\r\n')}\r\n\r\n${body}` }));
      }
    expect(new Set(outcomes)).toEqual(new Set([403]));
    for (const region of [EU, US]) expect(await functionsOf(region)).not.toContain('theirs');
  });

  it('leads no caller of the API to anything but the API, whatever the caller says', async () => {
    const headers = {
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      authorization: 'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      'tandem-local-secret': 'guessed',
    };
    for (const path of ['/', '/2015-03-31/functions', '/_ministack/health', '/../../../../2015-03-31/functions', '/orders']) {
      const answer = await system.send(EU, path, { method: 'POST', headers, body: {} }).catch(() => ({ status: 400, body: {} }));
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.status, path).toBeLessThan(500);
      expect(JSON.stringify(answer.body), path).not.toMatch(/TableNames|FunctionName|"services"/);
    }
  });

  it('outlives garbage, hang-ups, and what has no end, at every port', async () => {
    expect(await tries(guarded(), BROKEN)).toEqual([]);
    const open = system.running.listeners.filter(({ kind, protocol }) => !GUARDED.has(kind) && protocol === 'tcp');
    const anything = BROKEN.map((each) => ({ ...each, allowed: ['open', 'closed', 400] as const }));
    for (const place of open) for (const { make } of anything) await attempt(place, { ...make('evil.example'), waitMsMax: 500 });
    const udp = createSocket('udp4');
    for (const { address, port } of system.running.listeners.filter(({ protocol }) => protocol === 'udp'))
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(12, 255), Buffer.alloc(1_400, 65)])
        await new Promise((resolve) => udp.send(bytes, port, address, resolve));
    udp.close();
    const { regions } = await system.control.system();
    expect(regions.map(({ state }) => state)).toEqual(['serving', 'serving']);
    for (const region of [EU, US]) expect(await system.send(region, '/health')).toMatchObject({ status: 200 });
  });

  it('has no secret in an argument of a process, nor in a file but that of its owner', async () => {
    const { regions } = await system.control.system();
    const known = [system.running.file.token, ...regions.map(({ secretAccessKey }) => secretAccessKey)];
    const arguments_ = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
    const secrets = [...known, ...randomWords()];
    expect(known.every((each) => each.length >= 32)).toBe(true);
    expect(secrets.length).toBeGreaterThan(known.length);
    expect(secrets.filter((each) => arguments_.includes(each))).toEqual([]);
    const told = filesBelow(system.folder).filter(
      (path) => statSync(path).isFile() && !path.endsWith('system.json') && known.some((each) => readFileSync(path).includes(each)),
    );
    expect(told).toEqual([]);
  });

  it('writes what its owner alone may read; what is deployed is readable by whoever runs it', () => {
    const open = [system.folder, ...filesBelow(system.folder)].filter((path) => (statSync(path).mode & PRIVATE) !== 0);
    // Copies keep the mode that Lambda needs; the folder above lets nobody in.
    expect(open.filter((path) => !/\/asset\.[^/]+\/[^/]+$/.test(path))).toEqual([]);
  });
});

/** What of the environments of the system's processes looks as if nobody could guess it. */
const randomWords = (): readonly string[] =>
  familyOf(process.pid)
    .slice(1)
    .flatMap((pid) => environmentOf(pid).match(/(?<![\w/.-])[\w-]{32,}(?![\w.])/g) ?? [])
    .filter((word) => /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word) && !word.includes('Tandem'));

const environmentOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', '\n');
  } catch {
    return '';
  }
};

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() || each.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
