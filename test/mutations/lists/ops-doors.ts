/** How a recovery sees that a region which is given up serves no caller. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const door = mutationsOf('ops/recovery/door.ts', 'test/ops/recovery/door.test.ts');
const aws = mutationsOf('ops/targets/aws-recovery.ts', 'test/ops/recovery/door.test.ts');

export const DOORS: readonly TestedMutation[] = [
  door('strangers-close-doors', 'what is between says no, and the region is taken for closed', 'if (status >= 500)', 'if (status >= 400)'),
  door(
    'serving-here',
    'a region of this machine that serves is given up',
    "if (state === 'open') throw new UserError",
    "if (state === 'silent') throw new UserError",
  ),
  door('one-failure-is-proof', 'a region that failed once is taken for closed', 'asked < ASKED &&', 'asked < 1 &&'),
  door(
    'writable-is-closed',
    'a region that may write is taken for closed',
    "return { state: 'open', detail: 'it answers, and says that it may write' };",
    "return { state: 'closed', detail: 'it answers' };",
  ),
  aws(
    'silence-is-proof',
    'a region that the operator does not reach is taken for closed',
    "if (state !== 'closed')",
    "if (state === 'open')",
  ),
];
