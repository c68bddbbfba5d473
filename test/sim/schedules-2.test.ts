import { describe } from 'vitest';
import { violatesNothing } from './many.ts';

describe('the rules', () => {
  violatesNothing(10_000, 10_000);
});
