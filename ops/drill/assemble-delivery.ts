/** Puts the report of a delivery drill together from its course. Pure. */
import type { Delivery } from '../../functions/contract/delivery.ts';
import { type AuditEntry, type DeploymentsView, isGood } from '../../functions/core/deployments.ts';
import type { Config } from '../../infra/config.ts';
import type { Versions } from '../delivery/versions.ts';
import { activatedIn, nameIn } from '../reports/activated.ts';
import { DECIDED } from '../reports/delivery.ts';
import type { DeliveryReport, ReportEvent, Verdict } from '../reports/report.ts';
import type { DeliveryTarget, TargetEvent } from '../targets/target.ts';
import { believed, envelope, eventAt, timeline } from './assemble.ts';
import { DELIVERY_FAULTS, type DeliveryFault } from './faults.ts';
import type { Reckoning } from './frame.ts';
import { atLeast, atMost, judgeLedger } from './measure.ts';
import type { Scene } from './scene.ts';
import { ledgerOf } from './settle.ts';
import { type Candidate, exposureOf, measureSpoil, slowAbove, spoiledRequests } from './spoil.ts';

/** Moments of a drill, milliseconds since 1970, and what there was before. */
export interface DeliveryCourse {
  readonly startedAt: string;
  readonly loadMs: number;
  readonly baselineMs: number;
  readonly deliveredMs: number;
  readonly endedMs: number;
  readonly endMs: number;
  readonly delivery: Delivery;
  /** The region of the first wave. */
  readonly region: string;
  readonly before: ReadonlyMap<string, Versions>;
}

export interface DeliveryFindings extends Reckoning {
  readonly events: readonly TargetEvent[];
  readonly after: ReadonlyMap<string, Versions>;
  /** Of the region of the first wave. */
  readonly facts: DeploymentsView;
  readonly audit: readonly AuditEntry[];
  /** null: the target cannot tell. */
  readonly notifications: readonly string[] | null;
}

export interface DeliverySetting {
  readonly target: Pick<DeliveryTarget, 'kind' | 'regions'>;
  readonly config: Pick<Config, 'delivery' | 'objectives'>;
  readonly fault: DeliveryFault | undefined;
  readonly exposeMinutes: number;
  readonly bakeMinutes: number;
  readonly ratePerSecond: number;
}

type Seen = Pick<Scene, 'records' | 'callers'>;
type Measured = DeliveryReport['measured'];

export const assembleDelivery = (
  setting: DeliverySetting,
  scene: Seen,
  course: DeliveryCourse,
  findings: DeliveryFindings,
): DeliveryReport => {
  const { target, config, fault, ratePerSecond, exposeMinutes, bakeMinutes } = setting;
  const { startedAt, loadMs, baselineMs, deliveredMs, endedMs, endMs, delivery, region } = course;
  const ledger = ledgerOf(findings.acknowledged, findings.settled, deliveredMs);
  const measured = measuredOf(setting, scene, course, findings);
  const judged = { measured, delivery, region, objectives: config.objectives.delivery };
  const verdicts = [
    ...(fault === undefined ? judgeGood(judged) : judgeBad(judged, fault)),
    atMost('acknowledged writes lost for good', 'writes', 0, ledger.lost.length),
    ...judgeLedger(ledger),
  ];
  const phases = { loadMs, baselineMs, deliveredMs, endedMs, endMs };
  return believed({
    drill: fault === undefined ? 'good-deploy' : 'bad-deploy',
    fault: fault ?? null,
    controlPlane: target.kind === 'local' ? 'simulated' : 'aws',
    region,
    ...envelope({ target, ratePerSecond, scene, startedAt, ledger, verdicts, failures: findings.failures }),
    settings: { exposePercent: config.delivery.exposePercent, exposeMinutes, bakeMinutes },
    phases,
    delivery: { id: delivery.id, state: delivery.state, detail: delivery.detail, regions: delivery.regions.map((each) => ({ ...each })) },
    events: timeline(
      {
        ...{ ratePerSecond, phases, zeroMs: deliveredMs, ...findings },
        loadEnds: `load ends; ${spoiledRequests(measured.spoiled)} requests were spoiled`,
      },
      ownEvents(fault, deliveredMs, measured),
    ),
    objectives: config.objectives.delivery,
    measured,
  });
};

