/** How the loss of a region is told. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import type { RegionLossReport, ReportEvent } from './report.ts';
import type { Telling } from './telling.ts';
import { known, plural, quantity } from './words.ts';

const HOW = { kill: 'killed', freeze: 'frozen', blackhole: 'made a black hole' } as const;

export const tellRegionLoss = (report: RegionLossReport): Telling => {
  const { region, how, measured, load, ledger, phases } = report;
  const pair = (of: (kind: CallerKind) => string): string =>
    load.callers.dns === 0 ? of('client') : `${of('dns')} by DNS, ${of('client')} by client`;
  return {
    title: `Region loss: ${region}, ${how}`,
    headline: `region-loss of ${region} (${how})`,
    labels: [],
    story: story(report),
    zero: { atMs: phases.faultMs, name: 'the fault' },
    marks: marks(report),
    limits: limits(report),
    ceilings: ceilings(report),
    span: lost(report),
    brief: [
      ['detected after', known(measured.detectionSeconds, 's', '-')],
      ['DNS answer changed after', known(measured.dnsChangedSeconds, 's', '-')],
      ['computed time to fail over', known(measured.formulaSeconds, 's', '-')],
      ['slowest before the fault', pair((kind) => known(measured.normalSlowestMs[kind], 'ms', '-'))],
      ['slowest after it', pair((kind) => known(measured.slowestMs[kind], 'ms', '-'))],
      ['heartbeat age at the fault', known(measured.replicationAgeMs, 'ms', '-')],
      ['repair until serving', known(measured.rebuildSeconds, 's', '-')],
      ['acknowledged writes', String(ledger.acknowledged)],
    ],
    callers: [
      ['Recovered after', (kind) => known(measured.rtoSeconds[kind], 's', '\u2013')],
      ['Failed requests', (kind) => `${measured.failedRequests[kind]} of ${load.requests[kind]}`],
      ['of them after the repair began', (kind) => String(measured.failedAfterRepair[kind])],
      ['Slowest before the fault', (kind) => known(measured.normalSlowestMs[kind], 'ms', '\u2013')],
      ['Slowest from the fault to the repair', (kind) => known(measured.slowestMs[kind], 'ms', '\u2013')],
      ['Acknowledged things not found when read', (kind) => String(measured.missedReads[kind])],
    ],
    facts: [
      ['Detected after', known(measured.detectionSeconds, 's', '\u2013')],
      ['DNS answer changed after', known(measured.dnsChangedSeconds, 's', '\u2013')],
      ['Computed time to fail over', known(measured.formulaSeconds, 's', '\u2013')],
      ['Age of the last heartbeat at the fault', known(measured.replicationAgeMs, 'ms', '\u2013')],
      ['From the repair until the region served', known(measured.rebuildSeconds, 's', '\u2013')],
    ],
    tables: [],
    definitions: [
      ['Recovered after', 'from the fault until the first successful request after which none that was due failed, for at least 10 s.'],
    ],
  };
};

const story = (report: RegionLossReport): readonly string[] => {
  const { measured, ledger, region, how, phases } = report;
  const callers = (kind: CallerKind): string => {
    const seconds = measured.rtoSeconds[kind];
    const failed = measured.failedRequests[kind];
    if (seconds === null) return `did not recover while they were watched (${plural(failed, 'failed request')})`;
    if (failed === 0) return 'never failed';
    return `succeeded again for good after ${quantity(seconds, 's')} (${plural(failed, 'failed request')})`;
  };
  return [
    `${region} was ${HOW[how]} under ${report.load.ratePerSecond} requests a second.`,
    ...(report.load.callers.dns > 0 ? [`Callers that follow DNS ${callers('dns')}.`] : []),
    `Callers that use the failover client ${callers('client')}.`,
    lossSentence(report),
    ...(phases.servingMs === null ? [`${region} did not serve again while it was watched.`] : []),
    ...(ledger.missing === 0 ? [] : [`${plural(ledger.missing, 'acknowledged write')} had not reached every region when the drill ended.`]),
  ];
};

const lossSentence = ({ ledger, measured }: RegionLossReport): string => {
  if (ledger.lost.length === 0) return `None of ${ledger.acknowledged} acknowledged writes was lost.`;
  return `${measured.rpo.writes} of ${ledger.acknowledged} acknowledged writes ${measured.rpo.writes === 1 ? 'was' : 'were'} lost for good, the oldest ${quantity(measured.rpo.milliseconds, 'ms')} old at the fault.`;
};

/** The events worth a letter. */
const marks = ({ events, phases, measured, region }: RegionLossReport): Telling['marks'] => {
  const wanted = (event: ReportEvent): boolean => {
    if (event.kind === 'fault' || event.kind === 'recovered' || event.kind === 'repair') return true;
    if (event.kind === 'answer') return event.atMs < phases.repairMs;
    return event.kind === 'region' && event.atMs === phases.servingMs;
  };
  const { detectionSeconds } = measured;
  const found = events.filter(wanted).map((event) => ({
    second: event.sinceFaultSeconds,
    label: `${event.detail}${event.region === null ? '' : ` (${event.region})`}`,
    strong: event.kind === 'fault',
  }));
  const detected =
    detectionSeconds === null ? [] : [{ second: detectionSeconds, label: `the health check of ${region} turned unhealthy`, strong: false }];
  return [...found, ...detected];
};

/** What was allowed and what was computed, in the picture of those callers that it is about. */
const limits = ({ measured, objectives, load }: RegionLossReport): Telling['limits'] => {
  const allowed = (['dns', 'client'] as const)
    .filter((kind) => load.callers[kind] > 0)
    .map((kind) => {
      const [second, after] = [objectives.rtoSeconds[kind], measured.rtoSeconds[kind]];
      const missed = after === null || after > second;
      return { kind, second, missed, label: missed ? `missed: allowed ${quantity(second, 's')}` : `allowed ${quantity(second, 's')}` };
    });
  const { formulaSeconds } = measured;
  if (formulaSeconds === null) return allowed;
  return [{ kind: 'dns', second: formulaSeconds, missed: false, label: `computed ${quantity(formulaSeconds, 's')}` }, ...allowed];
};

const ceilings = ({ measured, objectives }: RegionLossReport): Telling['ceilings'] => {
  const normal = measured.normalSlowestMs.client;
  if (normal === null) return [];
  const ms = normal + objectives.slowestExtraMs.client;
  return [{ ms, label: `allowed to the failover client: ${quantity(ms, 'ms')}` }];
};

/** Until it served again. */
const lost = ({ phases, region }: RegionLossReport): Telling['span'] => ({
  from: 0,
  to: ((phases.servingMs ?? phases.endMs) - phases.faultMs) / 1_000,
  name: `${region} is lost`,
});
