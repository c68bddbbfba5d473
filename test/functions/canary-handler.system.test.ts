import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { canaryRegistration, kmsClient } from '../../functions/aws/canary-token.ts';
import { proxyEvent } from '../../functions/aws/proxy-event.ts';
import { DeploymentRecords } from '../../functions/canary/records.ts';
import type { AlarmState } from '../../functions/contract/delivery.ts';
import { DELIVERY_ENV, METRICS } from '../../functions/contract/names.ts';
import { keyItem } from '../../functions/core/keys.ts';
import { makeAuthority } from '../../local/edge/certificates.ts';
import { Roles } from '../infra/roles.ts';
import { failureOf } from '../support/failure-of.ts';
import { freePort } from '../support/free-port.ts';
import { ApiWorld } from './api-world.ts';
import { executionOf, type Listening, listenAsCodeDeploy, makeCanaryKey, sdkOf } from './cell.ts';
import { HERE, type Lab, logged, PEER, startLab, stub } from './lab.ts';

const ALARM = 'errors-of-the-new-version';
const roles = new Roles(HERE);
roles.holdAtTheEnd({ Canary: [] });

let lab: Lab;
let codeDeploy: Listening;
let door: Door;
beforeAll(async () => {
  lab = await startLab();
  codeDeploy = await listenAsCodeDeploy();
  door = await openDoor(lab);
  const keyArn = await makeCanaryKey(lab);
  stub({
    AWS_ENDPOINT_URL_CODEDEPLOY: codeDeploy.url,
    [DELIVERY_ENV.canaryKey]: keyArn,
    [DELIVERY_ENV.apiUrl]: door.url,
    [DELIVERY_ENV.bakeAlarms]: ALARM,
    [DELIVERY_ENV.ignoreAlarms]: 'false',
  });
  const client = kmsClient();
  const key = await canaryRegistration({ client, keyArn, region: HERE });
  client.destroy();
  await lab.control.transact([{ action: 'put', item: keyItem(key, { by: HERE, atMs: Date.now() }) }]);
  await setAlarm('OK');
});
afterAll(async () => {
  await door?.stop();
  await codeDeploy?.stop();
  await lab?.stop();
});
beforeEach(async () => {
  vi.resetModules();
  // A region that has been there for long, and may write.
  await lab.data.transact([{ action: 'put', item: { pk: 'REGIONS', sk: `BEAT#${HERE}`, v: 1, at: Date.now() - 10_000, rev: 1 } }]);
});
afterEach(async () => {
  vi.stubEnv(DELIVERY_ENV.apiUrl, door.url);
  await setAlarm('OK');
});

describe("a minute of a region's canary", () => {
  it('beats, tells how old the peers look, makes a journey, and tells each as metrics', async () => {
    await lab.data.transact([{ action: 'put', item: { pk: 'REGIONS', sk: `BEAT#${PEER}`, v: 1, at: Date.now() - 9_000, rev: 1 } }]);
    const before = Date.now();
    const { metrics, failed } = await minute();
    const own = await lab.data.get({ pk: 'REGIONS', sk: `BEAT#${HERE}` });
    expect([failed, own?.['verdict'], Number(own?.['at']) >= before]).toEqual([undefined, 'pass', true]);
    expect(metrics).toMatchObject([
      { Peer: PEER, [METRICS.heartbeatAge]: expect.any(Number) },
      { [METRICS.canaryBlind]: 0 },
      { Target: HERE, [METRICS.journeyFailures]: 0, [METRICS.journeyLatency]: expect.any(Number) },
    ]);
    expect(metrics[0]?.['_aws']).toMatchObject({ CloudWatchMetrics: [{ Namespace: METRICS.namespace, Dimensions: [['Peer']] }] });
  });

  it('tells that it is blind, and nothing of the region, when it reaches nothing', async () => {
    vi.stubEnv(DELIVERY_ENV.apiUrl, `https://localhost:${await freePort()}/live`);
    const { metrics } = await minute();
    expect(metrics.filter((line) => !('Peer' in line))).toMatchObject([{ [METRICS.canaryBlind]: 1 }]);
  });

  it('goes on watching when it cannot beat, and fails afterwards so that somebody sees it', async () => {
    const { failed, lines } = await lab.frozen(() => minute());
    expect(failed).toMatchObject({ name: 'AggregateError' });
    expect(lines.map(({ message }) => message)).toContain('no heartbeat');
    // Its token is signed by what is frozen, too.
    expect(lines.find((line) => METRICS.canaryBlind in line)).toMatchObject({ [METRICS.canaryBlind]: 1 });
  });
});

