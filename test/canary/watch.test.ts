import { describe, expect, it } from 'vitest';
import { journeyKey, minuteOf, replicaAges } from '../../functions/canary/replica-age.ts';
import { type Connect, targetsOf, type WatchTarget } from '../../functions/canary/targets.ts';
import { type Answer, type Transport, TransportError, type TransportFailure } from '../../functions/canary/transport.ts';
import { look, measurementsOf, type Watched, watch } from '../../functions/canary/watch.ts';
import { FORMS } from '../../functions/contract/values.ts';
import { switchItem } from '../../functions/core/operations.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { canarySku, canarySubject } from '../../functions/core/synthetic.ts';
import { REGIONS } from '../functions/api-world.ts';
import { changed, edited, type Lane, startLane, type Told } from './lane.ts';

const [HERE, PEER] = REGIONS;
const DOMAIN = 'api.example.com';

describe('the targets of a canary', () => {
  it('are its own region, each other one, the shared name, and the door of each region for the shared name', () => {
    const targets = targetsOf({ region: PEER, regions: REGIONS, domain: DOMAIN, apiUrl: undefined });
    expect(targets.map(({ name, url, via, regions }) => [name, url, via, regions])).toEqual([
      [PEER, `https://${PEER}.${DOMAIN}`, undefined, [PEER]],
      [HERE, `https://${HERE}.${DOMAIN}`, undefined, [HERE]],
      ['shared', `https://${DOMAIN}`, undefined, REGIONS],
      [`origin-${HERE}`, `https://${DOMAIN}`, `${HERE}.origin.${DOMAIN}`, [HERE]],
      [`origin-${PEER}`, `https://${DOMAIN}`, `${PEER}.origin.${DOMAIN}`, [PEER]],
    ]);
  });

  it('are its own region alone without a domain', () => {
    const url = 'https://abc.execute-api.eu-central-1.amazonaws.com/live';
    expect(targetsOf({ region: HERE, regions: REGIONS, domain: undefined, apiUrl: url })).toMatchObject([
      { name: HERE, url, regions: [HERE] },
    ]);
    expect(targetsOf({ region: HERE, regions: REGIONS, domain: undefined, apiUrl: undefined })).toEqual([]);
  });
});

