import { describe, expect, test } from 'vitest';
import { believed } from '../../../ops/drill/assemble.ts';
import { contradictionsOf } from '../../../ops/reports/contradictions/contradictions.ts';
import type { BadWritesReport, DeliveryReport, PartitionReport, RegionLossReport, Report } from '../../../ops/reports/report.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { BAD_WRITES, DELIVERY, GOOD_DELIVERY, PARTITION, REGION_LOSS } from './sample-reports.ts';

type Change<R> = (report: R) => R;
const found = (report: Report): readonly string[] => contradictionsOf(report);
/** One number of a report that is whole, changed. */
const contradicts = <R extends Report>(name: string, report: R, changes: readonly (readonly [RegExp, Change<R>])[]): void => {
  describe(`a report of ${name}`, () => {
    test('whose numbers agree is believed', () => {
      expect(found(report)).toEqual([]);
      expect(believed(report)).toBe(report);
    });

    test.each(changes)('says of itself: %s', (contradiction, change) => {
      expect(found(change(report)).join('\n')).toMatch(contradiction);
    });
  });
};

const withMeasured =
  <R extends Report>(more: (measured: R['measured']) => Partial<R['measured']>): Change<R> =>
  (report) => ({ ...report, measured: { ...report.measured, ...more(report.measured) } });
const withLedger =
  <R extends Report>(more: Partial<Report['ledger']>): Change<R> =>
  (report) => ({ ...report, ledger: { ...report.ledger, ...more } });
const withPhases =
  <R extends Report>(more: Partial<R['phases']>): Change<R> =>
  (report) => ({ ...report, phases: { ...report.phases, ...more } });
const withVerdict =
  <R extends Report>(more: Partial<Report['verdicts'][number]>): Change<R> =>
  (report) => ({ ...report, verdicts: report.verdicts.map((each, index) => (index === 0 ? { ...each, ...more } : each)) });
const withEvent =
  <R extends Report>(more: Partial<Report['events'][number]>): Change<R> =>
  (report) => ({
    ...report,
    events: [...report.events, { atMs: 160_000, sinceFaultSeconds: 60, kind: 'load', region: null, detail: 'it', ...more }],
  });
const LOST = { operation: 'placeOrder', id: 'o', key: 'k', region: 'eu-central-1', ageMs: 500 };

