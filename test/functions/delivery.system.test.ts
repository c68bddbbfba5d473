import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { canaryToken, patientClock, traveller } from '../../functions/aws/canary-runtime.ts';
import { lambdaClient, lambdaTransport } from '../../functions/aws/lambda-transport.ts';
import { makeJourney } from '../../functions/canary/journey.ts';
import { DELIVERY_ENV } from '../../functions/contract/names.ts';
import { deploymentsKey } from '../../functions/core/deployments.ts';
import { incarnationItem } from '../../functions/core/operations.ts';
import { canaryKid, canarySubject } from '../../functions/core/synthetic.ts';
import { Roles } from '../infra/roles.ts';
import { type Bucket, startBucket } from './bucket.ts';
import { auditOf, CODES, deploymentOf, deployVersions, executionOf, type Listening, listenAsCodeDeploy, makeCanaryKey } from './cell.ts';
import { HERE, type Lab, logged, PEER, startLab, stub } from './lab.ts';

const API = 'api';
const [RIGHT, RIGHT_AGAIN, CRASHES] = ['1', '2', '3'] as const;

const roles = new Roles(HERE, { [API]: 'Api' });
roles.holdAtTheEnd({ 'Delivery/BeforeTraffic': [], 'Delivery/AfterTraffic': [], FirstJourney: [], CanaryIdentity: [] });
let lab: Lab;
let codeDeploy: Listening;
let bucket: Bucket;
let keyArn: string;
beforeAll(async () => {
  lab = await startLab();
  codeDeploy = await listenAsCodeDeploy();
  bucket = await startBucket();
  vi.stubEnv('AWS_ENDPOINT_URL_CODEDEPLOY', codeDeploy.url);
  keyArn = await makeCanaryKey(lab);
  await deployVersions(lab, API, [CODES.right, CODES['right again'], CODES['crashes at its start']]);
  await register(keyArn);
});
afterAll(async () => {
  await codeDeploy?.stop();
  await bucket?.stop();
  await lab?.stop();
});

describe("the canary's identity", () => {
  it('is registered once, under its key, and the API takes its tokens for its own subject', async () => {
    const answer = await register(keyArn);
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { Kid: canaryKid(HERE, keyArn) } });
    const items = await lab.control.query(`KEY#${canaryKid(HERE, keyArn)}`);
    expect(items.map(({ sk }) => sk)).toEqual([`ADDED#${HERE}`]);
    const authenticator = new Authenticator({ settings: { mode: 'keys' }, control: lab.control, clock: patientClock });
    const token = canaryToken(keyArn, HERE);
    const identified = await authenticator.identify(`Bearer ${await token.get()}`);
    expect(identified).toMatchObject({
      kind: 'identified',
      identity: { subject: canarySubject(HERE), scopes: ['orders:read', 'orders:write', 'stock:write'] },
    });
    expect(await token.get()).toBe(await token.get());
  });

  it('stays when the resource goes', async () => {
    const { handler } = await import('../../functions/canary-identity.handler.ts');
    await logged(() =>
      roles.guard('CanaryIdentity', handler)(bucket.event('Delete', 'CanaryIdentity'), { getRemainingTimeInMillis: () => 20_000 }),
    );
    expect(bucket.answers.at(-1)?.body['Status']).toBe('SUCCESS');
    expect(await lab.control.query(`KEY#${canaryKid(HERE, keyArn)}`)).toHaveLength(1);
  });

  it('is answered with the reason when it cannot be registered', async () => {
    expect(await register(keyArn.replace(/key\/.*/, `key/${randomUUID()}`))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/./),
    });
    expect(await register(undefined)).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('TANDEM_CANARY_KEY is missing') });
  });
});

