import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { readEnvironment } from '../../functions/aws/environment.ts';
import { ENV, HEALTHY_TEXT, METRICS, PEER_ENDPOINTS_ENV, TABLES } from '../../functions/contract/names.ts';
import { firstSecret, Secret } from '../../functions/core/secrets.ts';
import type { Store, Write } from '../../functions/core/store.ts';
import { canarySubject } from '../../functions/core/synthetic.ts';
import { namedIn, tokenOf } from '../../functions/core/token.ts';
import { CHECKS, Roles } from '../infra/roles.ts';
import { eventually, HANG_MS } from '../support/eventually.ts';
import { journeys } from './api-journeys.ts';
import { ApiWorld, REGIONS, type Sent } from './api-world.ts';
import { makeTestKey } from './callers.ts';
import { HERE, invocation, type Lab, logged, PEER, startLab } from './lab.ts';
import { recordJourneys } from './record-journeys.ts';
import { clientOf, createTables, patientStore } from './tables.ts';

const key = makeTestKey();
const canary = makeTestKey({ subjects: ['canary:*'] });
const roles = new Roles(HERE);
roles.holdAtTheEnd({ Api: [CHECKS] });
let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
  for (const { item } of [key, canary]) await lab.control.transact([{ action: 'put', item }]);
});
afterAll(() => lab?.stop());

journeys('the API over DynamoDB', () => new ApiWorld(tables()).start());
recordJourneys('the API over DynamoDB, and another region', (region) =>
  new ApiWorld(region === HERE ? { region, ...tables() } : { region }).start(),
);

describe('the environment of a function', () => {
  it('is refused with every missing and wrong variable at once', () => {
    const { [ENV.regions]: _, ...others } = lab.environment;
    expect(() => readEnvironment({ ...others, [ENV.auth]: '{"mode":"all"}', [ENV.drainSeconds]: 'soon' })).toThrow(
      /TANDEM_REGIONS is missing, TANDEM_AUTH is wrong, TANDEM_DRAIN_SECONDS is wrong/,
    );
    expect(readEnvironment(lab.environment)).toMatchObject({
      region: HERE,
      regions: REGIONS,
      drainMs: 30_000,
      version: '1.2.3+7',
      domain: undefined,
      peerEndpoints: {},
    });
  });

  it('may say where other regions are, and only as a list of addresses', () => {
    const given = (text: string) => readEnvironment({ ...lab.environment, [PEER_ENDPOINTS_ENV]: text });
    const peerEndpoints = { 'us-east-2': 'http://127.0.0.1:4567' };
    expect(given(JSON.stringify(peerEndpoints))).toMatchObject({ peerEndpoints });
    for (const text of ['', 'x', '1', '{"us-east-2":1}', '{"us-east-2":"nowhere"}'])
      expect(() => given(text)).toThrow(/TANDEM_PEER_ENDPOINTS is wrong/);
  });
});

