/** The regions that a sweep goes through, on the laptop and on AWS. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { foldControl, REGIONS_KEY } from '../../functions/core/operations.ts';
import { CALLS, cellStack } from '../delivery/aws-cells.ts';
import type { Cells } from '../delivery/cells.ts';
import { messageOf } from '../errors.ts';
import { tandem } from '../tandem.ts';
import { tellingWhere } from '../unanswered.ts';
import { type Access, type Place, placeOf } from './place.ts';

export type Found =
  | { readonly kind: 'found'; readonly place: Place }
  /** `expected`: somebody knows, and has a command of its own for it. */
  | { readonly kind: 'skipped'; readonly region: string; readonly why: string; readonly expected: boolean };

/**
 * Never throws for a region in trouble. One that is fenced refuses to work, and what is due there is due when it serves.
 *
 * @param gone why the region cannot be asked, where that is known
 */
export const findPlace = async (cells: Cells, access: Access, gone: string | undefined): Promise<Found> => {
  const { region } = access;
  const skipped = (why: string, expected: boolean): Found => ({ kind: 'skipped', region, why, expected });
  if (gone !== undefined) return skipped(gone, true);
  const cloudFormation = tellingWhere(new CloudFormationClient({ ...access, ...CALLS }), region);
  try {
    const { fenced, incarnation } = foldControl(region, await cells.store(region).query(REGIONS_KEY));
    if (fenced)
      return skipped(
        `it is fenced: incarnation ${incarnation} may not serve; end its rebuild with \`${tandem('rebuild', region, '--yes')}\``,
        true,
      );
    return { kind: 'found', place: placeOf(access, await cellStack(cloudFormation, region)) };
  } catch (error) {
    return skipped(`${messageOf(error)}; see \`${tandem('status')}\``, false);
  } finally {
    cloudFormation.destroy();
  }
};
