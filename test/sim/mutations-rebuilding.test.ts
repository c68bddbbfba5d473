import { describe } from 'vitest';
import { REBUILDING } from '../../sim/mutations/rebuilding.ts';
import { RECLAIMING } from '../../sim/mutations/reclaiming.ts';
import { catchesEach } from './many.ts';

describe('the simulator catches', () => {
  catchesEach([...REBUILDING, ...RECLAIMING]);
});
