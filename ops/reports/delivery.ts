/** How a delivery drill is told. Pure. */
import type { CallerKind } from '../drill/operations.ts';
import type { DeliveryReport } from './report.ts';
import type { Telling } from './telling.ts';
import { known, plural, quantity, sinceFault } from './words.ts';

/** Who took the version back. */
export const DECIDED = {
  trial: 'the canary refused it before any caller got it',
  alarm: 'an alarm took it back',
  bake: 'the canary took it back while it was watched with all calls',
  stopped: 'a person stopped it',
  unknown: 'CodeDeploy took it back',
} as const;

export const tellDelivery = (report: DeliveryReport): Telling => {
  const { drill, fault, measured, phases, settings, load, ledger } = report;
  const since = (atMs: number): string => sinceFault((atMs - phases.deliveredMs) / 1_000);
  const { spoiled, decision } = measured;
  const exposure = Object.entries(measured.exposure).map(([region, { fromMs, toMs }]) => `${region} ${since(fromMs)} to ${since(toMs)}`);
  const facts = [
    ['Answers of the new version', String(measured.answers)],
    ['of them spoiled: failed, wrong, slow', `${spoiled.failed}, ${spoiled.wrong}, ${spoiled.slow}`],
    ['of them hidden from callers by the failover client', String(spoiled.hidden)],
    ["Part of all callers' requests while exposed", quantity(spoiled.percent, '%')],
    ['From the first spoiled answer to the last', quantity(spoiled.seconds, 's')],
    ['Exposed', exposure.join('; ') || 'never'],
    ['Decided', decision === null ? '\u2013' : `${since(decision.atMs)}, ${decision.by}`],
    ['Audit items', String(measured.audit.length)],
    ['Notifications', measured.notifications === null ? 'not told by this target' : String(measured.notifications.length)],
  ] as const;
  return {
    title: fault === null ? 'Good deployment' : `Bad deployment: ${fault}`,
    headline: `${drill} of ${report.region}${fault === null ? '' : ` (${fault})`}`,
    labels: [
      ...(report.controlPlane === 'simulated'
        ? ['simulated control plane: stand-ins of CodeDeploy and CloudWatch carry this out, from the templates that AWS gets']
        : []),
      `exposure ${settings.exposePercent} % for ${settings.exposeMinutes} min, bake ${settings.bakeMinutes} min`,
    ],
    story: story(report),
    zero: { atMs: phases.deliveredMs, name: 'the delivery began' },
    marks: marks(report),
    limits: [],
    ceilings: ceilings(report),
    span: spanOf(report),
    brief: [
      ...facts.map(([name, value]) => [name.replace(/^[A-Z]/, (letter) => letter.toLowerCase()), value] as const),
      ['acknowledged writes', String(ledger.acknowledged)],
    ],
    callers: [
      ['Requests', (kind) => String(load.requests[kind])],
      ['Spoiled by the new version', (kind) => String(spoiled.requests[kind])],
      ['Failed besides', (kind) => String(measured.besides.failed[kind])],
      ['Answered wrong besides', (kind) => String(measured.besides.wrong[kind])],
      ['Slow is above', (kind) => known(measured.slowAboveMs[kind], 'ms', '\u2013')],
    ],
    facts,
    tables: [
      {
        title: 'Versions',
        head: ['Region', 'State', 'Live before', 'Live after', 'Answered during', 'Answered after'],
        rows: measured.versions.map((each) => [
          each.region,
          report.delivery.regions.find(({ region }) => region === each.region)?.state ?? '',
          each.before.live,
          each.after.live,
          each.answeredDuring.join(', '),
          each.answeredAfter.join(', '),
        ]),
      },
      {
        title: 'Audit trail',
        head: ['Since the delivery began', 'Who', 'What', 'Why'],
        rows: measured.audit.map(({ atMs, who, what, why }) => [since(atMs), who, what, why]),
      },
    ],
    definitions: [
      [
        'Spoiled',
        'an answer of the new version that failed, contradicts what was asked for or acknowledged before, came more than the allowance later than the slowest normal one, or was overtaken by another region.',
      ],
      ['', 'An answer that names no version counts as the new one\u2019s while that is exposed in its region.'],
    ],
  };
};

const story = (report: DeliveryReport): readonly string[] => {
  const { fault, load, measured, ledger, delivery, region } = report;
  const { spoiled, decision, versions } = measured;
  const spoiledBy = (kind: CallerKind): number => spoiled.requests[kind];
  const requests = spoiledBy('dns') + spoiledBy('client');
  return [
    `${fault === null ? 'A healthy version' : `A version with the fault "${fault}"`} was delivered under ${load.ratePerSecond} requests a second.`,
    decision === null
      ? `The delivery ${delivery.state === 'succeeded' ? 'succeeded' : `ended as ${delivery.state}: ${delivery.detail}`}.`
      : `In ${region}, ${DECIDED[decision.by]}: ${decision.detail.replace(/\.$/, '')}.`,
    `It spoiled ${plural(requests, 'request')} of callers${spoiled.hidden > 0 ? `, and ${plural(spoiled.hidden, 'attempt')} that the failover client made good` : ''}.`,
    ...versions.map(
      (each) =>
        `${each.region} serves version ${each.after.live}${each.after.live === each.before.live ? ', as before' : `, before it ${each.before.live}`}.`,
    ),
    ledger.lost.length === 0
      ? `None of ${ledger.acknowledged} acknowledged writes was lost.`
      : `${ledger.lost.length} of ${ledger.acknowledged} acknowledged writes were lost for good.`,
  ];
};

/** The delivery, its phases, alarms that fired, and the decision. */
const marks = ({ events, measured, phases }: DeliveryReport): Telling['marks'] => {
  const { decision } = measured;
  const decided =
    decision === null
      ? []
      : [{ second: (decision.atMs - phases.deliveredMs) / 1_000, label: `decided: ${DECIDED[decision.by]}`, strong: true }];
  const told = events
    .filter((event) => event.kind === 'fault' || event.kind === 'repair' || event.kind === 'alarm' || event.kind === 'delivery')
    .map((event) => ({
      second: event.sinceFaultSeconds,
      label: `${event.detail}${event.region === null ? '' : ` (${event.region})`}`,
      strong: event.kind === 'fault' || event.kind === 'repair',
    }));
  return [...told, ...decided];
};

/** What is slower was spoiled. One line: kinds of callers differ by little. */
const ceilings = ({ measured }: DeliveryReport): Telling['ceilings'] => {
  const { dns, client } = measured.slowAboveMs;
  const known = [dns, client].filter((each) => each !== null);
  return known.length === 0 ? [] : [{ ms: Math.max(...known), label: `slow is above ${quantity(Math.max(...known), 'ms')}` }];
};

/** While the version was exposed anywhere. */
const spanOf = ({ measured, phases }: DeliveryReport): Telling['span'] => {
  const windows = Object.values(measured.exposure);
  if (windows.length === 0) return undefined;
  const second = (ms: number): number => (ms - phases.deliveredMs) / 1_000;
  return {
    from: second(Math.min(...windows.map((each) => each.fromMs))),
    to: second(Math.max(...windows.map((each) => each.toMs))),
    name: 'the new version is exposed',
  };
};