contradicts<RegionLossReport>('a lost region', REGION_LOSS, [
  [
    /passed with an objective that was missed/,
    (report) => ({ ...report, verdicts: report.verdicts.map((each) => ({ ...each, measured: null, passed: false })) }),
  ],
  [/failed with every objective met/, (report) => ({ ...report, passed: false })],
  [/no objective was looked at/, (report) => ({ ...report, verdicts: [] })],
  [/passed with 61 of/, withVerdict({ measured: 61 })],
  [/failed with 34 of/, withVerdict({ passed: false })],
  [/passed with null of/, withVerdict({ measured: null })],
  [/passed with 34 of 35/, withVerdict({ min: 35 })],
  [/passed with 34 of \.\./, withVerdict({ min: null, max: null })],
  [/recovered after" measured 33, and the report says 34/, withVerdict({ measured: 33 })],
  [/faultMs is before baselineMs/, withPhases({ faultMs: 80_000 })],
  [/servingMs is before repairMs/, withPhases({ servingMs: 140_000 })],
  [/endMs is before servingMs/, withPhases({ endMs: 150_000 })],
  [/"it" has two times/, withEvent({ sinceFaultSeconds: 59 })],
  [/"it" is before the load/, withEvent({ atMs: 10_000 })],
  [/"it" is after the drill/, withEvent({ atMs: 190_000, kind: 'recovered' })],
  [/not in the order of time/, withEvent({ atMs: 90_000 })],
  [/an event says that the ledgers agree/, withLedger({ settledSeconds: null })],
  [/2 writes are lost of 1/, withLedger({ acknowledged: 1, lost: [LOST, LOST] })],
  [/lacks more than was acknowledged/, withLedger({ missingByRegion: { 'us-east-2': 901 } })],
  [/lacks writes that is none of the system/, withLedger({ missingByRegion: { mars: 0 } })],
  [/a region has what no region has/, withLedger({ lost: [LOST] })],
  [/one region alone lacks more than the 0/, withLedger({ missingByRegion: { 'eu-central-1': 2, 'us-east-2': 0 } })],
  [/regions lack fewer than the 3/, withLedger({ missing: 3, settledSeconds: null })],
  [/the ledgers agree, and never did/, withLedger({ settledSeconds: null })],
  [/the ledgers agreed, and do not/, withLedger({ duplicates: 1 })],
  [/acknowledged after the drill/, withLedger({ lost: [{ ...LOST, ageMs: -100_000 }] })],
  [/acknowledged by a region that is none/, withLedger({ lost: [{ ...LOST, region: 'mars' }] })],
  [/requests of no client callers/, (report) => ({ ...report, load: { ...report.load, callers: { dns: 12, client: 0 } } })],
  [/mars was lost/, (report) => ({ ...report, region: 'mars' })],
  [/more dns requests failed after the repair than in all/, withMeasured(() => ({ failedAfterRepair: { dns: 18, client: 0 } }))],
  [/more client requests failed than were made/, withMeasured(() => ({ failedRequests: { dns: 17, client: 801 } }))],
  [/more client reads missed than were made/, withMeasured(() => ({ missedReads: { dns: 0, client: 801 } }))],
  [/dns callers recovered after the repair began/, withMeasured(() => ({ rtoSeconds: { dns: 60, client: 0 } }))],
  [/dns callers recovered, and none had failed/, withMeasured(() => ({ failedRequests: { dns: 0, client: 0 } }))],
  [/client callers never recovered, and none had failed/, withMeasured(() => ({ rtoSeconds: { dns: 34, client: null } }))],
  [/something of the fault was seen after the drill/, withMeasured(() => ({ detectionSeconds: 100 }))],
  [/something of the fault was seen after the drill/, withMeasured(() => ({ dnsChangedSeconds: 100 }))],
  [/callers follow a name that there is not/, withMeasured(() => ({ formulaSeconds: null }))],
  [/1 writes are lost, and 0 are named/, withMeasured(() => ({ rpo: { writes: 1, milliseconds: 0 } }))],
  [/the oldest lost write is 9 ms old/, withMeasured(() => ({ rpo: { writes: 0, milliseconds: 9 } }))],
  [/the region served again at two times/, withMeasured(() => ({ rebuildSeconds: 6 }))],
  [/the region served again at two times/, withMeasured(() => ({ rebuildSeconds: null }))],
  [/failed requests" measured 0, and the report says 1/, withMeasured(() => ({ failedRequests: { dns: 17, client: 1 } }))],
]);

const conflict = PARTITION.measured.conflicts[0];
if (conflict === undefined) throw new Error('the sample has no conflict');
contradicts<PartitionReport>('a partition', PARTITION, [
  [/more dns requests failed than were made/, withMeasured(() => ({ failedRequests: { dns: 801, client: 0, region: 0 } }))],
  [/measured 0, and the report says 1/, withMeasured(() => ({ failedRequests: { dns: 0, client: 0, region: 1 } }))],
  [/more client answers were wrong than were given/, withMeasured(() => ({ wrongAnswers: { dns: 0, client: 801 } }))],
  [/more client reads missed than were made/, withMeasured(() => ({ missedReads: { dns: 0, client: 801 } }))],
  [/the regions agreed after the drill/, withMeasured(() => ({ agreedSeconds: 90 }))],
  [/of a region that is none of the system/, withMeasured(() => ({ conflicts: [{ ...conflict, regions: ['mars'] }] }))],
  [
    /ended well, and was never taken/,
    withMeasured(() => ({ conflicts: [{ ...conflict, answers: [{ region: 'us-east-2', operation: 'placeOrder', status: 503 }] }] })),
  ],
  [
    /ended well, and was never taken/,
    withMeasured(() => ({ conflicts: [{ ...conflict, answers: [{ region: 'us-east-2', operation: 'placeOrder', status: null }] }] })),
  ],
  [/otherwise than they must" measured 0, and the report says 1/, withMeasured(() => ({ conflicts: [{ ...conflict, wrong: 'two ids' }] }))],
  [/do not hold on the tables" measured 0, and the report says 1/, withMeasured(() => ({ broken: [{ rule: 'r', detail: 'd' }] }))],
  [/healMs is before partitionMs/, withPhases({ healMs: 90_000 })],
]);

contradicts<BadWritesReport>('bad writes', BAD_WRITES, [
  [/more client requests were hurt than were made/, withMeasured(() => ({ noticed: { dns: 0, client: 801 } }))],
  [
    /in a region that is none of the system/,
    withMeasured(({ damage }) => ({ damage: damage.map((each) => ({ ...each, region: 'mars' })) })),
  ],
  [/everywhere only once the repair had begun/, withMeasured(() => ({ spreadSeconds: 60 }))],
  [/writes were gone, and nothing had been done/, withMeasured(() => ({ damage: [] }))],
  [/more writes were gone than were acknowledged/, withMeasured(() => ({ harmedWrites: 901 }))],
  [/more facts are not as before than were harmed/, withMeasured(() => ({ notAsBefore: 2 }))],
  [/all was repaired at two times/, withMeasured(() => ({ repairSeconds: 30 }))],
  [/all was repaired, and something was left/, withMeasured(({ putBack }) => ({ putBack: { ...putBack, left: 1 } }))],
  [/1 writes are lost, and 0 are named/, withMeasured(() => ({ rpo: { writes: 1, seconds: 0 } }))],
  [/the newest lost write is 3 s old, and 0 s/, withMeasured(() => ({ rpo: { writes: 0, seconds: 3 } }))],
  [/repairMs is before corruptedMs/, withPhases({ repairMs: 90_000 })],
]);

const { region } = DELIVERY;
const spoiling = (more: Partial<DeliveryReport['measured']['spoiled']>) =>
  withMeasured<DeliveryReport>(({ spoiled }) => ({ spoiled: { ...spoiled, ...more } }));
const deciding = (more: Partial<NonNullable<DeliveryReport['measured']['decision']>>) =>
  withMeasured<DeliveryReport>(({ decision }) => ({ decision: decision && { ...decision, ...more } }));
contradicts<DeliveryReport>('a bad delivery', DELIVERY, [
  [/a good version with a fault/, (report) => ({ ...report, fault: null })],
  [/mars comes first/, (report) => ({ ...report, region: 'mars' })],
  [/mars got the version/, withMeasured(() => ({ exposure: { mars: { fromMs: 110_000, toMs: 120_000 } } }))],
  [/got the version outside of the drill/, withMeasured(() => ({ exposure: { [region]: { fromMs: 90_000, toMs: 120_000 } } }))],
  [/got the version outside of the drill/, withMeasured(() => ({ exposure: { [region]: { fromMs: 110_000, toMs: 190_000 } } }))],
  [/lost the version before it got it/, withMeasured(() => ({ exposure: { [region]: { fromMs: 121_000, toMs: 120_000 } } }))],
  [/the versions are not those of the regions/, withMeasured(({ versions }) => ({ versions: versions.slice(1) }))],
  [
    /more client requests were hurt than were made/,
    withMeasured(() => ({ besides: { failed: { dns: 0, client: 801 }, wrong: { dns: 0, client: 0 } } })),
  ],
  [/5 requests were spoiled by 4 answers/, spoiling({ requests: { dns: 0, client: 5 } })],
  [/3 spoiled answers were hidden of 4, and 2 requests/, spoiling({ hidden: 3 })],
  [/nobody got one, or the other way round/, spoiling({ failed: 0, wrong: 0, slow: 0 })],
  [/nobody got one, or the other way round/, spoiling({ requests: { dns: 0, client: 0 }, hidden: 0 })],
  [/2 spoiled requests are 0 %/, spoiling({ percent: 0 })],
  [/2 spoiled requests are 101 %/, spoiling({ percent: 101 })],
  [/1 answers were wrong of 0/, withMeasured(() => ({ answers: 0 }))],
  [/an audit item is from before the delivery/, withMeasured(({ audit }) => ({ audit: audit.map((each) => ({ ...each, atMs: 1 })) }))],
  [/its delivery succeeded/, (report) => ({ ...report, delivery: { ...report.delivery, state: 'succeeded' } })],
  [/taken back before it was delivered/, deciding({ atMs: 98_000 })],
  [/happened after the delivery had ended/, deciding({ atMs: 140_000 })],
  [/not named, or is named and did not/, deciding({ alarm: null })],
  [/not named, or is named and did not/, deciding({ by: 'trial' })],
  [/HeartbeatAge-us-east-2 took the version back, and guards no deployment/, deciding({ alarm: 'HeartbeatAge-us-east-2' })],
  [
    /VersionErrorBurst took the version back, and did not fire/,
    (report) => ({ ...report, events: report.events.filter(({ kind }) => kind !== 'alarm') }),
  ],
  [/refused before any caller got it, and callers got it/, deciding({ by: 'trial', alarm: null })],
  [
    /watched with all calls, and got none/,
    (report) => deciding({ by: 'bake', alarm: null })(withMeasured<DeliveryReport>(() => ({ exposure: {} }))(report)),
  ],
  [
    /and served for 61 s afterwards/,
    (report) =>
      withPhases<DeliveryReport>({ endMs: 200_000 })(
        withMeasured<DeliveryReport>(() => ({ exposure: { [region]: { fromMs: 110_000, toMs: 181_000 } } }))(report),
      ),
  ],
  [
    /and got calls afterwards/,
    (report) =>
      withPhases<DeliveryReport>({ endMs: 200_000 })(
        withMeasured<DeliveryReport>(() => ({ exposure: { [region]: { fromMs: 181_000, toMs: 182_000 } } }))(report),
      ),
  ],
  [/notifications" measured 1, and the report says 2/, withMeasured(() => ({ notifications: ['a', 'b'] }))],
  [
    /taken back to the version before" measured 1, and the report says 0/,
    (report) => ({ ...report, delivery: { ...report.delivery, state: 'running' } }),
  ],
  [
    /delivered to that is none of the system/,
    (report) => ({
      ...report,
      delivery: { ...report.delivery, regions: report.delivery.regions.map((each) => ({ ...each, region: 'mars' })) },
    }),
  ],
]);

contradicts<DeliveryReport>('a good delivery', GOOD_DELIVERY, [
  [/that it spoiled" measured 0, and the report says 1/, spoiling({ requests: { dns: 0, client: 1 } })],
]);

test('a report that says what could not be compared contradicts nothing, and does not pass', () => {
  const events = REGION_LOSS.events.filter(({ kind }) => kind !== 'ledger');
  const ledger = { ...REGION_LOSS.ledger, missingByRegion: {}, settledSeconds: null };
  const report = { ...REGION_LOSS, failures: ['not compared'], events, ledger };
  expect(contradictionsOf({ ...report, passed: false })).toEqual([]);
  expect(contradictionsOf({ ...report, passed: true })).toEqual(['passed with an objective that was missed']);
});

test('a report that contradicts itself does not pass, and says so before anything else', () => {
  const report = believed(withMeasured<RegionLossReport>(() => ({ rebuildSeconds: 6 }))(REGION_LOSS));
  expect(report.passed).toBe(false);
  expect(report.verdicts.at(-1)).toMatchObject({ name: 'numbers of this report that contradict each other', measured: 1, passed: false });
  expect(verdictText(report)).toMatch(
    /^region-loss of eu-central-1 \(kill\): FAILED\ncontradiction: the region served again at two times\n/,
  );
});