describe('the API handler', () => {
  const load = async () => ({ handler: roles.guard('Api', (await import('../../functions/api.handler.ts')).handler) });
  const world = new ApiWorld();

  // A new execution environment for each test: it would remember the last verdict for five seconds.
  beforeEach(() => {
    vi.resetModules();
  });

  it('answers, and writes one line for a request: log entry and metrics, under the version and under none', async () => {
    const { handler } = await load();
    const { value, lines } = await logged(() => handler(world.event('GET', '/orders', { token: key.token() }), invocation));
    expect([value.statusCode, value.headers['tandem-version']]).toEqual([200, '1.2.3+7']);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'INFO',
        route: 'listOrders',
        status: 200,
        Requests: 1,
        Errors: 0,
        Latency: expect.any(Number),
        ExecutedVersion: '7',
      }),
    ]);
    expect(lines[0]?.['_aws']).toMatchObject({
      CloudWatchMetrics: [{ Namespace: METRICS.namespace, Dimensions: [[], ['ExecutedVersion']] }],
    });
  });

  it("counts no synthetic caller's request as a user's, and tells the memory in use beside it", async () => {
    const { handler } = await load();
    const token = canary.token({ sub: canarySubject(HERE) });
    const { lines } = await logged(async () => {
      await handler(world.event('GET', '/orders', { token }), invocation);
      await handler(world.event('GET', '/orders', { token: null }), invocation);
    });
    expect(lines).toEqual([
      expect.objectContaining({ caller: 'synthetic', status: 200, memoryMb: expect.any(Number) }),
      expect.objectContaining({ caller: 'nobody', status: 401 }),
    ]);
    for (const line of lines) expect(line).not.toHaveProperty('_aws');
  });

  it('does not count as its own latency what a caller asked it to wait for other regions', async () => {
    const { handler } = await load();
    await lab.data.transact([{ action: 'put', item: firstSecret(PEER, 'of a peer', Date.now()) }]);
    const missing = [{ pk: `ORDER#${'0'.repeat(32)}`, sk: 'PLACED#us-east-2' }];
    const headers = { 'tandem-token': tokenOf(missing, 'ann', new Secret('of a peer')) ?? '' };
    const { value, lines } = await logged(() => handler(world.event('GET', '/orders', { token: key.token(), headers }), invocation));
    const [line] = lines;
    expect([value.statusCode, value.headers['tandem-stale'], line?.['stale']]).toEqual([200, 'true', true]);
    expect(line?.['waitedMs']).toBeGreaterThanOrEqual(400);
    expect(line?.['Latency']).toBe(Number(line?.['latencyMs']) - Number(line?.['waitedMs']));
  });

  it("counts users' writes that are to be replicated, and those that no peer was seen to hold in time", async () => {
    const { handler } = await load();
    const sent = { token: key.token(), key: randomUUID(), body: { quantity: 1 } };
    const ask = (more: Sent, method = 'POST', path = `/stock/tea/regions/${HERE}/receipts`) =>
      logged(() => handler(world.event(method, path, { ...sent, ...more }), invocation));
    const replicated = { 'tandem-durability': 'replicated' };
    // Nobody asks for it; the peer has no table; it has one that holds what was written.
    const plain = await ask({});
    const missed = await ask({ headers: replicated });
    const carriers = namedIn(missed.value.headers['tandem-token'] ?? '') ?? [];
    await withPeer(async (replica) => {
      for (const carrier of carriers) await replica.transact([{ action: 'put', item: { ...carrier, v: 1 } }]);
      // A peer that missed a deadline is looked at once a second.
      const held = await eventually(
        () => ask({ headers: replicated }),
        ({ value: { statusCode } }) => statusCode === 201,
      );
      const token = canary.token({ sub: canarySubject(HERE) });
      const synthetic = await ask({ headers: replicated, token }, 'POST', `/stock/canary.tea/regions/${HERE}/receipts`);
      const looked = await ask(
        { headers: { ...replicated, 'tandem-token': missed.value.headers['tandem-token'] ?? '' }, key: null },
        'GET',
        '/stock/tea',
      );
      const told = [plain, missed, held, synthetic, looked];
      expect(
        told.map(({ value, lines }) => [value.statusCode, lines.at(-1)?.['DurabilityAsked'], lines.at(-1)?.['DurabilityMissed']]),
      ).toEqual([
        [201, undefined, undefined],
        [202, 1, 1],
        [201, 1, 0],
        [202, undefined, undefined],
        [200, undefined, undefined],
      ]);
      expect([missed, plain].map(({ lines }) => JSON.stringify(lines.at(-1)?.['_aws']).includes(METRICS.durabilityAsked))).toEqual([
        true,
        false,
      ]);
    });
  });

  it('passes its deep check without a word', async () => {
    const { handler } = await load();
    const { value, lines } = await logged(() => handler(world.event('GET', '/health', { token: null }), invocation));
    expect([value.statusCode, value.body.includes(HEALTHY_TEXT), lines]).toEqual([200, true, []]);
  });

  it('fails its deep check while the table is frozen, soon enough to say so, and counts errors of requests', async () => {
    const { handler } = await load();
    await lab.frozen(async () => {
      const started = performance.now();
      const { value: health } = await logged(() => handler(world.event('GET', '/health', { token: null }), invocation));
      expect([health.statusCode, health.body.includes(HEALTHY_TEXT)]).toEqual([503, false]);
      expect(performance.now() - started).toBeLessThan(HANG_MS);
      const { value, lines } = await logged(() => handler(world.event('GET', '/orders', { token: key.token() }), invocation));
      expect(value.statusCode).toBe(503);
      expect(lines).toEqual([expect.objectContaining({ level: 'WARN', Errors: 1, problem: 'unavailable', error: 'StoreUnavailable' })]);
    });
  });
});

/** The tables as the API's role may use them; a test's own key is registered by an operator. */
function tables() {
  const { data, control } = lab;
  return { data: underRole(data), control: { ...underRole(control), transact: (writes: readonly Write[]) => control.transact(writes) } };
}

function underRole(store: Store): Store {
  return {
    get: roles.guard('Api', (key) => store.get(key)),
    query: roles.guard('Api', (pk, prefix) => store.query(pk, prefix)),
    listByOwner: roles.guard('Api', (owner, page) => store.listByOwner(owner, page)),
    transact: roles.guard('Api', (writes) => store.transact(writes)),
  };
}

/** The other region's replica, on the same emulator. */
const withPeer = async (work: (replica: DynamoStore) => Promise<void>): Promise<void> => {
  const client = clientOf({ ...lab.emulator, region: PEER });
  try {
    await createTables(client);
    await work(patientStore(client, TABLES.data));
  } finally {
    client.destroy();
  }
};
