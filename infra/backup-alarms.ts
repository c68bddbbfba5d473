import type { AlarmSpec } from './alarms.ts';
import type { Config } from './config.ts';
import { metrics } from './metrics.ts';

const HOUR_SECONDS = 3_600;
/** A week, and a day for the test itself. */
const RESTORE_TEST_DAYS_MAX = 8;

/** Three looks in a row: one that fails, or falls into the hour before, says nothing. */
const THREE_HOURS = { bad: 3, of: 3 } as const;
const AT_ONCE = { bad: 1, of: 1 } as const;

const OTHER_ALARM = {
  as: 'ignore',
  because: 'what was seen last holds until the next look, and RecoveryPointOld tells when nobody looks',
} as const;

export interface BackupAlarmsProps {
  readonly objectives: Pick<Config['objectives'], 'recoveryPointHours'>;
  readonly backup: Pick<Config['backup'], 'copyTo' | 'restoreTest' | 'pointInTimeDays'>;
}

/** What to do about each: docs/backup.md. */
export const backupAlarms = ({ objectives, backup }: BackupAlarmsProps): readonly AlarmSpec[] => [
  recoveryPointOld(objectives.recoveryPointHours),
  {
    name: 'PointInTimeOff',
    severity: 'ticket',
    meaning: `a table of this region cannot be restored to any second of the last ${backup.pointInTimeDays} days`,
    metric: metrics.pointInTimeRecovery()(),
    threshold: 1,
    below: true,
    periods: AT_ONCE,
    missing: OTHER_ALARM,
  },
  {
    name: 'BackupFailed',
    severity: 'ticket',
    meaning: 'a backup of this region failed, was ended or never began within the last day',
    metric: metrics.backupFailures(),
    threshold: 1,
    periods: AT_ONCE,
    missing: OTHER_ALARM,
  },
  ...(backup.copyTo ? [COPY_FAILED] : []),
  ...(backup.restoreTest ? RESTORE_TEST : []),
];

/** The alarms that must not begin before somebody has looked once. */
export const WAIT_FOR_FIRST_LOOK = ['RecoveryPointOld'] as const;

const recoveryPointOld = (hours: number): AlarmSpec => ({
  name: 'RecoveryPointOld',
  severity: 'ticket',
  meaning: `the newest backup of a table of this region is older than ${hours} h, or there is none so long after the vault was made, or nobody looks`,
  metric: metrics.recoveryPointAge()(),
  threshold: hours * HOUR_SECONDS,
  periods: THREE_HOURS,
  missing: { as: 'breaching', because: 'the age is measured each hour, so silence means that nobody here watches the backups' },
});

const COPY_FAILED: AlarmSpec = {
  name: 'CopyFailed',
  severity: 'ticket',
  meaning: "a backup of the last day did not arrive in the other account's vault",
  metric: metrics.copyFailures(),
  threshold: 1,
  periods: AT_ONCE,
  missing: OTHER_ALARM,
};

const RESTORE_TEST: readonly AlarmSpec[] = [
  {
    name: 'RestoreTestFailed',
    severity: 'ticket',
    meaning: 'a backup could not be restored, or what was restored breaks a rule of the data, or nobody judged it',
    metric: metrics.restoreTestFailures(),
    threshold: 1,
    periods: AT_ONCE,
    missing: OTHER_ALARM,
  },
  {
    name: 'RestoreTestOld',
    severity: 'ticket',
    meaning: `no backup of a table of this region was restored and found right for ${RESTORE_TEST_DAYS_MAX} days`,
    metric: metrics.restoreTestAge()(),
    threshold: RESTORE_TEST_DAYS_MAX * 24 * HOUR_SECONDS,
    periods: AT_ONCE,
    missing: OTHER_ALARM,
  },
];
