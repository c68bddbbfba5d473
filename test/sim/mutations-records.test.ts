import { describe } from 'vitest';
import { EDITING } from '../../sim/mutations/editing.ts';
import { catchesEach } from './many.ts';

describe('the simulator catches', () => {
  catchesEach(EDITING);
});
