/** Whether it is a good moment to deliver, and what the delivery will not be held back by. Pure. */
import type { Marker } from '../drill/marker.ts';
import { brokenBy } from '../drill/marker.ts';
import { asText } from '../print.ts';
import type { RegionStatus } from '../region-status.ts';
import { tandem } from '../tandem.ts';
import type { RegionDeployments } from './deployments.ts';
import { changeText, type UncoveredChange } from './uncovered.ts';

export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'refusal';
  readonly detail: string;
  /** What to do; absent when all is well. */
  readonly todo?: string;
}

/** How much of a region's concurrency is used, and how much there is. */
export interface Capacity {
  readonly region: string;
  /** Environments that Lambda allows functions without a reservation. */
  readonly allowed: number;
  /** Most that the API used at once in the time looked at. */
  readonly used: number;
}

export type Unknown = { readonly unknown: string };
export type NotApplicable = { readonly notApplicable: string };

export interface StackChanges {
  readonly stack: string;
  /** Not there yet: everything is new, and nobody calls it. */
  readonly isNew: boolean;
  readonly changes: readonly UncoveredChange[];
}

export interface Situation {
  readonly regions: readonly string[];
  readonly skip: readonly string[];
  readonly ignoreAlarms: boolean;
  readonly statuses: readonly RegionStatus[];
  readonly deployments: readonly RegionDeployments[];
  /** Alarms that fire, by region. */
  readonly firing: ReadonlyMap<string, readonly string[] | Unknown>;
  /** Of a drill that runs, or that left something broken. */
  readonly drill: Marker | undefined;
  readonly capacity: readonly Capacity[] | Unknown | NotApplicable;
  readonly changes: readonly StackChanges[] | Unknown | NotApplicable;
}

/** Seconds; the alarm on heartbeats fires at 240. Without health checks a region beats each minute. */
const REPLICATION_AGE_SECONDS_MAX = 180;

export const preflight = (situation: Situation): readonly Finding[] => [
  ...skipFindings(situation),
  ...situation.statuses.filter((each) => !situation.skip.includes(each.region)).map(healthFinding),
  replicationFinding(situation),
  drillFinding(situation),
  ...situation.deployments.filter((each) => !situation.skip.includes(each.region)).flatMap(deploymentFindings),
  ...alarmFindings(situation),
  capacityFinding(situation),
  ...changeFindings(situation),
];

export const isRefused = (findings: readonly Finding[]): boolean => findings.some((each) => each.level === 'refusal');

const ok = (check: string, detail: string): Finding => ({ check, level: 'ok', detail });
const warning = (check: string, detail: string, todo: string): Finding => ({ check, level: 'warning', detail, todo });
const refusal = (check: string, detail: string, todo: string): Finding => ({ check, level: 'refusal', detail, todo });

const skipFindings = ({ regions, skip, statuses }: Situation): readonly Finding[] => {
  const left = regions.filter((region) => !skip.includes(region));
  if (left.length === 0) return [refusal('regions', 'every region is skipped', 'leave one out of --skip')];
  const healthy = statuses.filter((each) => skip.includes(each.region) && each.state === 'healthy').map((each) => each.region);
  return [
    ok('regions', `waves: ${left.join(', then ')}`),
    ...(skip.length === 0
      ? []
      : [warning('skipped', `${skip.join(', ')} stays at its version`, 'deliver the same code there once it is back')]),
    ...(healthy.length === 0
      ? []
      : [warning('skipped', `${healthy.join(', ')} is healthy`, 'leave it out of --skip unless that is meant')]),
  ];
};

const healthFinding = ({ region, state, reasons }: RegionStatus): Finding =>
  state === 'healthy'
    ? ok(`health of ${region}`, 'healthy')
    : refusal(`health of ${region}`, `${state}: ${reasons.join('; ')}`, `mend it, or leave it out with --skip ${region}`);

const replicationFinding = ({ statuses, skip }: Situation): Finding => {
  const seen = statuses
    .filter((each) => !skip.includes(each.region) && each.state !== 'silent')
    .flatMap(({ region, peers }) => peers.filter((peer) => !skip.includes(peer.region)).map((peer) => ({ ...peer, by: region })));
  const late = seen.filter(({ heartbeatAgeMs }) => heartbeatAgeMs === null || heartbeatAgeMs > REPLICATION_AGE_SECONDS_MAX * 1_000);
  const age = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1_000).toFixed(0)} s ago`);
  if (late.length > 0)
    return refusal(
      'replication',
      late.map((each) => `${each.by} heard of ${each.region} ${age(each.heartbeatAgeMs)}`).join('; '),
      `wait until it is at most ${REPLICATION_AGE_SECONDS_MAX} s: a region that is lost now would lose what has not arrived`,
    );
  const oldest = Math.max(0, ...seen.flatMap(({ heartbeatAgeMs }) => (heartbeatAgeMs === null ? [] : [heartbeatAgeMs])));
  return ok('replication', seen.length === 0 ? 'no other region takes part' : `the oldest heartbeat is of ${age(oldest)}`);
};

const drillFinding = ({ drill }: Situation): Finding =>
  drill === undefined
    ? ok('drill', 'none runs from this machine')
    : refusal(
        'drill',
        `${drill.drill} of ${brokenBy(drill)} (process ${drill.pid}, begun ${drill.startedAt})`,
        `wait for it, or repair what it left with \`${tandem('drill', '--abort')}\``,
      );