describe('a watch', () => {
  it('makes a journey to each region and the shared name, asks each origin for its health, and tells each', async () => {
    const { lane, watched, asked } = await watching({});
    expect(watched.blind).toBe(false);
    expect(watched.seen.map(({ target, outcome, journey }) => [target.name, outcome.ok, journey !== undefined])).toEqual([
      [HERE, true, true],
      [PEER, true, true],
      ['shared', true, true],
      [`origin-${HERE}`, true, false],
      [`origin-${PEER}`, true, false],
    ]);
    expect(asked.get(`origin-${PEER}`)).toEqual(['/health']);
    const measured = measurementsOf(watched);
    expect(
      measured.map(({ metrics, dimensions }) => [dimensions['Target'], ...metrics.map(({ name, value }) => `${name} ${value}`)]),
    ).toEqual([
      [undefined, 'CanaryBlind 0'],
      ...[HERE, PEER, 'shared'].map((target) => [target, 'JourneyFailures 0', expect.stringMatching(/^JourneyLatency \d+$/)]),
      ...[`origin-${HERE}`, `origin-${PEER}`].map((target) => [target, 'JourneyFailures 0', expect.stringMatching(/^JourneyLatency \d+$/)]),
    ]);
    const placed = orderIdOf(lane.traveller.subject, journeyKey({ watcher: HERE, target: PEER, minute: minuteOf(lane.clock.now()) }));
    expect(await lane.world.data.query(`ORDER#${placed}`)).not.toEqual([]);
  });

  it('tells the step that failed of the target that failed, and goes on with the others', async () => {
    const { watched } = await watching({ [PEER]: (answer, { route }) => (route === 'payOrder' ? { ...answer, status: 500 } : answer) });
    expect(watched.seen.map(({ outcome }) => outcome.ok)).toEqual([true, false, true, true, true]);
    const told = measurementsOf(watched).filter(({ dimensions }) => dimensions['Target'] === PEER);
    expect(told).toMatchObject([
      { metrics: [{ name: 'JourneyFailures', value: 1 }], sets: [['Target']] },
      { metrics: [{ name: 'JourneyFailedStep', value: 1 }], dimensions: { Step: 'pay' }, sets: [['Target', 'Step']] },
    ]);
  });

  it('is failed by an answer of another region than the one that was asked, at the shared name by none of the system', async () => {
    const stranger: Fault = (answer) => ({ ...answer, headers: { ...answer.headers, 'tandem-region': 'eu-west-9' } });
    const { watched } = await watching({
      [PEER]: (answer) => ({ ...answer, headers: { ...answer.headers, 'tandem-region': HERE } }),
      shared: stranger,
      [`origin-${HERE}`]: stranger,
    });
    expect(watched.seen.map(({ outcome }) => outcome.ok)).toEqual([true, false, false, false, true]);
  });

  it('takes the health of an evacuated region for an answer: its certificate and mapping are right', async () => {
    const lane = await startLane({ domain: DOMAIN });
    await lane.putControl(switchItem({ region: HERE, by: HERE, evacuate: true, atMs: Date.now() - 60_000, reason: 'test' }));
    const { watched } = await watching({}, lane);
    expect(watched.seen.map(({ outcome }) => outcome.ok)).toEqual([true, true, true, true, true]);
  });

  it.each<TransportFailure>(['unreachable', 'timeout'])(
    'that meets nothing but "%s" suspects itself, and says nothing of any target',
    async (kind) => {
      const { watched } = await watching(
        Object.fromEntries([HERE, PEER, 'shared', `origin-${HERE}`, `origin-${PEER}`].map((name) => [name, throwing(kind)])),
      );
      expect([watched.blind, watched.ages]).toEqual([true, []]);
      expect(measurementsOf(watched)).toEqual([
        { metrics: [{ name: 'CanaryBlind', unit: 'Count', value: 1 }], dimensions: {}, sets: [[]] },
      ]);
    },
  );

  it.each<TransportFailure>(['tls', 'broken'])(
    'that is refused everywhere but reached somebody, by "%s", does not suspect itself',
    async (kind) => {
      const { watched } = await watching({
        ...Object.fromEntries([HERE, 'shared', `origin-${HERE}`, `origin-${PEER}`].map((name) => [name, throwing('unreachable')])),
        [PEER]: throwing(kind),
      });
      expect(watched.blind).toBe(false);
      expect(measurementsOf(watched).filter(({ metrics }) => metrics[0]?.name === 'JourneyFailures')).toHaveLength(5);
    },
  );

  it('makes a journey again under another key', async () => {
    const { lane, watched, props } = await watching({});
    const own = watched.seen[0]?.target;
    expect(
      own &&
        (await look(props, own, `${journeyKey({ watcher: HERE, target: HERE, minute: minuteOf(lane.clock.now()) })}.again.1`)).outcome.ok,
    ).toBe(true);
  });

  it('is right also when a minute is delivered twice', async () => {
    const { props } = await watching({});
    expect((await watch(props)).seen.map(({ outcome }) => outcome.ok)).toEqual([true, true, true, true, true]);
  });

  it('is right also when the first delivery was cut off in the middle of its journeys', async () => {
    const cut: Fault = (answer, { route }) => (route === 'payOrder' ? { ...answer, status: 500, body: '{}' } : answer);
    const { lane, watched } = await watching({ [HERE]: cut });
    expect(watched.seen[0]?.outcome).toMatchObject({ ok: false, failure: { step: 'pay' } });
    expect((await watching({}, lane)).watched.seen.map(({ outcome }) => outcome.ok)).toEqual([true, true, true, true, true]);
  });

  it('uses keys that the contract allows, whatever the region is called', () => {
    const key = journeyKey({ watcher: 'ap-southeast-2', target: 'origin-ap-southeast-2', minute: 29_999_999 });
    expect(`${key}.again.1795000000000.receive`).toMatch(FORMS.idempotencyKey.pattern);
  });
});

