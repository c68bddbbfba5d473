import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../local/edge/certificates.ts';
import { FrontDoor } from '../../local/edge/front-door.ts';
import { edgeAddress } from '../../local/network.ts';
import { type FunctionNetworkProps, functionNetwork } from '../../local/region/function-network.ts';
import type { Resolution } from '../../local/route53/resolver.ts';
import { startDnsServer } from '../../local/route53/server.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpServer } from '../support/http-server.ts';

const run = promisify(execFile);

const DOMAIN = 'api.tandem.test';
const [HERE, ORIGIN] = [`eu-central-1.${DOMAIN}`, `eu-central-1.origin.${DOMAIN}`];
/** What DNS answers for the front door, which is on 127.0.0.1. */
const DOOR = edgeAddress(0);
/** Of plain HTTP, as callers of DNS's address name it. */
const PLAIN_PORT = 8_080;
const PROGRAM_MS_MAX = 120_000;

let folder: string;
let door: FrontDoor;
let network: FunctionNetworkProps;
/** Names that were asked for. */
let asked: string[];

beforeAll(async () => {
  // A name that Node would split if it were no URL.
  folder = await mkdtemp(join(tmpdir(), 'tandem test network '));
  const behind = await startHttpServer((request, response) => response.end(`${request.headers['x-forwarded-proto']} ${request.url}`));
  const authority = makeAuthority(DOMAIN, Date.now());
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  door = new FrontDoor({
    region: 'eu-central-1',
    address: '127.0.0.1',
    port: 0,
    tlsPort: 0,
    names: [HERE, DOMAIN],
    credentials: authority.issue('eu-central-1', [HERE, DOMAIN]),
    endpoint: behind.url,
    stagePath: '/stage',
    candidateStagePath: '/candidate',
  });
  await door.open();
  asked = [];
  const dns = await startDnsServer({
    port: 0,
    answer: ({ name, type }) => {
      asked.push(name);
      return type === 'A' ? (RECORDS[name] ?? NO_SUCH_NAME) : { ...NO_SUCH_NAME, kind: 'no-data' };
    },
  });
  const routes = [
    { named: { address: DOOR, port: 443 }, at: { address: '127.0.0.1', port: door.tlsPort } },
    { named: { address: DOOR, port: PLAIN_PORT }, at: { address: '127.0.0.1', port: door.port } },
  ];
  network = { caFile: join(folder, 'ca.pem'), resolver: dns, domain: DOMAIN, routes };
  return async () => {
    await behind.stop();
    await door.close();
    await dns.close();
    await rm(folder, { recursive: true, force: true });
  };
});

const throughSocket = (socket: string): string => `
  const secured = connectTls({ socket: ${socket}, servername: '${HERE}' });
  get({ createConnection: () => secured, host: '${HERE}', path: '/orders?x=1', headers: { connection: 'close' } }, show);`;

describe('a function finds the API under its own names', () => {
  test.each([
    ['fetch', `const answer = await fetch('https://${HERE}/orders?x=1'); console.log(answer.status, await answer.text());`],
    ['https.get', `get('https://${HERE}/orders?x=1', show);`],
    ['a port in the URL', `get('https://${HERE}:443/orders?x=1', show);`],
    ['the shared name', `get('https://${DOMAIN}/orders?x=1', show);`],
    [
      'the origin, by certificate and Host of the shared name',
      `get({ host: '${ORIGIN}', servername: '${DOMAIN}', path: '/orders?x=1', headers: { host: '${DOMAIN}' } }, show);`,
    ],
    [
      'an address that it looked up itself',
      `const [{ address }] = await lookup('${HERE}', { all: true });
       get({ host: address, servername: '${HERE}', path: '/orders?x=1', headers: { host: '${HERE}' } }, show);`,
    ],
    ['TLS over a connection of its own', throughSocket(`connect(443, '${HERE}')`)],
    ['TLS over a socket of its own', throughSocket(`new Socket().connect(443, '${HERE}')`)],
  ])('with %s', async (_, program) => {
    expect(await functionOf(program)).toBe('200 https /stage/orders?x=1\n');
  });

  test.each([
    ['that it names', HERE],
    ['whose address it has', DOOR],
  ])('on the port for plain HTTP of a front door %s, also after another connection', async (_, host) => {
    const program = `
      import { get as getPlain } from 'node:http';
      await (await fetch('https://${HERE}/')).text();
      getPlain({ host: '${host}', port: ${PLAIN_PORT}, path: '/plain', headers: { host: '${HERE}', connection: 'close' } }, show);`;

    expect(await functionOf(program)).toBe('200 http /stage/plain\n');
  });

  test('and asks the name server that is near its region', async () => {
    asked = [];

    await functionOf(`await fetch('https://${HERE}/')`);

    expect(asked).toEqual([HERE]);
  });

  test('anew each time, whichever way it looks them up', async () => {
    asked = [];
    const program = `
      console.log(await lookup('${HERE}'), await lookup('${HERE}', { all: true }));
      lookupBack('${HERE}', (error, address, family) => console.log(error, address, family));
      lookupBack('${HERE}', { all: true }, (error, addresses) => setTimeout(() => console.log(error, addresses), 100));`;

    expect(await functionOf(program)).toBe(
      [
        `{ address: '${DOOR}', family: 4 } [ { address: '${DOOR}', family: 4 } ]`,
        `null ${DOOR} 4`,
        `null [ { address: '${DOOR}', family: 4 } ]`,
        '',
      ].join('\n'),
    );
    expect(asked).toHaveLength(4);
  });

  test('with the certificate of the origin it is as on AWS: there is none', async () => {
    expect(await functionOf(`await fetch('https://${ORIGIN}/').catch((error) => console.log(error.cause.code))`)).toBe(
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE\n',
    );
  });
});

