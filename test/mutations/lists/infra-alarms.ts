/** Alarms that fire too late, too early, for the wrong thing or for nobody. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const alarmed = (file: string) => mutationsOf(`infra/${file}.ts`, 'test/infra/alarm-promises.test.ts');
const [alarms, cell] = [alarmed('alarms'), alarmed('cell-alarms')];
const [canary, metrics] = [alarmed('canary-alarms'), alarmed('metrics')];

export const ALARMED: readonly TestedMutation[] = [
  cell(
    'silent-heartbeat-is-well',
    'nobody learns that nobody watches replication any more',
    "as: 'breaching', because: 'the age is measured each minute",
    "as: 'notBreaching', because: 'the age is measured each minute",
  ),
  cell(
    'alarm-late-errors',
    'ten times as many failed requests page',
    '    metric: metrics.errors(),\n    threshold: 5,',
    '    metric: metrics.errors(),\n    threshold: 50,',
  ),
  cell('alarm-peers-forgotten', 'no heartbeat is watched', '  ...props.peers.map(heartbeatAlarm),\n', ''),
  metrics('alarm-burst-of-one', 'a single failed request is a burst', "errorPercent('errors > 1'", "errorPercent('errors > 0'"),
  canary('alarm-suspects-nobody', 'a watcher that fails at home pages about others', 'butNot: OWN_JOURNEY', 'butNot: journeyTo(peer)'),
  alarms(
    'alarm-above-only',
    'a value at the threshold is well',
    'ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD',
    'ComparisonOperator.GREATER_THAN_THRESHOLD',
  ),
];
