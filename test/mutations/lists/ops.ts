/** What judges drills, histories and restores. */
import type { TestedMutation } from '../mutation.ts';
import { MEASURING } from './ops-measuring.ts';

export const OPS: readonly TestedMutation[] = [...MEASURING];
