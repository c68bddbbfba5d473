import { describe } from 'vitest';
import { ENDING } from '../../sim/mutations/ending.ts';
import { FOLDING } from '../../sim/mutations/folding.ts';
import { PLACING } from '../../sim/mutations/placing.ts';
import { catchesEach } from './many.ts';

describe('the simulator catches', () => {
  catchesEach([...PLACING, ...FOLDING, ...ENDING]);
});
