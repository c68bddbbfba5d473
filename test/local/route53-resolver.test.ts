import { describe, expect, it } from 'vitest';
import { edgeAddress } from '../../local/network.ts';
import { nearestRegions, regionNear, subnetNear } from '../../local/route53/latency.ts';
import { addressesOf, type Resolution, resolve, type View } from '../../local/route53/resolver.ts';
import { readZone, type Zone } from '../../local/route53/zone.ts';
import { AP, check, DOMAIN, EU, type Resources, record, stack, system, US, ZONE } from './route53/templates.ts';

const REGIONS = [EU, US, AP];
const view = (given: { near?: string; unhealthy?: readonly string[]; random?: () => number } = {}): View => ({
  isHealthy: (each) => !(given.unhealthy ?? []).includes(each),
  nearest: nearestRegions(given.near, REGIONS),
  addressOf: (region) => edgeAddress(REGIONS.indexOf(region)),
  random: given.random ?? (() => 0),
});
const shared = readZone(ZONE, system(REGIONS));
const serving = { [EU]: 'Servingeucentral1', [US]: 'Servinguseast2', [AP]: 'Servingapsoutheast2' };

describe('latency records', () => {
  it('are answered as a chain from the shared name to the nearest front door, each with its TTL', () => {
    expect(resolve(shared, { name: DOMAIN, type: 'A' }, view({ near: US }))).toEqual({
      kind: 'answer',
      answers: [
        { name: DOMAIN, type: 'CNAME', ttlSeconds: 10, data: `${US}.origin.${DOMAIN}` },
        { name: `${US}.origin.${DOMAIN}`, type: 'A', ttlSeconds: 60, data: edgeAddress(1) },
      ],
      authorities: [],
      byLocation: true,
    });
  });

  it.each([
    ['the nearest is healthy', AP, [], edgeAddress(2)],
    ['the nearest is unhealthy: the next near one', US, [serving[US]], edgeAddress(2)],
    ['only the farthest is healthy', EU, [serving[EU], serving[US]], edgeAddress(2)],
    ['the list of regions goes round', AP, [serving[AP]], edgeAddress(0)],
    ['all are unhealthy: as if all were healthy', AP, Object.values(serving), edgeAddress(2)],
    ['nobody knows where the caller is', undefined, [], edgeAddress(0)],
  ])('where %s', (_, near, unhealthy, address) => {
    expect(addressesOf(resolve(shared, { name: DOMAIN, type: 'A' }, view({ ...(near && { near }), unhealthy })))).toEqual([address]);
  });

  it('of a region that nobody is near are the last to be chosen', () => {
    const zone = zoneOf(groupOf([{ Region: 'sa-east-1' }, { Region: AP }]));
    expect(ask(zone, view({ near: EU }))).toEqual(['192.0.2.2']);
    expect(ask(zone, view({ near: EU, unhealthy: ['C2'] }))).toEqual(['192.0.2.1']);
  });

  it('do not follow the health of the name that a check watches', () => {
    const unhealthy = [...shared.checks.keys()];
    expect(addressesOf(resolve(shared, { name: `${AP}.${DOMAIN}`, type: 'A' }, view({ near: EU, unhealthy })))).toEqual([edgeAddress(2)]);
  });
});

describe('weighted records', () => {
  const zone = zoneOf(groupOf([{ Weight: 1 }, { Weight: 3 }, { Weight: 0 }]));
  const share = (unhealthy: readonly string[]) => {
    const points = Array.from({ length: 400 }, (_, index) => (index + 0.5) / 400);
    const given = points.flatMap((point) => ask(zone, view({ unhealthy, random: () => point })));
    return [1, 2, 3].map((index) => given.filter((address) => address === `192.0.2.${index}`).length / 400);
  };
  it('share answers by weight, and 0 gets none', () => expect(share([])).toEqual([0.25, 0.75, 0]));
  it('are left out when unhealthy', () => expect(share(['C2'])).toEqual([1, 0, 0]));
  it('of weight 0 are used once every other is unhealthy', () => expect(share(['C1', 'C2'])).toEqual([0, 0, 1]));
  it('are all used, by weight, when all are unhealthy', () => expect(share(['C1', 'C2', 'C3'])).toEqual([0.25, 0.75, 0]));
  it('share alike when all weigh 0', () => {
    const zeros = zoneOf(groupOf([{ Weight: 0 }, { Weight: 0 }]));
    expect([0.2, 0.7].flatMap((point) => ask(zeros, view({ random: () => point })))).toEqual(['192.0.2.1', '192.0.2.2']);
  });
  it('without a check are always healthy', () => {
    const unchecked = zoneOf(groupOf([{ Weight: 1 }, { Weight: 1, HealthCheckId: undefined }]));
    const given = [0.2, 0.7].flatMap((point) => ask(unchecked, { ...view({ random: () => point }), isHealthy: () => false }));
    expect(given).toEqual(['192.0.2.2', '192.0.2.2']);
  });
});

