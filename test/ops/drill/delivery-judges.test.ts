import { describe, expect, test } from 'vitest';
import type { RegionDelivery } from '../../../functions/contract/delivery.ts';
import { parseConfig } from '../../../infra/config.ts';
import type { Versions } from '../../../ops/delivery/versions.ts';
import { assembleDelivery, type DeliveryCourse, type DeliveryFindings } from '../../../ops/drill/assemble-delivery.ts';
import type { DeliveryFault } from '../../../ops/drill/faults.ts';
import type { OperationRecord, SentRequest } from '../../../ops/drill/operations.ts';
import type { TargetEvent } from '../../../ops/targets/target.ts';
import { recordOf } from './records.ts';

const [FIRST, SECOND] = ['eu-central-1', 'us-east-2'] as const;
const REGIONS = [FIRST, SECOND];
const config = parseConfig({
  regions: REGIONS.map((name) => ({ name })),
  auth: 'keys',
  objectives: { delivery: { spoiledPercent: 25, spoiledSeconds: 20, spoiledAnswers: 1 } },
});
const target = { kind: 'local', regions: REGIONS.map((name) => ({ name, url: `http://${name}`, host: name })) } as const;
const versions = (live: string, ...numbers: readonly string[]): Versions => ({
  live,
  versions: numbers.map((number) => ({ number, publishedAt: '' })),
  revisionId: '',
  weights: new Map(),
});
const OLD = versions('1', '1');
const KEPT = versions('1', '2', '1');
const regionOf = (region: string, more: Partial<RegionDelivery> = {}): RegionDelivery => ({
  region,
  state: 'failed',
  deploymentId: 'd-2',
  from: '1',
  to: '2',
  percent: 0,
  detail: '',
  startedAtMs: 100_000,
  endedAtMs: 125_000,
  ...more,
});
const COURSE: DeliveryCourse = {
  startedAt: '2026-01-02T03:04:05.678Z',
  loadMs: 70_000,
  baselineMs: 85_000,
  deliveredMs: 100_000,
  endedMs: 125_000,
  endMs: 160_000,
  delivery: {
    id: 'd',
    state: 'failed',
    detail: 'the trial failed',
    startedAtMs: 100_000,
    endedAtMs: 125_000,
    regions: [regionOf(FIRST), regionOf(SECOND, { state: 'cancelled', to: null })],
  },
  region: FIRST,
  before: new Map([
    [FIRST, OLD],
    [SECOND, OLD],
  ]),
};
const FINDINGS: DeliveryFindings = {
  settled: { comparison: { missing: new Map(), lost: [], duplicates: [], oversold: new Map() }, seconds: 1 },
  acknowledged: 10,
  readings: [],
  events: [],
  after: new Map([
    [FIRST, KEPT],
    [SECOND, OLD],
  ]),
  facts: {
    deployments: [
      { id: 'd-2', trial: { atMs: 110_000, verdict: 'fail', detail: 'it failed', candidate: '2' }, bake: undefined, ended: undefined },
    ],
    moves: [],
  },
  audit: [{ atMs: 126_000, who: 'codedeploy', what: 'ended', why: 'the trial failed' }],
  notifications: ['it was taken back'],
};
const sent = (startMs: number, more: Partial<SentRequest> = {}): SentRequest => ({
  region: FIRST,
  version: 'r+1',
  status: 200,
  startMs,
  endMs: startMs + 10,
  end: 'answered',
  wrong: null,
  ...more,
});
const answered = (startMs: number, one: Partial<SentRequest> = {}, more: Partial<OperationRecord> = {}): OperationRecord =>
  recordOf(startMs, { sent: [sent(startMs, one)], ...more });
const CALLS = [90_000, 110_000, 130_000].flatMap((startMs) => REGIONS.map((region) => answered(startMs, { region })));
/** A failure of the new version. */
const spoiled = (startMs: number): OperationRecord =>
  answered(startMs, { version: 'r+2', status: 500, end: 'failed' }, { outcome: 'failed' });
