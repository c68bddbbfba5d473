/** What the templates say. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const alarms = mutationsOf('infra/cell-alarms.ts', 'test/infra/alarms.test.ts');

export const INFRA: readonly TestedMutation[] = [
  alarms(
    'silent-heartbeat-is-well',
    'nobody learns that nobody watches replication any more',
    "as: 'breaching', because: 'the age is measured each minute",
    "as: 'notBreaching', because: 'the age is measured each minute",
  ),
];