describe('failover records', () => {
  const zone = zoneOf(groupOf([{ Failover: 'SECONDARY' }, { Failover: 'PRIMARY' }]));
  it.each([
    ['the primary', [], '192.0.2.2'],
    ['the secondary while the primary is unhealthy', ['C2'], '192.0.2.1'],
    ['the primary while only the secondary is unhealthy', ['C1'], '192.0.2.2'],
    ['the primary when both are unhealthy', ['C1', 'C2'], '192.0.2.2'],
  ])('answer %s', (_, unhealthy, address) => expect(ask(zone, view({ unhealthy }))).toEqual([address]));
});

describe('multivalue records', () => {
  const zone = zoneOf(groupOf(Array.from({ length: 10 }, () => ({ MultiValueAnswer: true }))));
  const all = Array.from({ length: 10 }, (_, index) => `C${index + 1}`);
  it('answer eight at most', () => expect(new Set(ask(zone, view())).size).toBe(8));
  it('answer only healthy ones', () => expect(ask(zone, view({ unhealthy: all.slice(2) })).toSorted()).toEqual(['192.0.2.1', '192.0.2.2']));
  it('are all used when all are unhealthy', () => expect(ask(zone, view({ unhealthy: all }))).toHaveLength(8));
  it('are chosen by chance', () => {
    let next = 0;
    const falling = () => 1 / ++next;
    expect(ask(zone, view({ random: falling }))).toEqual([10, 9, 8, 7, 6, 5, 4, 3].map((each) => `192.0.2.${each}`));
  });
});

describe('names and types without records', () => {
  const soa = { name: ZONE, type: 'SOA', ttlSeconds: 900, data: { minimum: 86_400 } };
  const answer = (name: string, type: string): Resolution => resolve(shared, { name, type }, view());
  it('no such name: denied with the SOA', () =>
    expect(answer(`nosuch.${DOMAIN}`, 'A')).toMatchObject({ kind: 'no-such-name', answers: [], authorities: [soa] }));
  it('below a name that has records: denied too', () => expect(answer(`x.${EU}.${DOMAIN}`, 'A')).toMatchObject({ kind: 'no-such-name' }));
  it('a type that the name has not: no data, with the SOA', () =>
    expect(answer(`${EU}.${DOMAIN}`, 'AAAA')).toMatchObject({ kind: 'no-data', answers: [], authorities: [soa] }));
  it('a name that only has names below it: no data', () =>
    expect(answer(`origin.${DOMAIN}`, 'A')).toMatchObject({ kind: 'no-data', authorities: [soa] }));
  it('a type that the end of a chain has not: the chain, and no data', () =>
    expect(answer(DOMAIN, 'AAAA')).toMatchObject({ kind: 'no-data', answers: [{ type: 'CNAME' }], authorities: [soa] }));
  it('a question for the CNAME itself: not followed', () =>
    expect(answer(DOMAIN, 'CNAME')).toMatchObject({ kind: 'answer', answers: { length: 1 } }));
  it('a question for ANY: what the name has, not followed', () => {
    expect(answer(DOMAIN, 'ANY')).toMatchObject({ kind: 'answer', answers: [{ type: 'CNAME' }] });
    expect(answer(`${EU}.${DOMAIN}`, 'ANY')).toMatchObject({ kind: 'answer', answers: [{ type: 'A' }] });
    expect(answer(ZONE, 'ANY')).toMatchObject({ kind: 'answer', answers: [{ type: 'SOA' }] });
  });
  it('the apex: SOA and NS', () => {
    expect(answer(ZONE, 'SOA')).toMatchObject({ kind: 'answer', answers: [soa], authorities: [] });
    expect(answer(ZONE, 'NS')).toMatchObject({ kind: 'answer', answers: [{ type: 'NS', ttlSeconds: 172_800 }] });
    expect(answer(ZONE, 'A')).toMatchObject({ kind: 'no-data' });
  });
  it('outside the zone, also where the end of the name looks alike', () => {
    for (const name of ['', 'test', 'example.com', `x${ZONE}`]) expect(answer(name, 'A')).toEqual({ kind: 'out-of-zone' });
  });
});