const exposed = (atMs: number, percent: number): TargetEvent => ({
  kind: 'delivery',
  state: 'exposed',
  atMs,
  region: FIRST,
  percent,
  detail: '',
});
const EXPOSED = { events: [exposed(105_000, 5), exposed(120_000, 0)], facts: { deployments: [], moves: [] } };

interface World {
  readonly records?: readonly OperationRecord[];
  readonly course?: Partial<DeliveryCourse>;
  readonly findings?: Partial<DeliveryFindings>;
}
const assemble = (fault: DeliveryFault | undefined, { records = CALLS, course, findings }: World) => {
  const callers = (['dns', 'client'] as const).map((kind) => ({
    name: kind,
    kind,
    near: FIRST,
    perform: () => Promise.reject(new Error('no')),
    close: async () => undefined,
  }));
  return assembleDelivery(
    { target, config, fault, exposeMinutes: 1, bakeMinutes: 1, ratePerSecond: 24 },
    { records, callers },
    { ...COURSE, ...course },
    { ...FINDINGS, ...findings },
  );
};
const failedOf = (fault: DeliveryFault | undefined, world: World): readonly string[] =>
  assemble(fault, world)
    .verdicts.filter(({ passed }) => !passed)
    .map(({ name }) => name);

const BACK = 'regions taken back to the version before';
const SPREAD = 'versions that came to other regions';
describe('a bad version', () => {
  test.each<[string, World, readonly string[]]>([
    ['that the trial refused', {}, []],
    ['that spoiled as many answers as are allowed', { records: [...CALLS, spoiled(110_000)], findings: EXPOSED }, []],
    [
      'that spoiled one more',
      { records: [...CALLS, spoiled(110_000), spoiled(110_100)], findings: EXPOSED },
      ['answers that the bad version spoiled'],
    ],
    ['that runs on', { course: { delivery: { ...COURSE.delivery, state: 'running' } } }, [BACK]],
    [
      'that is live where it was delivered',
      {
        findings: {
          after: new Map([
            [FIRST, versions('2', '2', '1')],
            [SECOND, OLD],
          ]),
        },
      },
      [BACK],
    ],
    [
      'after which nothing answers there',
      { records: CALLS.filter(({ startMs }) => startMs < 125_000) },
      ['versions that answer there afterwards'],
    ],
    ['that answers afterwards', { records: [...CALLS, answered(130_000, { version: 'r+2' })] }, ['of them others than before']],
    [
      'that came to another region',
      {
        findings: {
          after: new Map([
            [FIRST, KEPT],
            [SECOND, KEPT],
          ]),
        },
      },
      [SPREAD],
    ],
    [
      'that is live in another region',
      {
        findings: {
          after: new Map([
            [FIRST, KEPT],
            [SECOND, versions('0', '1')],
          ]),
        },
      },
      [SPREAD],
    ],
    ['that answers in another region', { records: [...CALLS, answered(110_000, { region: SECOND, version: 'r+2' })] }, [SPREAD]],
    ['that answers in another region afterwards', { records: [...CALLS, answered(130_000, { region: SECOND, version: 'r+2' })] }, [SPREAD]],
    ['of which no audit item tells', { findings: { audit: [] } }, ['audit items that say why']],
    [
      'of which no audit item says why',
      { findings: { audit: FINDINGS.audit.map((each) => ({ ...each, why: '' })) } },
      ['audit items that say why'],
    ],
    ['that nobody is told of', { findings: { notifications: [] } }, ['notifications']],
    ['where nobody can be told', { findings: { notifications: null } }, []],
    [
      'with which writes were lost',
      {
        findings: {
          settled: {
            comparison: {
              ...FINDINGS.settled.comparison,
              lost: [{ operation: 'shipOrder', id: 'o', key: 'k', region: FIRST, ackMs: 110_000, order: 'o' }],
            },
            seconds: 1,
          },
        },
      },
      ['acknowledged writes lost for good'],
    ],
  ])('%s', (_, world, names) => expect(failedOf('errors', world)).toEqual(names));

  const rare = (times: readonly number[], good: number): World => ({
    records: [...CALLS, ...times.map(spoiled), ...Array.from({ length: good }, (_, index) => answered(110_000 + index))],
    findings: EXPOSED,
  });
  test.each<[string, World, readonly string[]]>([
    ['that was caught', rare([106_000, 110_000], 20), []],
    ['that nobody met, and so nobody caught', rare([], 20), ['answers that it spoiled, to be caught at all']],
    ['that hurt more of them than are allowed', rare([106_000, 107_000], 3), ['requests that it spoiled while exposed']],
    ['that hurt them for longer than is allowed', rare([104_000, 124_500], 20), ['from the first spoiled answer to the last']],
  ])('that fails for few, %s', (_, world, names) => expect(failedOf('rare', world)).toEqual(names));

  test('is told by versions before, during and after', () => {
    const { measured } = assemble('errors', {
      records: [
        answered(99_989),
        answered(99_990, { version: 'r+0' }),
        answered(99_991, { version: 'r+2' }),
        answered(124_999, { version: 'r+3' }),
        answered(125_000, { version: 'r+4' }),
        answered(110_000, { version: null }),
      ],
    });
    expect(measured.versions[0]).toMatchObject({ answeredBefore: ['r+1'], answeredDuring: ['r+0', 'r+2', 'r+3'], answeredAfter: ['r+4'] });
  });
});

