import { type Rebuilt, rebuildRegion as rebuild } from '../../functions/core/recovery.ts';
import type { Target } from '../targets/target.ts';
import { TargetEstate } from './estate.ts';

/**
 * Brings back a region of a target that was lost for good. Run again, it continues what was interrupted.
 *
 * @throws Error when no survivor is left, or a step does not end within its bound
 */
export const rebuildRegion = (target: Target, region: string, progress: (line: string) => void): Promise<Rebuilt> =>
  rebuild(new TargetEstate(target, progress), region);