const deploymentFindings = ({ region, deploying, drift, troubles }: RegionDeployments): readonly Finding[] => [
  deploying === undefined
    ? ok(`deployments of ${region}`, 'none runs')
    : refusal(`deployments of ${region}`, deploying, 'wait for it, or stop it'),
  ...(drift.kind === 'moved'
    ? [
        warning(
          `drift of ${region}`,
          `its alias was moved by hand from ${drift.since.from} to ${drift.last.to} by ${drift.last.by}: ${drift.last.reason}`,
          'new code ends the drift; the same code leaves the alias where it is',
        ),
      ]
    : []),
  ...troubles.map((each) => warning(`facts of ${region}`, each, `see \`${tandem('deployments')}\``)),
];

const alarmFindings = ({ firing, skip, ignoreAlarms }: Situation): readonly Finding[] =>
  [...firing]
    .filter(([region]) => !skip.includes(region))
    .map(([region, alarms]) => {
      const check = `alarms of ${region}`;
      if ('unknown' in alarms) return warning(check, `not known: ${alarms.unknown}`, 'look at them before you go on');
      if (alarms.length === 0) return ok(check, 'none fires');
      const detail = `${alarms.join(', ')} ${alarms.length === 1 ? 'fires' : 'fire'}`;
      return ignoreAlarms
        ? warning(check, `${detail}, and the deployment goes on all the same`, 'watch what the alarms would have watched')
        : warning(check, detail, 'one that guards deployments stops this one; ship a fix with --ignore-alarms --reason TEXT');
    });

/** Every region may be lost while another is being deployed: the rest must hold what all of them hold. */
const capacityFinding = ({ capacity, skip, regions }: Situation): Finding => {
  const check = 'capacity of the survivors';
  if ('notApplicable' in capacity) return ok(check, `not applicable: ${capacity.notApplicable}`);
  if ('unknown' in capacity) return warning(check, `not known: ${capacity.unknown}`, 'see the quotas of Lambda yourself');
  const there = capacity.filter((each) => !skip.includes(each.region));
  const used = capacity.reduce((sum, each) => sum + each.used, 0);
  const numbers = there.map((each) => `${each.region} ${each.used} of ${each.allowed}`).join(', ');
  if (there.length < 2)
    return warning(
      check,
      `without ${skip.join(', ')} there is no survivor: ${regions.length - skip.length} region serves`,
      'bring another back first, if you can wait',
    );
  const short = there.filter((lost) => there.filter((each) => each !== lost).reduce((sum, each) => sum + each.allowed, 0) < used);
  return short.length === 0
    ? ok(check, `whichever is lost, the others hold the ${used} environments that all used (${numbers})`)
    : refusal(
        check,
        `without ${short.map((each) => each.region).join(' or ')} the others do not hold the ${used} environments that all used (${numbers})`,
        'raise the quota of concurrency in Service Quotas',
      );
};

const changeFindings = ({ changes }: Situation): readonly Finding[] => {
  const check = 'not tried by the canary';
  if ('notApplicable' in changes) return [ok(check, `not compared: ${changes.notApplicable}`)];
  if ('unknown' in changes) return [warning(check, `not known: ${changes.unknown}`, 'see `npx cdk diff`')];
  const found = changes.flatMap(({ stack, isNew, changes: own }) =>
    isNew ? [] : own.map((change) => ({ stack, text: changeText(change) })),
  );
  const byText = Map.groupBy(found, (each) => each.text);
  if (byText.size === 0) return [ok(check, 'nothing but versions of functions changes')];
  return [...byText].map(([text, group]) =>
    warning(
      check,
      `${text} (${group.map((each) => each.stack).join(', ')})`,
      'it reaches all callers of a region at once: see that it only adds',
    ),
  );
};

const MARKS = { ok: 'ok', warning: 'warning', refusal: 'REFUSED' } as const;

/** One line a finding, and what to do below it. */
export const findingsText = (findings: readonly Finding[]): string =>
  asText(
    findings.flatMap(({ check, level, detail, todo }) => [
      `${MARKS[level].padEnd(8)}${check}: ${detail}`,
      ...(todo === undefined ? [] : [`${' '.repeat(8)}-> ${todo}`]),
    ]),
  );