const NEW = versions('2', '2', '1');
const GOOD: World = {
  course: {
    delivery: { ...COURSE.delivery, state: 'succeeded', regions: REGIONS.map((region) => regionOf(region, { state: 'succeeded' })) },
  },
  findings: {
    ...EXPOSED,
    after: new Map([
      [FIRST, NEW],
      [SECOND, NEW],
    ]),
  },
};
describe('a good version', () => {
  test.each<[string, World, readonly string[]]>([
    ['that everybody got', GOOD, []],
    ['that spoiled one request', { ...GOOD, records: [...CALLS, spoiled(110_000)] }, ['requests that it spoiled']],
    [
      'beside which one request failed',
      { ...GOOD, records: [...CALLS, answered(110_000, { end: 'failed', status: 500 }, { outcome: 'failed', kind: 'dns' })] },
      ['requests that failed, or were answered wrong, besides'],
    ],
    [
      'beside which a client’s failed',
      { ...GOOD, records: [...CALLS, answered(110_000, { end: 'failed', status: 500 }, { outcome: 'failed' })] },
      ['requests that failed, or were answered wrong, besides'],
    ],
    [
      'beside which one was answered wrong',
      { ...GOOD, records: [...CALLS, answered(110_000, { wrong: 'no' }, { wrong: 'no', kind: 'dns' })] },
      ['requests that failed, or were answered wrong, besides'],
    ],
    [
      'beside which a client was answered wrong',
      { ...GOOD, records: [...CALLS, answered(110_000, { wrong: 'no' }, { wrong: 'no' })] },
      ['requests that failed, or were answered wrong, besides'],
    ],
    [
      'that one region did not get',
      {
        ...GOOD,
        findings: {
          ...GOOD.findings,
          after: new Map([
            [FIRST, NEW],
            [SECOND, OLD],
          ]),
        },
      },
      ['regions on the new version'],
    ],
    [
      'where another one is live',
      {
        ...GOOD,
        findings: {
          ...GOOD.findings,
          after: new Map([
            [FIRST, NEW],
            [SECOND, versions('3', '3', '1')],
          ]),
        },
      },
      ['regions on the new version'],
    ],
  ])('%s', (_, world, names) => expect(failedOf(undefined, world)).toEqual(names));
});