describe('chains of CNAMEs', () => {
  const cname = (name: string, target: string) => record({ Name: `${name}.${ZONE}`, Type: 'CNAME', TTL: '5', ResourceRecords: [target] });
  const chase = (resources: Resources) => resolve(zoneOf(resources), { name: `a.${ZONE}`, type: 'A' }, view());
  it('end where they leave the zone', () =>
    expect(chase({ A: cname('a', 'b.example.com') })).toMatchObject({ kind: 'answer', answers: { length: 1 }, byLocation: false }));
  it('that lead to no name say so', () =>
    expect(chase({ A: cname('a', `b.${ZONE}`) })).toMatchObject({ kind: 'no-such-name', answers: { length: 1 } }));
  it('that go round end', () =>
    expect(chase({ A: cname('a', `b.${ZONE}`), B: cname('b', `a.${ZONE}`) })).toMatchObject({ kind: 'answer', answers: { length: 2 } }));
  it('that are long end', () => {
    const links = Array.from({ length: 20 }, (_, index) => [`L${index}`, cname(index === 0 ? 'a' : `l${index}`, `l${index + 1}.${ZONE}`)]);
    expect(chase(Object.fromEntries(links))).toMatchObject({ kind: 'answer', answers: { length: 8 } });
  });
});

describe('which region a caller is near', () => {
  const in127 = (third: number, last: number): string => ['127', '0', third, last].join('.');
  const near = (source: string, subnet?: readonly [string, number]) =>
    regionNear(subnet && { address: subnet[0], prefixLength: subnet[1] }, source, REGIONS);
  it('follows the third number of the address on loopback', () =>
    expect([in127(1, 9), in127(2, 1), in127(3, 200)].map((each) => near(each))).toEqual(REGIONS));
  it('is the first region for everybody else', () =>
    expect(['127.0.0.1', in127(4, 1), '10.0.2.1', '::1', ''].map((each) => near(each))).toEqual(Array(5).fill(EU)));
  it('follows the client subnet before the address', () => expect(near(in127(1, 1), [in127(2, 0), 24])).toBe(US));
  it('follows the address where the subnet says too little or nothing', () => {
    expect(near(in127(3, 1), [in127(0, 0), 16])).toBe(AP);
    expect(near(in127(3, 1), [in127(2, 0), 23])).toBe(AP);
    expect(near(in127(3, 1), ['0.0.0.0', 0])).toBe(AP);
    expect(near(in127(3, 1), ['192.0.2.0', 24])).toBe(AP);
  });
  it('is what `subnetNear` names', () => {
    for (const region of REGIONS) expect(regionNear(subnetNear(region, REGIONS), '127.0.0.1', REGIONS)).toBe(region);
    expect(() => subnetNear('mars-north-1', REGIONS)).toThrow(/no region "mars-north-1"; allowed: eu-central-1/);
  });
});

/** Records of one name with addresses 192.0.2.1, 2, ..., checked by C1, C2, ... */
function groupOf(properties: readonly Record<string, unknown>[]): Resources {
  const entries = properties.flatMap((each, index): [string, Resources[string]][] => [
    [`C${index + 1}`, check({ Type: 'HTTP', FullyQualifiedDomainName: 'a.example.com' })],
    [
      `R${index + 1}`,
      record({
        Name: `g.${ZONE}`,
        Type: 'A',
        TTL: '5',
        ResourceRecords: [`192.0.2.${index + 1}`],
        SetIdentifier: `s${index}`,
        HealthCheckId: { Ref: `C${index + 1}` },
        ...each,
      }),
    ],
  ]);
  return Object.fromEntries(entries);
}

function zoneOf(resources: Resources): Zone {
  return readZone(ZONE, [stack('us-east-1', resources)]);
}

function ask(zone: Zone, given: View): readonly string[] {
  return addressesOf(resolve(zone, { name: `g.${ZONE}`, type: 'A' }, given));
}