describe("the age of a peer's orders", () => {
  /** The peer's canary made journeys so many minutes ago, and the orders arrived here. */
  const aged = async (placedMinutesAgo: readonly number[], change: Fault = (answer) => answer) => {
    const lane = await startLane({ domain: DOMAIN });
    const nowMs = lane.clock.now();
    for (const ago of placedMinutesAgo) await arrived(lane, nowMs - ago * 60_000);
    const [own] = targetsOf({ region: HERE, regions: REGIONS, domain: DOMAIN, apiUrl: undefined });
    if (!own) throw new Error('no target');
    const requests: string[] = [];
    const connect: Connect = (_target, work) =>
      work(
        changed(lane.transport, (answer, told) => {
          requests.push(told.request.path);
          return change(answer, told);
        }),
      );
    const ages = await replicaAges({ region: HERE, regions: REGIONS, own, connect, traveller: lane.traveller, clock: lane.clock });
    return { ages, requests };
  };

  it('is told by the newest that this region shows', async () => {
    expect((await aged([0, 1, 2])).ages).toEqual([{ peer: PEER, seconds: 0 }]);
    expect((await aged([1, 2])).ages).toEqual([{ peer: PEER, seconds: 60 }]);
    expect((await aged([4])).ages).toEqual([{ peer: PEER, seconds: 240 }]);
  });

  it('is told for a day where replication stands, by looks that are far apart', async () => {
    const minutely = Array.from({ length: 40 }, (_, index) => 47 + index);
    const { ages, requests } = await aged(minutely);
    expect(ages).toEqual([{ peer: PEER, seconds: 3_600 }]);
    expect(requests).toHaveLength(10);
    expect((await aged([1_440])).ages).toEqual([{ peer: PEER, seconds: 86_400 }]);
  });

  it('is not told of a peer that never had one, nor where this region does not answer', async () => {
    expect((await aged([])).ages).toEqual([]);
    expect((await aged([0], (answer) => ({ ...answer, status: 503 }))).ages).toEqual([]);
    expect((await aged([0], throwing('timeout'))).ages).toEqual([]);
    expect((await aged([0], (answer) => edited(answer, (body) => ({ ...body, id: '0'.repeat(32) })))).ages).toEqual([]);
  });
});

type Fault = (answer: Answer, told: Told) => Answer;

const throwing =
  (kind: TransportFailure): Fault =>
  () => {
    throw new TransportError(kind, 'for the test');
  };

/** A watch of the canary of `HERE`. Every target is the same API, which says that it is the region that was asked. */
const watching = async (faults: Readonly<Record<string, Fault>>, given?: Lane) => {
  const lane = given ?? (await startLane({ domain: DOMAIN }));
  const asked = new Map<string, string[]>();
  const transportOf = (target: WatchTarget): Transport => {
    const [region = HERE] = target.regions;
    return changed(lane.transport, (answer, told) => {
      asked.set(target.name, [...(asked.get(target.name) ?? []), told.request.path]);
      const renamed = answer.body.replaceAll(HERE, region).replaceAll(canarySku(region), canarySku(HERE));
      const named = { ...answer, headers: { ...answer.headers, 'tandem-region': region }, body: renamed };
      return (faults[target.name] ?? ((right: Answer) => right))(named, told);
    });
  };
  const connect: Connect = (target, work) => work(transportOf(target));
  const props = {
    region: HERE,
    regions: REGIONS,
    domain: DOMAIN,
    apiUrl: undefined,
    connect,
    traveller: lane.traveller,
    clock: lane.clock,
  };
  const watched: Watched = await watch(props);
  return { lane, watched, props, asked };
};

/** An order that the peer's canary placed in its own region, as replication brings it. */
const arrived = (lane: Lane, placedAtMs: number): Promise<unknown> => {
  const subject = canarySubject(PEER);
  const id = orderIdOf(subject, journeyKey({ watcher: PEER, target: PEER, minute: minuteOf(placedAtMs) }));
  const lines = [{ sku: canarySku(PEER), quantity: 1 }];
  const item = { pk: `ORDER#${id}`, sk: `PLACED#${PEER}`, v: 1, subject, lines, body: 'b', placedAt: placedAtMs };
  return lane.world.data.transact([{ action: 'put', item }]);
};
