/** What judges drills, histories and restores. */
import type { TestedMutation } from '../mutation.ts';
import { ANSWERED } from './ops-answers.ts';
import { AT_REST } from './ops-at-rest.ts';
import { CHECKING } from './ops-checkers.ts';
import { DOORS } from './ops-doors.ts';
import { EXPECTING, JUDGING_CONFLICTS } from './ops-expectations.ts';
import { LEDGER } from './ops-ledger.ts';
import { MEASURING } from './ops-measuring.ts';
import { REPORTING } from './ops-reports.ts';

export const OPS: readonly TestedMutation[] = [
  ...MEASURING,
  ...LEDGER,
  ...EXPECTING,
  ...JUDGING_CONFLICTS,
  ...AT_REST,
  ...REPORTING,
  ...ANSWERED,
  ...CHECKING,
  ...DOORS,
];