describe('a version that is invoked itself', () => {
  const to = (qualifier: string, functionName = API) =>
    lambdaTransport({ client: lambdaClient(), functionName, qualifier, sleep: patientClock.sleep });

  it('answers journeys, says that it is that version, and how much memory it uses', async () => {
    const made = await makeJourney({
      transport: to(RIGHT_AGAIN),
      clock: patientClock,
      traveller: await traveller({ region: HERE, auth: { mode: 'keys' } }, canaryToken(keyArn, HERE)),
      answerer: { regions: [HERE], version: RIGHT_AGAIN },
      key: `test.${randomUUID()}`,
    });
    expect(made.ok ? {} : made.failure).toEqual({});
    expect(made.memoryMb.length).toBeGreaterThanOrEqual(6);
    for (const mb of made.memoryMb) expect(mb).toBeGreaterThan(20);
  });

  it('is told apart from one that crashes, and from one that is not there', async () => {
    const request = { method: 'GET', path: '/health', headers: {} } as const;
    await expect(to(CRASHES).send(request)).rejects.toMatchObject({
      name: 'TransportError',
      kind: 'crash',
      message: expect.stringContaining('a fault of the test'),
    });
    await expect(to('77').send(request)).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(to('live', 'nobody').send(request)).rejects.toMatchObject({ kind: 'unreachable' });
  });
});

describe('the hook before traffic', () => {
  it('lets a version through that does what the one that serves does', async () => {
    const { id, told } = await beforeTraffic(RIGHT_AGAIN);
    expect(told).toEqual(['Succeeded']);
    expect((await deploymentOf(lab, id))?.trial).toMatchObject({ verdict: 'pass', candidate: RIGHT_AGAIN });
  });

  it('refuses one that crashes, says why, and says the same when it is asked again', async () => {
    const { id, told } = await beforeTraffic(CRASHES);
    expect(told).toEqual(['Failed']);
    expect((await deploymentOf(lab, id))?.trial).toMatchObject({
      verdict: 'fail',
      candidate: CRASHES,
      detail: expect.stringContaining('a fault of the test'),
    });
    const about = (await auditOf(lab)).filter(({ what }) => what.includes(id));
    expect(about).toMatchObject([
      { who: 'canary', what: `refused version ${CRASHES}, deployment ${id}`, why: expect.stringContaining('fail: health') },
    ]);
    // The version that it would try now is right: it answers by what is recorded.
    expect((await beforeTraffic(RIGHT_AGAIN, { id })).told).toEqual(['Failed', 'Failed']);
  });

  it('answers also where its environment is wrong, where nothing can be recorded, and where its time is over', async () => {
    expect((await beforeTraffic(undefined)).told).toEqual(['Failed']);
    expect((await beforeTraffic(RIGHT_AGAIN, { remainingMs: 20_050 })).told).toEqual(['Failed']);
    const before = codeDeploy.told.length;
    await lab.frozen(() => beforeTraffic(RIGHT_AGAIN));
    expect(codeDeploy.told.slice(before).map(([, status]) => status)).toEqual(['Failed']);
  });

  it('is content with an answer that was given before', async () => {
    codeDeploy.completed.add(executionOf('d-completed'));
    expect((await beforeTraffic(RIGHT_AGAIN, { id: 'd-completed' })).told).toEqual([]);
  });
});

describe('the hook after traffic', () => {
  const hook = async (bakeMinutes: string, id = `d-${randomUUID()}`) => {
    stub({ [DELIVERY_ENV.candidate]: RIGHT_AGAIN, [DELIVERY_ENV.bakeMinutes]: bakeMinutes });
    const { handler } = await import('../../functions/after-traffic.handler.ts');
    await logged(() =>
      roles.guard('Delivery/AfterTraffic', handler)(eventOf(id), { awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 }),
    );
    return { id, told: codeDeploy.toldOf(id) };
  };

  it('begins a bake once, and leaves its end to the canary', async () => {
    const { id, told } = await hook('10');
    const first = (await deploymentOf(lab, id))?.bake;
    expect([told, first?.execution, first?.candidate, first?.ended]).toEqual([[], executionOf(id), RIGHT_AGAIN, undefined]);
    expect((first?.untilMs ?? 0) - (first?.atMs ?? 0)).toBe(600_000);
    expect((await hook('10', id)).told).toEqual([]);
    expect((await deploymentOf(lab, id))?.bake).toEqual(first);
  });

  it('ends at once where no bake is asked for', async () => {
    const { id, told } = await hook('0');
    expect([told, (await deploymentOf(lab, id))?.bake?.ended?.verdict]).toEqual([['Succeeded'], 'pass']);
    expect((await hook('0', id)).told).toEqual(['Succeeded', 'Succeeded']);
  });

  it('answers where the environment is wrong', async () => expect((await hook('soon')).told).toEqual(['Failed']));
});

