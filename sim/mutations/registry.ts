/** Every deliberate defect. */
import { ABSENCES } from './absences.ts';
import { CROWDING } from './crowding.ts';
import { EDITING } from './editing.ts';
import { ENDING } from './ending.ts';
import { FOLDING } from './folding.ts';
import type { Mutation } from './mutation.ts';
import { PLACING } from './placing.ts';
import { REBUILDING } from './rebuilding.ts';
import { RECLAIMING } from './reclaiming.ts';
import { STOCKING } from './stocking.ts';
import { WISHING } from './wishing.ts';
import { WITNESSING } from './witnessing.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...PLACING,
  ...FOLDING,
  ...ENDING,
  ...EDITING,
  ...STOCKING,
  ...WISHING,
  ...CROWDING,
  ...REBUILDING,
  ...RECLAIMING,
  ...ABSENCES,
  ...WITNESSING,
];
