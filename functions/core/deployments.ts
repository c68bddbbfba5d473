/**
 * What is known of deployments and of what operators did, in the control table. Facts: each is written once, by the region
 * that it is about, or by an operator through a region.
 *
 * | item | meaning |
 * |---|---|
 * | `DEPLOYMENTS#r / D#id#TRIED#W` | the canary tried the version before it got callers |
 * | `DEPLOYMENTS#r / D#id#BAKING#W`, `D#id#BAKED#W` | it has all callers and is watched; how that ended |
 * | `DEPLOYMENTS#r / D#id#ENDED#W` | how the deployment ended, as CodeDeploy tells |
 * | `DEPLOYMENTS#r / B#day#id#W` | a bake began on that day: who looks each minute need not read all deployments that there were |
 * | `DEPLOYMENTS#r / M#time#W` | an operator moved the alias by hand, through W: the region is drifted until a deployment ends well |
 * | `AUDIT#r / time#hash#W` | who did what to region r, and why |
 *
 * But for the audit they expire, by a time that is written with them and never changed: what came later outlives what came
 * before, so a region never seems to have drifted because a later deployment was forgotten first.
 */
import { hashOf } from './hash.ts';
import { ITEM_VERSION, numberOf, partsOf, textOf } from './item.ts';
import type { Item } from './store.ts';
import { EXPIRES } from './synthetic.ts';

const DAY_MS = 86_400_000;
/** After which what is known of a deployment, or of a move by hand, expires: longer than any version is kept that is in use. */
export const DEPLOYMENTS_KEPT_DAYS = 400;

/** Of one deployment, among the items of its region. */
export const deploymentPrefix = (id: string): string => `D#${id}#`;
export const deploymentsKey = (region: string): string => `DEPLOYMENTS#${region}`;
export const auditKey = (region: string): string => `AUDIT#${region}`;

/**
 * - `pass`: every journey ended well.
 * - `fail`: the version is at fault: the one that serves does better.
 * - `dependency`: the version that serves fails alike, so something that both need is at fault.
 * - `limited`: this region may not take writes now (it is being rebuilt, or behind), so only its start and health were tried.
 */
export const TRIAL_VERDICTS = ['pass', 'fail', 'dependency', 'limited'] as const;
export type TrialVerdict = (typeof TRIAL_VERDICTS)[number];

/** Whether a deployment goes on with it. A region that may not take writes is still deployed, or it could never come back. */
export const isGood = (verdict: TrialVerdict): boolean => verdict === 'pass' || verdict === 'limited';

export const END_STATES = ['succeeded', 'failed', 'stopped'] as const;
export type EndState = (typeof END_STATES)[number];

export interface Trial {
  readonly atMs: number;
  readonly verdict: TrialVerdict;
  readonly detail: string;
  /** Number of the version. */
  readonly candidate: string;
}

export interface Bake {
  readonly atMs: number;
  /** When it ends well if nothing happens. */
  readonly untilMs: number;
  /** What CodeDeploy waits for: to be answered with the bake's end. */
  readonly execution: string;
  readonly candidate: string;
  /** How it ended; undefined while it goes on. */
  readonly ended: { readonly atMs: number; readonly verdict: TrialVerdict; readonly detail: string } | undefined;
}

export interface DeploymentView {
  readonly id: string;
  readonly trial: Trial | undefined;
  readonly bake: Bake | undefined;
  readonly ended: { readonly atMs: number; readonly state: EndState; readonly reason: string } | undefined;
}