describe('the first journey', () => {
  const ask = async (type: 'Create' | 'Update' | 'Delete', candidate: string, remainingMs = 250_000) => {
    stub({ [DELIVERY_ENV.canaryKey]: keyArn, [DELIVERY_ENV.apiFunction]: API, [DELIVERY_ENV.candidate]: candidate });
    const { handler } = await import('../../functions/first-journey.handler.ts');
    await logged(() =>
      roles.guard('FirstJourney', handler)(bucket.event(type, 'FirstJourney'), { getRemainingTimeInMillis: () => remainingMs }),
    );
    return bucket.answers.at(-1)?.body;
  };

  it('is made of the first version, and of no other', async () => {
    expect(await ask('Create', RIGHT)).toMatchObject({ Status: 'SUCCESS', Data: { Verdict: 'pass' } });
    for (const type of ['Update', 'Delete'] as const) expect(await ask(type, CRASHES)).toMatchObject({ Status: 'SUCCESS', Data: {} });
  });

  it('stops the stack where the version does not serve as it must', async () => {
    expect(await ask('Create', CRASHES, 30_000)).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('a fault of the test'),
    });
  });
});

describe('in a region that is being rebuilt, every hook', () => {
  const FENCE = incarnationItem({ region: HERE, incarnation: 2, by: PEER, phase: 'FENCED', atMs: 1 });

  it('lets a version through whose start and health are right, and records it under the new name', async () => {
    await lab.control.transact([{ action: 'put', item: FENCE }]);
    try {
      // A function remembers what it saw of the regions for a few seconds.
      await new Promise((resolve) => setTimeout(resolve, 5_100));
      const { told } = await beforeTraffic(RIGHT_AGAIN, { id: 'd-fenced', ignoreAlarms: true });
      expect((await deploymentOf(lab, 'd-fenced'))?.trial).toMatchObject({
        verdict: 'limited',
        detail: expect.stringContaining('is being rebuilt'),
      });
      expect(told).toEqual(['Succeeded']);
      const [item] = await lab.control.query(deploymentsKey(HERE), 'D#d-fenced#');
      expect(item?.sk).toBe(`D#d-fenced#TRIED#${HERE}.2`);
      expect((await auditOf(lab)).find(({ what }) => what.includes('d-fenced'))).toMatchObject({
        why: 'the configuration says delivery.ignoreAlarms',
      });
    } finally {
      await lab.control.transact([{ action: 'delete', key: FENCE }]);
      // The name that it never got.
      await lab.data.transact([{ action: 'delete', key: { pk: 'REGIONS', sk: `BEAT#${HERE}.2` } }]);
      await new Promise((resolve) => setTimeout(resolve, 5_100));
    }
  });
});

beforeEach(() => vi.resetModules());

const register = async (key: string | undefined): Promise<Record<string, unknown> | undefined> => {
  stub({ [DELIVERY_ENV.canaryKey]: key });
  const { handler } = await import('../../functions/canary-identity.handler.ts');
  await logged(() =>
    roles.guard('CanaryIdentity', handler)(bucket.event('Create', 'CanaryIdentity'), { getRemainingTimeInMillis: () => 20_000 }),
  );
  return bucket.answers.at(-1)?.body;
};

const eventOf = (id: string) => ({ DeploymentId: id, LifecycleEventHookExecutionId: executionOf(id) });

const beforeTraffic = async (
  candidate: string | undefined,
  { id = `d-${randomUUID()}`, remainingMs = 300_000, ignoreAlarms = false } = {},
): Promise<{ readonly id: string; readonly told: readonly string[] }> => {
  stub({
    [DELIVERY_ENV.canaryKey]: keyArn,
    [DELIVERY_ENV.apiFunction]: API,
    [DELIVERY_ENV.candidate]: candidate,
    [DELIVERY_ENV.ignoreAlarms]: String(ignoreAlarms),
  });
  const { handler } = await import('../../functions/before-traffic.handler.ts');
  await logged(() =>
    roles.guard('Delivery/BeforeTraffic', handler)(eventOf(id), { awsRequestId: 'r', getRemainingTimeInMillis: () => remainingMs }),
  );
  return { id, told: codeDeploy.toldOf(id) };
};
