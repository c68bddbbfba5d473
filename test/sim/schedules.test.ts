import { describe } from 'vitest';
import { violatesNothing } from './many.ts';

describe('the rules', () => {
  violatesNothing(0, 1_000);
});