describe('a bake', () => {
  it('goes on while all is well, and ends well when its time is over', async () => {
    const id = await bake(600_000);
    expect((await minute()).failed).toBeUndefined();
    expect(codeDeploy.toldOf(id)).toEqual([]);
    const over = await bake(1);
    await minute();
    expect([codeDeploy.toldOf(over), (await records().find(over))?.bake?.ended?.verdict]).toEqual([['Succeeded'], 'pass']);
  });

  it('is failed by an alarm on the new version', async () => {
    const id = await bake(600_000);
    await setAlarm('ALARM');
    await minute();
    expect(codeDeploy.toldOf(id)).toEqual(['Failed']);
    expect((await records().find(id))?.bake?.ended).toMatchObject({ verdict: 'fail', detail: `alarms fire: ${ALARM}` });
  });

  it('does not end well while one of its alarms is not there', async () => {
    const id = await bake(1);
    vi.stubEnv(DELIVERY_ENV.bakeAlarms, `${ALARM},nobody`);
    await minute();
    vi.stubEnv(DELIVERY_ENV.bakeAlarms, ALARM);
    expect([codeDeploy.toldOf(id), (await records().find(id))?.bake?.ended]).toEqual([[], undefined]);
  });

  it('is failed by journeys that fail twice', async () => {
    const id = await bake(600_000);
    door.breaks = '/payments';
    await minute();
    door.breaks = undefined;
    expect(codeDeploy.toldOf(id)).toEqual(['Failed']);
    expect((await records().find(id))?.bake?.ended?.detail).toMatch(/^two journeys in a row failed at "pay": answered 500/);
  });

  it('that was recorded as ended and not told is told', async () => {
    const id = await bake(600_000);
    await records().baked(id, { verdict: 'dependency', detail: 'recorded, and then the canary died' });
    await minute();
    expect(codeDeploy.toldOf(id)).toEqual(['Failed']);
  });
});

const minute = async () => {
  const { handler } = await import('../../functions/canary.handler.ts');
  const { value, lines } = await logged(() => failureOf(roles.as('Canary', handler)));
  return { failed: value, lines, metrics: lines.filter((line) => '_aws' in line) };
};

const records = (): DeploymentRecords =>
  new DeploymentRecords({ control: lab.control, region: HERE, writer: HERE, clock: { now: () => Date.now() } });

/** Begins a bake, and ends all others. */
const bake = async (bakeMs: number): Promise<string> => {
  for (const { id, ended } of await records().bakesSince(7_200_000))
    if (!ended) await records().ended(id, { state: 'stopped', reason: 'another test' });
  const id = `d-${randomUUID()}`;
  await records().baking(id, { execution: executionOf(id), candidate: '8', bakeMs });
  return id;
};

const setAlarm = async (StateValue: AlarmState): Promise<void> => {
  const client = new CloudWatchClient(sdkOf(lab));
  try {
    const metric = {
      Namespace: METRICS.namespace,
      MetricName: METRICS.errors,
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
    } as const;
    await client.send(new PutMetricAlarmCommand({ AlarmName: ALARM, ...metric, ComparisonOperator: 'GreaterThanOrEqualToThreshold' }));
    await client.send(new SetAlarmStateCommand({ AlarmName: ALARM, StateValue, StateReason: 'test' }));
  } finally {
    client.destroy();
  }
};

interface Door {
  readonly url: string;
  /** Requests of paths that end so are answered 500. */
  breaks: string | undefined;
  stop(): Promise<void>;
}

/** The region's API behind a certificate that this process trusts. */
const openDoor = async (given: Lab): Promise<Door> => {
  const authority = makeAuthority('localhost', Date.now());
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, authority.certificate]);
  const { certificate, key } = authority.issue('localhost', ['localhost']);
  const world = new ApiWorld({ data: given.data, control: given.control });
  const server: Server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const path = (request.url ?? '').replace(/^\/live/, '');
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const event = proxyEvent({
        method: request.method === 'POST' ? 'POST' : 'GET',
        path,
        headers,
        body: Buffer.concat(chunks).toString(),
      });
      const answer = await world.handle(event);
      const isBroken = door.breaks !== undefined && path.endsWith(door.breaks);
      response.writeHead(isBroken ? 500 : answer.statusCode, answer.headers).end(answer.body);
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  return {
    url: `https://localhost:${port}/live`,
    breaks: undefined,
    stop: async () => {
      setDefaultCACertificates(before);
      server.closeAllConnections();
      server.close();
    },
  };
};