const measuredOf = (
  { config, target }: DeliverySetting,
  { records }: Seen,
  course: DeliveryCourse,
  findings: DeliveryFindings,
): Measured => {
  const { baselineMs, deliveredMs, endMs, delivery, region } = course;
  const slowAboveMs = slowAbove(records, { fromMs: baselineMs, toMs: deliveredMs }, config.objectives.delivery.slowExtraMs);
  const candidates = delivery.regions.map(
    (each): Candidate => ({
      region: each.region,
      version: each.to,
      exposed: exposureOf(findings.events, each.region, { fromMs: deliveredMs, toMs: endMs }),
    }),
  );
  return {
    exposure: Object.fromEntries(candidates.flatMap((each) => (each.exposed === null ? [] : [[each.region, { ...each.exposed }]]))),
    ...measureSpoil({ records, candidates, deliveredMs, slowAboveMs }),
    slowAboveMs,
    decision: decisionOf(findings, region, deliveredMs),
    versions: target.regions.map(({ name }) => versionsOf(name, records, course, findings)),
    audit: findings.audit.map((entry) => ({ ...entry })),
    notifications: findings.notifications === null ? null : [...findings.notifications],
  };
};

/**
 * What took the version back: what went wrong first, among what can end a deployment. An alarm can if CodeDeploy says that it
 * was activated: others fire, too, and guard no deployment.
 */
export const decisionOf = (
  { facts, events }: Pick<DeliveryFindings, 'facts' | 'events'>,
  region: string,
  sinceMs: number,
): Decision | null => {
  // Not the deployment that brought the version before back: that one ended well.
  const deployment = facts.deployments.find(
    ({ trial, bake, ended }) => (ended?.atMs ?? bake?.atMs ?? trial?.atMs ?? 0) >= sinceMs && ended?.state !== 'succeeded',
  );
  if (deployment === undefined) return null;
  const { trial, bake, ended } = deployment;
  const found: Decision[] = [];
  if (trial && !isGood(trial.verdict)) found.push({ by: 'trial', alarm: null, atMs: trial.atMs, detail: trial.detail });
  if (bake?.ended && !isGood(bake.ended.verdict)) found.push({ by: 'bake', alarm: null, atMs: bake.ended.atMs, detail: bake.ended.detail });
  if (ended) {
    const activated = activatedIn(ended.reason);
    const turns = events.flatMap((event) => (event.kind === 'alarm' && event.region === region && event.atMs <= ended.atMs ? [event] : []));
    const firing = [...Map.groupBy(turns, ({ alarm }) => alarm).values()].flatMap(
      (own) => own.findLast(({ state }) => state === 'ALARM') ?? [],
    );
    for (const { alarm, atMs, detail } of firing)
      if (nameIn(alarm, activated)) found.push({ by: 'alarm', alarm, atMs: Math.max(atMs, sinceMs), detail });
  }
  const [first] = found.toSorted((a, b) => a.atMs - b.atMs);
  if (first || ended === undefined) return first ?? null;
  return { by: ended.state === 'stopped' ? 'stopped' : 'unknown', alarm: null, atMs: ended.atMs, detail: ended.reason };
};

type Decision = NonNullable<Measured['decision']>;