export interface ManualMove {
  readonly atMs: number;
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface DeploymentsView {
  /** Newest first. */
  readonly deployments: readonly DeploymentView[];
  /** Newest first. A move is told before it is tried: only the alias itself tells whether it came. */
  readonly moves: readonly ManualMove[];
}

interface About {
  readonly region: string;
  readonly writer: string;
  readonly atMs: number;
}

const fact = (
  about: About,
  id: string,
  phase: 'TRIED' | 'BAKING' | 'BAKED' | 'ENDED',
  attributes: Readonly<Record<string, string | number>>,
): Item => ({
  pk: deploymentsKey(about.region),
  sk: `${deploymentPrefix(id)}${phase}#${about.writer}`,
  v: ITEM_VERSION,
  at: about.atMs,
  ...attributes,
  ...expiry(about),
});

const expiry = ({ atMs }: About): { readonly [EXPIRES]: number } => ({
  [EXPIRES]: Math.ceil((atMs + DEPLOYMENTS_KEPT_DAYS * DAY_MS) / 1_000),
});

export const triedItem = (about: About, id: string, trial: Omit<Trial, 'atMs'>): Item => fact(about, id, 'TRIED', { ...trial });
export const bakingItem = (about: About, id: string, bake: Pick<Bake, 'untilMs' | 'execution' | 'candidate'>): Item =>
  fact(about, id, 'BAKING', { until: bake.untilMs, execution: bake.execution, candidate: bake.candidate });
/** Stands beside the item of a bake, where it is found by the day. */
export const bakeBeganItem = (about: About, id: string): Item => ({
  pk: deploymentsKey(about.region),
  sk: `${beganOn(about.atMs)}${id}#${about.writer}`,
  v: ITEM_VERSION,
  at: about.atMs,
  ...expiry(about),
});

/** Where the bakes stand that may have begun so many milliseconds ago or later: a beginning of keys for each day. */
export const bakesBegunSince = (nowMs: number, ageMsMax: number): readonly string[] => {
  const days = Math.floor(nowMs / DAY_MS) - Math.floor((nowMs - ageMsMax) / DAY_MS);
  return Array.from({ length: days + 1 }, (_, ago) => beganOn(nowMs - ago * DAY_MS));
};

const beganOn = (ms: number): string => `B#${timeKey(ms).slice(0, 10)}#`;

/** The deployment of such an item. */
export const bakeOf = (item: Item): string => partsOf(item)[2] ?? '';

export const bakedItem = (about: About, id: string, given: { readonly verdict: TrialVerdict; readonly detail: string }): Item =>
  fact(about, id, 'BAKED', { ...given });
export const endedItem = (about: About, id: string, given: { readonly state: EndState; readonly reason: string }): Item =>
  fact(about, id, 'ENDED', { ...given });

export const movedItem = (about: About, move: Omit<ManualMove, 'atMs'>): Item => ({
  pk: deploymentsKey(about.region),
  sk: `M#${timeKey(about.atMs)}#${about.writer}`,
  v: ITEM_VERSION,
  at: about.atMs,
  ...move,
  ...expiry(about),
});

export interface AuditEntry {
  readonly atMs: number;
  /** A person, or the service that acted: `codedeploy`. */
  readonly who: string;
  readonly what: string;
  readonly why: string;
}

export const auditItem = (about: About, { who, what, why }: Omit<AuditEntry, 'atMs'>): Item => ({
  pk: auditKey(about.region),
  sk: `${timeKey(about.atMs)}#${hashOf(who, what, why).slice(0, 8)}#${about.writer}`,
  v: ITEM_VERSION,
  at: about.atMs,
  who,
  what,
  why,
});

/** Newest first. */
export const foldAudit = (items: readonly Item[]): readonly AuditEntry[] =>
  items
    .map((item) => ({
      atMs: numberOf(item, 'at') ?? 0,
      who: textOf(item, 'who') ?? '',
      what: textOf(item, 'what') ?? '',
      why: textOf(item, 'why') ?? '',
    }))
    .sort((a, b) => b.atMs - a.atMs);

/** @param items of the partition `deploymentsKey(region)` */
export const foldDeployments = (items: readonly Item[]): DeploymentsView => {
  const byId = Map.groupBy(
    items.filter((item) => partsOf(item)[0] === 'D'),
    (item) => partsOf(item)[1] ?? '',
  );
  const deployments = [...byId].map(([id, facts]) => deploymentOf(id, facts)).sort((a, b) => beganMs(b) - beganMs(a));
  const moves = items
    .filter((item) => partsOf(item)[0] === 'M')
    .map(moveOf)
    .sort((a, b) => b.atMs - a.atMs);
  return { deployments, moves };
};

const deploymentOf = (id: string, facts: readonly Item[]): DeploymentView => {
  const find = (phase: string): Item | undefined => facts.find((item) => partsOf(item)[2] === phase);
  const [tried, baking, baked, ended] = [find('TRIED'), find('BAKING'), find('BAKED'), find('ENDED')];
  return {
    id,
    trial: tried && { ...outcomeOf(tried), candidate: textOf(tried, 'candidate') ?? '' },
    bake: baking && {
      atMs: atOf(baking),
      untilMs: numberOf(baking, 'until') ?? 0,
      execution: textOf(baking, 'execution') ?? '',
      candidate: textOf(baking, 'candidate') ?? '',
      ended: baked && outcomeOf(baked),
    },
    ended: ended && {
      atMs: atOf(ended),
      state: END_STATES.find((state) => state === ended['state']) ?? 'failed',
      reason: textOf(ended, 'reason') ?? '',
    },
  };
};

const outcomeOf = (item: Item) => ({
  atMs: atOf(item),
  verdict: TRIAL_VERDICTS.find((verdict) => verdict === item['verdict']) ?? ('fail' as const),
  detail: textOf(item, 'detail') ?? '',
});

const moveOf = (item: Item): ManualMove => ({
  atMs: atOf(item),
  by: textOf(item, 'by') ?? '',
  from: textOf(item, 'from') ?? '',
  to: textOf(item, 'to') ?? '',
  reason: textOf(item, 'reason') ?? '',
});

const beganMs = ({ trial, bake, ended }: DeploymentView): number => trial?.atMs ?? bake?.atMs ?? ended?.atMs ?? 0;
const atOf = (item: Item): number => numberOf(item, 'at') ?? 0;
/** Sorts as text; `#` separates the parts of a key. */
const timeKey = (ms: number): string => new Date(ms).toISOString();
