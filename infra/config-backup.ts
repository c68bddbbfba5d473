/** Keys of the configuration about backups. */
import * as z from 'zod';
import { oneOf, pattern, refusal, section, told, whole } from './config-values.ts';

const PLAN = 'The plan, in place; recovery points that exist stay as they are';

/** Days: a hundred years, the longest that AWS Backup keeps anything. */
const MAX_RETENTION_DAYS = 36_500;
const LOCK = refusal(
  '"none", "governance", or {"mode": "compliance", "minRetentionDays", "maxRetentionDays", "changeableDays"}, all of them written out',
  'choose one of these; after its cooling-off period a compliance lock can be removed by nobody',
);
const FOR_GOOD = 'For good, once `changeableDays` are over';
const complianceLock = section({
  mode: told('The strict lock. Synthesis warns of it', FOR_GOOD, oneOf('compliance')),
  minRetentionDays: told(
    'Days that recovery points are kept at least: jobs that ask for less fail',
    FOR_GOOD,
    whole(1, MAX_RETENTION_DAYS),
  ),
  maxRetentionDays: told('Days that they are kept at most: jobs that ask for more fail', FOR_GOOD, whole(1, MAX_RETENTION_DAYS)),
  changeableDays: told('Days until the lock is for good. AWS wants three or more', FOR_GOOD, whole(3, MAX_RETENTION_DAYS)),
});

const RESTORE_TEST = refusal('{"day": "SUN", "hour": 5} in UTC, or false to test no restore', 'choose one of these');
const restoreTest = section({
  day: told('The day of the week, in UTC', PLAN, oneOf('MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN').default('SUN')),
  hour: told('The hour, in UTC', PLAN, whole(0, 23).default(5)),
});

const copyTo = section({
  account: told('The other account. Its vault is not made by this system', PLAN, pattern(/^\d{12}$/, 'the 12 digits of an account')),
  vault: told(
    'The name of its vault, the same in every region',
    PLAN,
    pattern(/^(?!Default$)[a-zA-Z0-9_-]{2,50}$/, 'the name of a vault that is not "Default", the same in every region'),
  ),
  retentionDays: told(
    'Days that a copy is kept',
    PLAN,
    whole(1, MAX_RETENTION_DAYS).optional().meta({ default: '`backup.retentionDays`' }),
  ),
});

export const backup = section({
  retentionDays: told('Days that a recovery point is kept', PLAN, whole(1, MAX_RETENTION_DAYS).default(35)),
  everyHours: told(
    'Hours from one backup to the next. Each is a full copy, and billed as one',
    PLAN,
    oneOf(1, 2, 3, 4, 6, 8, 12, 24).default(24),
  ),
  pointInTimeDays: told(
    'Days of which any second can be restored',
    'The tables, in place; fewer days forget what is older at once',
    whole(1, 35).default(35),
  ),
  copyTo: told('Copies every backup into a vault of another account, in the same region', '', copyTo.optional()),
  lock: told(
    'What keeps recovery points from being deleted early. `governance`: whoever may remove the lock may delete. `compliance`: after `changeableDays` nobody can, AWS and the root user included',
    'A compliance lock cannot be taken back',
    z.union([z.enum(['none', 'governance']), complianceLock], LOCK).default('none'),
  ),
  restoreTest: told(
    'When the newest recovery point of each table is restored and checked, in UTC; `false`: never',
    PLAN,
    z.union([restoreTest, z.literal(false)], RESTORE_TEST).prefault({}),
  ),
});