const versionsOf = (
  region: string,
  records: Seen['records'],
  { deliveredMs, endedMs, before }: DeliveryCourse,
  { after }: DeliveryFindings,
): Measured['versions'][number] => {
  const sent = records.flatMap((record) => record.sent.filter((each) => each.region === region));
  const named = (yes: (each: (typeof sent)[number]) => boolean): string[] =>
    [...new Set(sent.filter(yes).flatMap(({ version }) => (version === null ? [] : [version])))].sort();
  return {
    region,
    before: numbersOf(before.get(region)),
    after: numbersOf(after.get(region)),
    answeredBefore: named((each) => each.endMs < deliveredMs),
    answeredDuring: named((each) => each.endMs >= deliveredMs && each.startMs < endedMs),
    answeredAfter: named((each) => each.startMs >= endedMs),
  };
};

const numbersOf = (versions: Versions | undefined) => ({
  live: versions?.live ?? '',
  versions: (versions?.versions ?? []).map((each) => each.number),
});

interface Judged {
  readonly measured: Measured;
  readonly delivery: Delivery;
  readonly region: string;
  readonly objectives: Config['objectives']['delivery'];
}

const news = (now: readonly string[], then: readonly string[]): number => now.filter((each) => !then.includes(each)).length;

const judgeBad = ({ measured, delivery, region, objectives }: Judged, fault: DeliveryFault): readonly Verdict[] => {
  const { spoiled, versions, audit, notifications } = measured;
  const answers = spoiled.failed + spoiled.wrong + spoiled.slow;
  const own = versions.find((each) => each.region === region);
  const others = versions.filter((each) => each.region !== region);
  const spread = others.map(
    (each) =>
      news(each.after.versions, each.before.versions) +
      news([...each.answeredDuring, ...each.answeredAfter], each.answeredBefore) +
      Number(each.after.live !== each.before.live),
  );
  const back = delivery.state === 'failed' && own !== undefined && own.after.live === own.before.live;
  return [
    ...(DELIVERY_FAULTS[fault].seen
      ? [atMost('answers that the bad version spoiled', 'answers', objectives.spoiledAnswers, answers)]
      : [
          atLeast('answers that it spoiled, to be caught at all', 'answers', 1, answers),
          atMost('requests that it spoiled while exposed', '%', objectives.spoiledPercent, spoiled.percent),
          atMost('from the first spoiled answer to the last', 's', objectives.spoiledSeconds, spoiled.seconds),
        ]),
    atLeast('regions taken back to the version before', 'regions', 1, Number(back)),
    atLeast('versions that answer there afterwards', 'versions', 1, own?.answeredAfter.length ?? 0),
    atMost('of them others than before', 'versions', 0, own === undefined ? null : news(own.answeredAfter, own.answeredBefore)),
    atMost(
      'versions that came to other regions',
      'versions',
      0,
      spread.reduce((sum, each) => sum + each, 0),
    ),
    atLeast('audit items that say why', 'items', 1, audit.filter((entry) => entry.why !== '').length),
    ...(notifications === null ? [] : [atLeast('notifications', 'messages', 1, notifications.length)]),
  ];
};

const judgeGood = ({ measured, delivery }: Judged): readonly Verdict[] => {
  const { spoiled, besides, versions } = measured;
  const failed = besides.failed.dns + besides.failed.client + besides.wrong.dns + besides.wrong.client;
  const onNew = versions.filter(
    (each) => each.after.live !== each.before.live && each.after.live === delivery.regions.find(({ region }) => region === each.region)?.to,
  );
  return [
    atMost('requests that it spoiled', 'requests', 0, spoiledRequests(spoiled)),
    atMost('requests that failed, or were answered wrong, besides', 'requests', 0, failed),
    atLeast('regions on the new version', 'regions', versions.length, onNew.length),
  ];
};

const ownEvents = (fault: DeliveryFault | undefined, deliveredMs: number, { decision }: Measured): readonly ReportEvent[] => {
  const event = eventAt(deliveredMs);
  const what = fault === undefined ? 'a healthy version is delivered' : `a version is delivered that ${DELIVERY_FAULTS[fault].means}`;
  return [
    event('fault', deliveredMs, what),
    ...(decision === null ? [] : [event('repair', decision.atMs, `${DECIDED[decision.by]}: ${decision.detail}`)]),
  ];
};
