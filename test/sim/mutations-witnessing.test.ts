import { describe } from 'vitest';
import { WITNESSING } from '../../sim/mutations/witnessing.ts';
import { catchesEach } from './many.ts';

describe('the simulator catches', () => {
  catchesEach(WITNESSING);
});
