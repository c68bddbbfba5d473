/** The recovery points of the regions, for whoever restores one. */
import { BACKUPS, TABLES } from '../../functions/contract/names.ts';
import { messageOf } from '../errors.ts';
import { asText } from '../print.ts';
import type { Say } from '../progress.ts';
import { table } from '../table.ts';
import { tandem } from '../tandem.ts';
import type { BackupTarget, RecoveryPoint } from '../targets/backups.ts';

export interface ListedPoint extends Pick<RecoveryPoint, 'arn' | 'table' | 'state'> {
  readonly region: string;
  readonly at: string;
}

export interface Listing {
  readonly points: readonly ListedPoint[];
  /** What of which region cannot be told, and what to do. */
  readonly problems: readonly string[];
}

/** Never throws for a region: whoever lists them may have lost one, and restores from another. */
export const pointsOf = async (target: Pick<BackupTarget, 'backups'>, regions: readonly string[]): Promise<Listing> => {
  const listings = await Promise.all(regions.map((region) => pointsIn(target, region)));
  return { points: listings.flatMap((each) => each.points), problems: listings.flatMap((each) => each.problems) };
};

const pointsIn = async (target: Pick<BackupTarget, 'backups'>, region: string): Promise<Listing> => {
  try {
    const { points } = await target.backups(region);
    if (points === undefined) return { points: [], problems: [`${region} has no vault ${BACKUPS.vault(region)}; deploy the cell first`] };
    const listed = points.map(({ arn, table: of, state, createdAtMs }) => ({
      region,
      table: of,
      at: new Date(createdAtMs).toISOString(),
      state,
      arn,
    }));
    return { points: listed, problems: [] };
  } catch (error) {
    return { points: [], problems: [`${region}: its recovery points cannot be seen: ${messageOf(error)}; see \`${tandem('status')}\``] };
  }
};

/** Begins a backup of every table in every region, whatever becomes of the others. @returns what could not be begun, and why */
export const beginBackups = async (
  target: Pick<BackupTarget, 'backUp'>,
  regions: readonly string[],
  say: Say,
): Promise<readonly string[]> => {
  const problems: string[] = [];
  for (const region of regions) {
    try {
      for (const name of Object.values(TABLES)) {
        await target.backUp(region, name);
        say(`${region}: a backup of ${name} has begun`);
      }
    } catch (error) {
      problems.push(
        `${region}: it is not known that every backup has begun: ${messageOf(error)}; see \`${tandem('status')}\` and \`${tandem('backup', 'list')}\`, then run it again with --region ${region}`,
      );
    }
  }
  return problems;
};

export const describePoints = (points: readonly ListedPoint[]): string =>
  points.length === 0
    ? `there are no recovery points; take some with \`${tandem('backup', 'now', '--yes')}\``
    : asText(
        table([
          ['region', 'table', 'taken at', 'state', 'recovery point'],
          ...points.map(({ region, table: of, at, state, arn }) => [region, of, at, state, arn]),
        ]),
      );