describe('a function fails as on AWS', () => {
  test('for a name of the API that does not exist', async () => {
    const failed = `({ code, syscall, hostname }) => console.log(code, syscall, hostname)`;

    expect(await functionOf(`await fetch('https://mars.${DOMAIN}/').catch(({ cause }) => (${failed})(cause))`)).toBe(
      `ENOTFOUND getaddrinfo mars.${DOMAIN}\n`,
    );
    expect(await functionOf(`await lookup('mars.${DOMAIN}').catch(${failed})`)).toBe(`ENOTFOUND getaddrinfo mars.${DOMAIN}\n`);
  });

  test('when nobody resolves names', async () => {
    const nobody = functionNetwork({ ...network, resolver: { address: '127.0.0.1', port: await freePort() } });

    expect(await functionOf(`await lookup('${HERE}').catch(({ code }) => console.log(code))`, nobody)).toBe('EAI_AGAIN\n');
  });
});

describe('a function is left alone', () => {
  test('with other addresses', async () => {
    const other = createServer((socket) => void socket.end('hello'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const at = other.address();
    if (at === null || typeof at === 'string') throw new Error('no port was given');

    expect(await functionOf(`connect(${at.port}, '127.0.0.1').on('data', (data) => console.log(String(data)))`)).toBe('hello\n');
    expect(await functionOf(`connect({ port: 443, host: '127.0.0.1' }).on('error', ({ port }) => console.log(port))`)).toBe('443\n');
  });

  test('with other names, also one that ends in the same letters', async () => {
    asked = [];
    const ofHost = functionNetwork({ ...network, domain: 'host' });
    const program = "lookupBack('localhost', 4, (error, address, family) => console.log(error, address, family))";

    expect(await functionOf(program, ofHost)).toBe('null 127.0.0.1 4\n');
    expect(asked).toEqual([]);
  });
});

const NO_SUCH_NAME = { kind: 'no-such-name', answers: [], authorities: [], byLocation: false } as const satisfies Resolution;
const address = (name: string) => ({ name, type: 'A', ttlSeconds: 60, data: DOOR }) as const;
const RECORDS: Readonly<Record<string, Resolution>> = {
  [HERE]: { kind: 'answer', answers: [address(HERE)], authorities: [], byLocation: false },
  [ORIGIN]: { kind: 'answer', answers: [address(ORIGIN)], authorities: [], byLocation: false },
  [DOMAIN]: {
    kind: 'answer',
    answers: [{ name: DOMAIN, type: 'CNAME', ttlSeconds: 10, data: ORIGIN }, address(ORIGIN)],
    authorities: [],
    byLocation: true,
  },
};

/** Runs a program as the emulator runs functions. @returns what it prints */
const functionOf = async (program: string, variables = functionNetwork(network)): Promise<string> => {
  const imports = `
    import { lookup as lookupBack } from 'node:dns';
    import { lookup } from 'node:dns/promises';
    import { get } from 'node:https';
    import { connect, Socket } from 'node:net';
    import { connect as connectTls } from 'node:tls';
    const show = async (answer) => console.log(answer.statusCode, String(Buffer.concat(await answer.toArray())));`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', `${imports}\n${program}`], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...variables },
    timeout: PROGRAM_MS_MAX,
  });
  expect(stderr).toBe('');
  return stdout;
};
