/** What the numbers of the report on a delivery must have to do with each other. Pure. */
import { nameIn } from '../activated.ts';
import type { DeliveryReport } from '../report.ts';
import { CLOCK_MS, KINDS, measures, type Rule } from './shared.ts';

/** How long calls may take to be back at the version before, once something has decided so. */
const TAKEN_BACK_MS_MAX = 60_000;

export const deliveryRules = (report: DeliveryReport): readonly Rule[] => {
  const { drill, fault, region, regions, measured, phases, load, ledger, delivery } = report;
  const { exposure, spoiled, besides, versions, audit, notifications } = measured;
  const answers = spoiled.failed + spoiled.wrong + spoiled.slow;
  const requests = spoiled.requests.dns + spoiled.requests.client;
  return [
    [(fault === null) === (drill === 'good-deploy'), 'a good version with a fault, or a bad one without'],
    [regions.includes(region), `${region} comes first, and is none of the system`],
    ...Object.entries(exposure).flatMap(([name, { fromMs, toMs }]): readonly Rule[] => [
      [regions.includes(name), `${name} got the version, and is none of the system`],
      [fromMs >= phases.deliveredMs - CLOCK_MS && toMs <= phases.endMs + CLOCK_MS, `${name} got the version outside of the drill`],
      [fromMs <= toMs, `${name} lost the version before it got it`],
    ]),
    [
      versions
        .map((each) => each.region)
        .sort()
        .join() === regions.toSorted().join(),
      'the versions are not those of the regions',
    ],
    ...KINDS.flatMap((kind): readonly Rule[] => [
      [
        spoiled.requests[kind] + Math.max(besides.failed[kind], besides.wrong[kind]) <= load.requests[kind],
        `more ${kind} requests were hurt than were made`,
      ],
    ]),
    [requests <= answers, `${requests} requests were spoiled by ${answers} answers`],
    [
      requests + spoiled.hidden <= answers,
      `${spoiled.hidden} spoiled answers were hidden of ${answers}, and ${requests} requests noticed one`,
    ],
    [
      answers === 0 ? spoiled.hidden + spoiled.percent + spoiled.seconds === 0 : requests + spoiled.hidden > 0,
      'answers were spoiled, and nobody got one, or the other way round',
    ],
    [spoiled.percent <= 100 && requests > 0 === spoiled.percent > 0, `${requests} spoiled requests are ${spoiled.percent} %`],
    [spoiled.wrong <= measured.answers, `${spoiled.wrong} answers were wrong of ${measured.answers}`],
    [audit.every(({ atMs }) => atMs >= phases.deliveredMs - CLOCK_MS), 'an audit item is from before the delivery'],
    ...decisionRules(report),
    ...measures(report, {
      'answers that the bad version spoiled': answers,
      'answers that it spoiled, to be caught at all': answers,
      'requests that it spoiled while exposed': spoiled.percent,
      'from the first spoiled answer to the last': spoiled.seconds,
      'regions taken back to the version before': Number(isBack(report)),
      'versions that answer there afterwards': versions.find((each) => each.region === region)?.answeredAfter.length ?? 0,
      'audit items that say why': audit.filter(({ why }) => why !== '').length,
      notifications: notifications === null ? null : notifications.length,
      'requests that it spoiled': requests,
      'requests that failed, or were answered wrong, besides':
        besides.failed.dns + besides.failed.client + besides.wrong.dns + besides.wrong.client,
      'acknowledged writes lost for good': ledger.lost.length,
    }),
    [delivery.regions.every((each) => regions.includes(each.region)), 'a region was delivered to that is none of the system'],
  ];
};

const isBack = ({ delivery, measured, region }: DeliveryReport): boolean => {
  const own = measured.versions.find((each) => each.region === region);
  return delivery.state === 'failed' && own !== undefined && own.after.live === own.before.live;
};

/** Who took the version back, when, and whether that can be. */
const decisionRules = ({ region, measured, phases, delivery, events }: DeliveryReport): readonly Rule[] => {
  const { decision, exposure, audit } = measured;
  if (decision === null) return [];
  const { by, alarm, atMs } = decision;
  const own = exposure[region];
  const said = [delivery.detail, ...delivery.regions.map(({ detail }) => detail), ...audit.map(({ why }) => why)];
  return [
    [delivery.state !== 'succeeded', 'a version was taken back, and its delivery succeeded'],
    [atMs >= phases.deliveredMs - CLOCK_MS, 'the version was taken back before it was delivered'],
    // That it ended is told later than it was.
    [
      by === 'stopped' || by === 'unknown' || atMs <= phases.endedMs + CLOCK_MS,
      'what took the version back happened after the delivery had ended',
    ],
    [(by === 'alarm') === (alarm !== null), 'an alarm took the version back that is not named, or is named and did not'],
    [alarm === null || said.some((text) => nameIn(alarm, text)), `${alarm} took the version back, and guards no deployment`],
    [
      alarm === null ||
        atMs <= phases.deliveredMs ||
        events.some((event) => event.kind === 'alarm' && event.region === region && event.atMs === atMs),
      `${alarm} took the version back, and did not fire`,
    ],
    [by !== 'trial' || own === undefined, 'the version was refused before any caller got it, and callers got it'],
    [by !== 'bake' || own !== undefined, 'the version was watched with all calls, and got none'],
    [
      own === undefined || own.toMs <= atMs + TAKEN_BACK_MS_MAX,
      `the version was taken back, and served for ${Math.round(((own?.toMs ?? atMs) - atMs) / 1_000)} s afterwards`,
    ],
    [own === undefined || own.fromMs <= atMs + TAKEN_BACK_MS_MAX, 'the version was taken back, and got calls afterwards'],
  ];
};
