/** What is known of a region's deployments, folded with what its alias says now. */
import {
  type AuditEntry,
  auditKey,
  type DeploymentsView,
  type DeploymentView,
  deploymentsKey,
  foldAudit,
  foldDeployments,
  type ManualMove,
} from '../../functions/core/deployments.ts';
import type { Config } from '../../infra/config.ts';
import { messageOf } from '../errors.ts';
import { type Cells, readControl } from './cells.ts';
import { readVersions, type Versions } from './versions.ts';

/**
 * Whether the alias is where the last deployment that ended well left it.
 * `moved`: an operator moved it, and stack and alias disagree. `recorded`: a move was written down and is not in force: it
 * was interrupted, refused, or undone by another.
 */
export type Drift =
  | { readonly kind: 'none' }
  | { readonly kind: 'moved' | 'recorded'; readonly since: ManualMove; readonly last: ManualMove };

export const driftOf = ({ deployments, moves }: DeploymentsView, live: string): Drift => {
  const wellMs = Math.max(0, ...deployments.flatMap(({ ended }) => (ended?.state === 'succeeded' ? [ended.atMs] : [])));
  const later = moves.filter((move) => move.atMs > wellMs);
  const [last, since] = [later[0], later.at(-1)];
  if (last === undefined || since === undefined) return { kind: 'none' };
  return { kind: live === since.from ? 'recorded' : 'moved', since, last };
};

/** Facts of a deployment's end may get lost: after this, an open one counts as forgotten. Two hooks of an hour each, and what the configuration asks for. */
const HOOKS_MINUTES_MAX = 120;

/** The deployment that has begun and not ended, as far as facts go. */
export const runningOf = (
  { deployments }: DeploymentsView,
  { exposeMinutes, bakeMinutes }: Pick<Config['delivery'], 'exposeMinutes' | 'bakeMinutes'>,
  nowMs: number,
): DeploymentView | undefined => {
  const oldestMs = nowMs - (HOOKS_MINUTES_MAX + exposeMinutes + bakeMinutes) * 60_000;
  return deployments.find(({ trial, bake, ended }) => ended === undefined && Math.max(trial?.atMs ?? 0, bake?.atMs ?? 0) > oldestMs);
};

/** Number of the version that a deployment brought; undefined: no fact tells. */
const candidateOf = ({ trial, bake }: DeploymentView): string | undefined => trial?.candidate || bake?.candidate || undefined;

/** Versions that a deployment failed with, and none succeeded with since. */
export const failedVersions = ({ deployments }: DeploymentsView): ReadonlySet<string> => {
  const ended = (yes: boolean) =>
    deployments.flatMap((each) => {
      const candidate = candidateOf(each);
      return candidate !== undefined && each.ended !== undefined && (each.ended.state === 'succeeded') === yes ? [candidate] : [];
    });
  const well = ended(true);
  return new Set(ended(false).filter((candidate) => !well.includes(candidate)));
};

/** Where a deployment stands, and why. */
export const phaseOf = (deployment: DeploymentView): { readonly phase: string; readonly why: string } => {
  const { trial, bake, ended } = deployment;
  const why = reasonOf(deployment);
  if (ended) return { phase: ended.state, why };
  if (bake?.ended) return { phase: `watched: ${bake.ended.verdict}`, why };
  if (bake) return { phase: `watched until ${instant(bake.untilMs)}`, why };
  if (trial) return { phase: trial.verdict === 'pass' || trial.verdict === 'limited' ? 'exposed' : `tried: ${trial.verdict}`, why };
  return { phase: 'begun', why };
};

/** The most telling reason: of what went wrong first. */
const reasonOf = ({ trial, bake, ended }: DeploymentView): string => {
  if (trial && trial.verdict !== 'pass' && trial.verdict !== 'limited') return `trial: ${trial.verdict}: ${trial.detail}`;
  if (bake?.ended && bake.ended.verdict !== 'pass') return `watch: ${bake.ended.verdict}: ${bake.ended.detail}`;
  return ended?.reason ?? bake?.ended?.detail ?? trial?.detail ?? '';
};

export const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export interface RegionDeployments {
  readonly region: string;
  /** What could not be read, and why. */
  readonly troubles: readonly string[];
  readonly versions: Versions | undefined;
  readonly view: DeploymentsView | undefined;
  readonly drift: Drift;
  /** What changes the cell now. */
  readonly deploying: string | undefined;
  /** Newest first. */
  readonly audit: readonly AuditEntry[];
}

/** Never rejects for a region that does not answer. */
export const readDeployments = async (cells: Cells, region: string): Promise<RegionDeployments> => {
  const troubles: string[] = [];
  const trying = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      troubles.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const [versions, view, audit, deploying] = await Promise.all([
    trying('versions', async () => readVersions(await cells.lambda(region))),
    trying('deployments', async () => foldDeployments(await readControl(cells, region, deploymentsKey(region)))),
    trying('audit trail', async () => foldAudit(await readControl(cells, region, auditKey(region)))),
    trying('what runs now', () => cells.deploying(region)),
  ]);
  const drift: Drift = versions && view ? driftOf(view, versions.live) : { kind: 'none' };
  return { region, troubles, versions, view, drift, deploying, audit: audit ?? [] };
};
