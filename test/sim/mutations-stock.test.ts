import { describe } from 'vitest';
import { ABSENCES } from '../../sim/mutations/absences.ts';
import { CROWDING } from '../../sim/mutations/crowding.ts';
import { STOCKING } from '../../sim/mutations/stocking.ts';
import { WISHING } from '../../sim/mutations/wishing.ts';
import { catchesEach } from './many.ts';

describe('the simulator catches', () => {
  catchesEach([...STOCKING, ...CROWDING, ...WISHING, ...ABSENCES]);
});
