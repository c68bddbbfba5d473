/** The recovery points of the regions, for whoever restores one. */
import { BACKUPS } from '../../functions/contract/names.ts';
import { UserError } from '../errors.ts';
import { table } from '../table.ts';
import type { BackupTarget, RecoveryPoint } from '../targets/backups.ts';

export interface ListedPoint extends Pick<RecoveryPoint, 'arn' | 'table' | 'state'> {
  readonly region: string;
  readonly at: string;
}

/** @throws {UserError} when a region has no vault */
export const pointsOf = async (target: BackupTarget, regions: readonly string[]): Promise<readonly ListedPoint[]> =>
  (
    await Promise.all(
      regions.map(async (region) => {
        const { points } = await target.backups(region);
        if (points === undefined) throw new UserError(`${region} has no vault ${BACKUPS.vault(region)}; deploy the cell first`);
        return points.map(({ arn, table: of, state, createdAtMs }) => ({
          region,
          table: of,
          at: new Date(createdAtMs).toISOString(),
          state,
          arn,
        }));
      }),
    )
  ).flat();

export const describePoints = (points: readonly ListedPoint[]): string =>
  points.length === 0
    ? 'there are no recovery points; take some with `tandem backup now`'
    : table([
        ['region', 'table', 'taken at', 'state', 'recovery point'],
        ...points.map(({ region, table: of, at, state, arn }) => [region, of, at, state, arn]),
      ]);
