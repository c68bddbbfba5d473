/**
 * Break-glass: moves a region's alias to an earlier version, past CloudFormation and CodeDeploy. Whoever dies in the middle
 * leaves at worst a move that is written down and did not happen, never one that happened and nobody knows of:
 *
 * 1. in one transaction, the fact that the region is moved, and who wants it and why;
 * 2. the alias, if it still is what was seen;
 * 3. what came of it.
 *
 * A fact of a move that did not come is harmless: readers compare it with the alias (`driftOf`).
 */
import { PreconditionFailedException, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { ALIAS } from '../../functions/contract/names.ts';
import { auditItem, type DeploymentsView, deploymentsKey, foldDeployments, movedItem } from '../../functions/core/deployments.ts';
import type { Config } from '../../infra/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import { type Cells, readControl, writeControl } from './cells.ts';
import { failedVersions, runningOf } from './deployments.ts';
import { readVersions, type Versions } from './versions.ts';

export interface RollbackPlan {
  readonly region: string;
  readonly from: string;
  readonly to: string;
  readonly publishedAt: string;
  /** What the alias must still be. */
  readonly revisionId: string;
  /** Versions between that are passed by, because their deployment failed. */
  readonly passedBy: readonly string[];
  /** Worth a second thought. */
  readonly warnings: readonly string[];
}

export interface RollbackWish {
  readonly region: string;
  /** @default the newest version before the live one whose deployment has not failed */
  readonly to?: string;
}

/** @throws {UserError} while a deployment runs there, or when there is nothing to go back to */
export const planRollback = async (cells: Cells, config: Pick<Config, 'delivery'>, wish: RollbackWish): Promise<RollbackPlan> => {
  const { region } = wish;
  const deploying = await cells.deploying(region);
  if (deploying !== undefined) throw new UserError(`${region} is being deployed (${deploying}); ${stopIt(cells.kind)}`);
  const versions = await readVersions(await cells.lambda(region));
  const view = foldDeployments(await readControl(cells, region, deploymentsKey(region)));
  const running = runningOf(view, config.delivery, Date.now());
  if (running !== undefined)
    throw new UserError(`${region} is being deployed (deployment ${running.id} has not ended); ${stopIt(cells.kind)}`);
  if (versions.weights.size > 0)
    throw new UserError(
      `${region} exposes version ${[...versions.weights.keys()].join(', ')} beside ${versions.live}, so a deployment runs; ${stopIt(cells.kind)}`,
    );
  return choose(wish, versions, view);
};

const stopIt = (kind: Cells['kind']): string =>
  kind === 'local'
    ? `stop it with Ctrl-C in its \`deploy\`, which takes the new version back by itself`
    : `stop it with Ctrl-C in its \`deploy\`, or \`aws deploy stop-deployment --auto-rollback-enabled\`: either takes the new version back by itself`;

/** The plan over what was read. Pure. */
const choose = ({ region, to }: RollbackWish, versions: Versions, view: DeploymentsView): RollbackPlan => {
  const { live, revisionId } = versions;
  const failed = failedVersions(view);
  const before = versions.versions.filter((each) => Number(each.number) < Number(live));
  const target = to === undefined ? before.find((each) => !failed.has(each.number)) : versions.versions.find((each) => each.number === to);
  const kept = versions.versions.map((each) => each.number).join(', ');
  if (to === live) throw new UserError(`given --to ${to}, which is live in ${region} already; allowed: another of ${kept}`);
  if (target === undefined && to !== undefined)
    throw new UserError(`given --to ${to}, which ${region} does not keep; allowed: one of ${kept}`);
  if (target === undefined)
    throw new UserError(
      `${region} keeps no version before ${live} that was deployed well (kept: ${kept}); name one with --to, or deploy a fix with \`${tandem('deploy', '--yes')}\``,
    );
  const passedBy = before
    .filter((each) => Number(each.number) > Number(target.number) && failed.has(each.number))
    .map((each) => each.number);
  const warnings = failed.has(target.number) ? [`a deployment of version ${target.number} failed here before`] : [];
  return { region, from: live, to: target.number, publishedAt: target.publishedAt, revisionId, passedBy, warnings };
};

/**
 * Carries the plan out.
 *
 * @throws {UserError} when the alias has changed since: nothing is moved, and both is written down
 */
export const rollBack = async (cells: Cells, { region, from, to, revisionId }: RollbackPlan, reason: string): Promise<void> => {
  const who = await cells.actor();
  const { client, apiFunction } = await cells.lambda(region);
  const what = `moves the alias "${ALIAS}" by hand from version ${from} to ${to}`;
  const audit = (writer: string, text: string) => auditItem({ region, writer, atMs: Date.now() }, { who, what: text, why: reason });
  await writeControl(cells, region, (writer) => [
    movedItem({ region, writer, atMs: Date.now() }, { by: who, from, to, reason }),
    audit(writer, `${what}: begun`),
  ]);
  try {
    await client.send(
      new UpdateAliasCommand({
        FunctionName: apiFunction,
        Name: ALIAS,
        FunctionVersion: to,
        RevisionId: revisionId,
        // An empty map: the version alone gets every call.
        RoutingConfig: { AdditionalVersionWeights: {} },
      }),
    );
  } catch (error) {
    const refused = error instanceof PreconditionFailedException;
    await writeControl(cells, region, (writer) => [
      audit(writer, `${what}: ${refused ? 'refused' : 'not known to be done'}: ${messageOf(error)}`),
    ]);
    if (refused)
      throw new UserError(
        `the alias "${ALIAS}" of ${region} has changed since it was read: somebody else deploys or rolls back; look with \`${tandem('deployments')}\`, then run it again`,
        {
          cause: error,
        },
      );
    throw error;
  }
  await writeControl(cells, region, (writer) => [audit(writer, `${what}: done`)]);
};
