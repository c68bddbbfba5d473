import { describe } from 'vitest';
import { catchesEachOf } from './caught-each.ts';

describe('a test catches', () => {
  catchesEachOf('local');
});
