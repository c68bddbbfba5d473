import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { clockProblems } from './architecture/clocks.ts';
import { listenerProblems } from './architecture/listeners.ts';
import { castProblems, placeProblems, purityProblems } from './architecture/purity.ts';
import { importProblems } from './architecture/rooms.ts';
import { surroundingsProblems } from './architecture/surroundings.ts';
import { waitProblems } from './architecture/waits.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is made, not written. */
const MADE = new Set(['node_modules', '.git', '.venv', '.tandem', 'cdk.out', 'coverage']);
const files = filesBelow('');
const sources = files.filter((path) => ['.ts', '.mjs'].includes(extname(path)));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const problemsOf = (paths: readonly string[], check: (path: string, text: string) => readonly string[]) =>
  paths.flatMap((path) => check(path, read(path)));

describe('the repository', () => {
  it('is read whole', () =>
    expect(files).toEqual(expect.arrayContaining(['package.json', 'bin/tandem', 'functions/core/store.ts', '.ci/run'])));

  it('imports only what each room may', () => expect(problemsOf(sources, importProblems)).toEqual([]));

  it('keeps time, chance, environment and network out of the pure rooms', () => expect(problemsOf(sources, purityProblems)).toEqual([]));

  it('casts nothing but `as const`', () => expect(problemsOf(sources, castProblems)).toEqual([]));

  it('measures in the failover client by a clock that does not step', () => expect(problemsOf(sources, clockProblems)).toEqual([]));

  it('waits in tests as long as a busy machine takes', () => {
    const tests = sources.filter((path) => path.startsWith('test/') && !path.startsWith('test/architecture'));
    expect(problemsOf(tests, waitProblems)).toEqual([]);
  });

  it('asks its own processes as the code says, whatever the shell of the user says', () =>
    expect(problemsOf(sources, surroundingsProblems)).toEqual([]));

  it('opens ports in few places, and hears every failure of a listener', () => expect(problemsOf(sources, listenerProblems)).toEqual([]));

  it('names no path of one machine and no registry', () => {
    const own = files.filter((path) => !path.startsWith('test/architecture'));
    expect(problemsOf(own, placeProblems)).toEqual([]);
  });

  it('locks packages by content, not by where they came from', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });

  it('pins every dependency to one version', () => {
    const {
      dependencies,
      devDependencies,
      optionalDependencies,
    }: Record<string, Record<string, string>> = JSON.parse(read('package.json'));
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe('the check of listeners catches', () => {
  it.each([
    ['an async handler', 'ops/targets/a.ts', 'createServer(async (request, response) => response.end());'],
    ['an async handler by its name', 'bench/a.ts', "const hear = async () => undefined; server.on('request', hear);"],
    ['an async function by its name', 'local/a.ts', "async function hear() {} socket.once('data', hear);"],
    ['an async listener of a process', 'local/region/a.ts', "process.on('message', async function () {});"],
    ['a server of its own', 'ops/targets/a.ts', "import { createServer } from 'node:http';"],
    ['a server by the whole module', 'bench/a.ts', "import http from 'node:http'; http.createServer();"],
    ['a socket that listens', 'local/streams/a.ts', "import { connect, createServer as listen } from 'node:net';"],
    ['a server with TLS', 'local/a.ts', "import * as tls from 'node:tls'; new tls.Server();"],
  ])('%s', (_, path, text) => expect(listenerProblems(path, text)).toHaveLength(1));

  it('and lets through what is allowed', () => {
    const text =
      "import { request, type Server } from 'node:http'; server.on('close', () => void end().catch(tell)); list.map(async (each) => each);";
    expect(listenerProblems('local/a.ts', text)).toEqual([]);
    expect(listenerProblems('local/guarded-server.ts', "import { createServer } from 'node:http';")).toEqual([]);
  });
});

describe('the table of clocks catches', () => {
  it.each(['Date.now()', 'const a = new Date();', 'this.props.runtime.now()', 'clock\u002enow ( )', 'performance.timeOrigin', 'Date()'])(
    '%s',
    (text) => expect(clockProblems('client/a.ts', text)).toHaveLength(1),
  );

  it('and lets through what does not step, and other rooms', () => {
    expect(clockProblems('client/a.ts', 'runtime.monotonic(); performance.mark; Date.parse(value)')).toEqual([]);
    expect(clockProblems('ops/a.ts', 'Date.now()')).toEqual([]);
  });
});

describe('the table of waits catches', () => {
  it.each([
    ['a poll', 'await expect.poll(() => x).toBe(1);'],
    ['a poll over two lines', 'await expect\n  .poll(() => x)\n  .toBe(1);'],
    ['a wait of the runner', 'await vi.waitFor(() => expect(x).toBe(1), { timeout: 900 });'],
    ['a limit of its own', "test('a', { timeout: 9_000 }, async () => {"],
    ['a limit of its own over lines', "test('a', {\n  timeout: 9_000,\n}, async () => {"],
    ['a bound on the wall clock', 'expect(performance.now() - startedMs).toBeLessThan(6_000);'],
    ['a bound by date', 'expect(Date.now() - startedMs).toBeLessThanOrEqual(DEADLINE_MS);'],
  ])('%s', (_what, text) => expect(waitProblems('test/a.test.ts', text)).toHaveLength(1));

  it('and lets through what only a hang exceeds', () =>
    expect(waitProblems('test/a.test.ts', 'expect(performance.now() - startedMs).toBeLessThan(DEADLINE_MS + HANG_MS);')).toEqual([]));
});

describe('the import table catches', () => {
  const planted: readonly (readonly [what: string, path: string, text: string])[] = [
    ['a static import', 'functions/core/a.ts', "import { x } from '../aws/store.ts';"],
    ['a type-only import', 'functions/core/a.ts', "import type { X } from '@aws-sdk/client-dynamodb';"],
    ['an import for its side effects', 'local/a.ts', "import '../infra/cell-stack.ts';"],
    ['a dynamic import', 'local/a.ts', "const x = await import('../functions/core/order-fold.ts');"],
    ['a computed import', 'ops/a.ts', 'const x = await import(name);'],
    ['a template import', 'ops/a.ts', 'const x = await import(`../local/${name}.ts`);'],
    ['a re-export', 'functions/contract/a.ts', "export { x } from '../core/x.ts';"],
    ['a re-export of everything', 'functions/contract/a.ts', "export * from '../aws/x.ts';"],
    ['an import type expression', 'client/a.ts', "export type X = import('../ops/x.ts').X;"],
    ['a require', 'infra/a.ts', "const x = require('../functions/api.handler.ts');"],
    ['an import assignment', 'infra/a.ts', "import x = require('../functions/api.handler.ts');"],
    ['an alias', 'ops/a.ts', "import { x } from '#local/system.ts';"],
    ['an absolute path', 'ops/a.ts', "import { x } from '/local/system.ts';"],
    ['a detour', 'ops/a.ts', "import { x } from './targets/../../local/system.ts';"],
    ['local from ops other than its adapter', 'ops/drill/a.ts', "import type { X } from '../../local/control/api.ts';"],
    ['a value of the contract in the client', 'client/a.ts', "import { HEADERS } from '../functions/contract/names.ts';"],
    ['a built-in with input and output in the core', 'functions/core/a.ts', "import { readFileSync } from 'node:fs';"],
    ['a built-in without its prefix', 'functions/core/a.ts', "import http from 'http';"],
    ['an adapter in the HTTP layer', 'functions/http/a.ts', "import { x } from '../aws/x.ts';"],
    ['an adapter in a fault', 'functions/faulty/a.handler.ts', "import { x } from '../aws/x.ts';"],
    ['a fault in the API', 'functions/api.handler.ts', "export { handler } from './faulty/errors.handler.ts';"],
    ['an adapter in the canary', 'functions/canary/a.ts', "import { x } from '../aws/x.ts';"],
    ["the canary's rules in an adapter", 'functions/aws/a.ts', "import { x } from '../canary/trial.ts';"],
    ['CDK in ops', 'ops/a.ts', "import { App } from 'aws-cdk-lib';"],
    ['a stack in local', 'local/a.ts', "import { CellStack } from '../infra/cell-stack.ts';"],
    ['tests in a room', 'ops/a.ts', "import { x } from '../test/support/x.ts';"],
    ['a file in no room', 'scripts/a.ts', ''],
  ];
  it.each(planted)('%s', (_what, path, text) => expect(importProblems(path, text)).toHaveLength(1));

  it('and lets through what is allowed', () => {
    expect(importProblems('ops/targets/local.ts', "import type { X } from '../../local/control/api.ts';")).toEqual([]);
    expect(importProblems('client/a.ts', "import type { Order } from '../functions/contract/answers.ts';")).toEqual([]);
    expect(importProblems('client/a.ts', "import { type Order } from '../functions/contract/answers.ts';")).toEqual([]);
    expect(importProblems('local/a.ts', "import { parseConfig } from '../infra/config.ts';")).toEqual([]);
    expect(importProblems('functions/core/a.ts', "import { createHash } from 'node:crypto';")).toEqual([]);
    expect(importProblems('functions/aws/a.ts', "import { TransportError } from '../canary/transport.ts';")).toEqual([]);
  });
});

describe('purity', () => {
  it.each([
    'const a = Date.now();',
    "const a = Date['now']();",
    'const a = new Date();',
    'const a = Math.random();',
    'const a = process.env.A;',
    'const a = globalThis.process;',
    'const now = () => performance.now();',
    'setTimeout(() => {}, 1);',
    "import { randomUUID } from 'node:crypto';",
    'const a = { process };',
  ])('refuses %s in the core', (text) => expect(purityProblems('functions/core/a.ts', text)).not.toEqual([]));

  it('allows names that only look like it, and other rooms', () => {
    expect(
      purityProblems(
        'functions/core/a.ts',
        'const a = order.process; const b = { fetch: 1 }; const c = new Date(5); const d = Math.max(1, 2);',
      ),
    ).toEqual([]);
    expect(purityProblems('ops/a.ts', 'const a = Date.now();')).toEqual([]);
  });
});

describe('the check of surroundings catches', () => {
  const client = "import { LambdaClient } from '@aws-sdk/client-lambda';\n";
  it.each([
    ['a client with settings of its own', 'local/a.ts', `${client}new LambdaClient({ region: 'x', endpoint });`],
    ['a client without settings', 'ops/targets/local-a.ts', `${client}new LambdaClient();`],
    ['what the one place made, and something else', 'local/a.ts', `${client}new LambdaClient({ ...clientOptions(a), maxAttempts: 3 });`],
    ['a client of the tables', 'local/a.ts', "import { dynamoClient } from '../functions/aws/clients.ts';\ndynamoClient({ region });"],
    ['a client of a test', 'test/local/a.ts', `${client}new LambdaClient({ region: 'x', endpoint });`],
    ['a key', 'ops/sweep/a.ts', "const access = { credentials: { accessKeyId, secretAccessKey: 'x' } };"],
    ['the global fetch', 'ops/drill/a.ts', "await fetch('http://127.0.0.1:1');"],
    ['the global fetch by its full name', 'local/a.ts', "await globalThis.fetch('http://127.0.0.1:1');"],
    ['a request of undici', 'local/a.ts', "import { request as ask } from 'undici';\nawait ask(url, { method: 'PUT' });"],
    ['a proxy', 'ops/a.ts', "import { EnvHttpProxyAgent } from 'undici';"],
    ['a request of Node', 'local/a.ts', "import { request } from 'node:http';\nrequest({ host });"],
    ['a child that inherits', 'local/a.ts', "import { spawn } from 'node:child_process';\nspawn('x', [], { cwd });"],
  ])('%s', (_what, path, text) => expect(surroundingsProblems(path, text)).toHaveLength(1));

  it('and lets through what is allowed', () => {
    expect(surroundingsProblems('local/a.ts', `${client}new LambdaClient(clientOptions(region, LIMITS));`)).toEqual([]);
    expect(surroundingsProblems('local/a.ts', `${client}const options = clientOptions(a);\nnew LambdaClient(options);`)).toEqual([]);
    expect(surroundingsProblems('ops/delivery/a.ts', `${client}new LambdaClient({ region, ...CALLS });`)).toEqual([]);
    expect(surroundingsProblems('ops/a.ts', "import { fetch } from 'undici';\nfetch(url, { ...init, dispatcher: agent });")).toEqual([]);
    expect(surroundingsProblems('local/a.ts', "import { spawn } from 'node:child_process';\nspawn('x', [], { env: {} });")).toEqual([]);
  });
});

describe('house style', () => {
  it.each([
    'const a: any = 1;',
    'const a = b!;',
    'const a = b as string;',
    'const a = b as unknown as string;',
    'const a = <string>b;',
    'let a!: string;',
  ])('refuses %s', (text) => expect(castProblems('ops/a.ts', text)).not.toEqual([]));

  it('allows as const, and satisfies', () =>
    expect(castProblems('ops/a.ts', 'const a = [1] as const; const b = {} satisfies object;')).toEqual([]));

  it.each([`const a = '${['', 'home', 'me', 'x'].join('/')}';`, `host: registry.${'npmjs'}.org`])('refuses %s', (text) =>
    expect(placeProblems('a.md', text)).toHaveLength(1),
  );
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // In a worktree of Git `.git` is a file.
    if (MADE.has(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
