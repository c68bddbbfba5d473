/**
 * Tells how old a region's backups are, and which failed. Invoked by the clock each hour, and once as a custom resource
 * when the cell gets it. What cannot be seen does not keep the rest from being told.
 */
import { backupClient, backupJobs, copyJobs, recoveryPoints, restoreTests, vaultMadeMs } from './aws/backup-lists.ts';
import { type ResourceEvent, servingResource } from './aws/custom-resource.ts';
import { readDelivery } from './aws/delivery-environment.ts';
import { readEnvironment } from './aws/environment.ts';
import { embedded, errorFields, log, type Measured } from './aws/log.ts';
import { hasPointInTimeRecovery } from './aws/point-in-time.ts';
import { BACKUPS, DIMENSIONS, METRICS, TABLES } from './contract/names.ts';
import { ageSeconds, type Event, failures, POINTS_MS, RECENT_MS, TESTS_MS } from './core/backup-state.ts';

const { region } = readEnvironment(process.env);
const { planArn, copyVaultArn } = readDelivery(process.env, (from) => ({
  planArn: from.optional('restoreTestPlan'),
  copyVaultArn: from.optional('copyVault'),
}));
const backup = backupClient();
const VAULT = BACKUPS.vault(region);

type Scheduled = { readonly source: string };

export const handler = async (
  event: Scheduled | ResourceEvent,
  invocation: { readonly getRemainingTimeInMillis: () => number },
): Promise<void> => {
  if (!('RequestType' in event)) return look();
  await servingResource(event, invocation, {
    physicalId: event.PhysicalResourceId ?? `first-look-of-${event.StackId}`,
    work: async () => {
      // Whatever it sees or does not see is for alarms, and never keeps a cell from being deployed.
      if (event.RequestType === 'Create') await look().catch((error: unknown) => log('WARN', 'nothing seen at first', errorFields(error)));
      return {};
    },
  });
};

/** @throws {AggregateError} of what could not be seen */
const look = async (): Promise<void> => {
  const nowMs = Date.now();
  const looks = [
    ...Object.values(TABLES).map((table) => pointInTime(table)),
    points(nowMs),
    failed(METRICS.backupFailures, nowMs, () => backupJobs(backup, VAULT, nowMs - RECENT_MS)),
    failed(METRICS.copyFailures, nowMs, async () => (copyVaultArn === undefined ? [] : copyJobs(backup, copyVaultArn, nowMs - RECENT_MS))),
    ...(planArn === undefined ? [] : [tests(planArn, nowMs)]),
  ];
  const ended = await Promise.allSettled(looks);
  const reasons = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  for (const reason of reasons) log('ERROR', 'not seen', errorFields(reason));
  if (reasons.length > 0) throw new AggregateError(reasons, `${reasons.length} of ${looks.length} looks failed`);
};

const pointInTime = async (table: string): Promise<void> =>
  tell({ name: METRICS.pointInTimeRecovery, unit: 'Count', value: (await hasPointInTimeRecovery(table)) ? 1 : 0 }, table);

const points = async (nowMs: number): Promise<void> => {
  const [madeMs, found] = await Promise.all([vaultMadeMs(backup, VAULT), recoveryPoints(backup, VAULT, nowMs - POINTS_MS)]);
  tellAges(METRICS.recoveryPointAge, found, { nowMs, vaultMadeMs: Math.max(madeMs, nowMs - POINTS_MS) });
};

const tests = async (plan: string, nowMs: number): Promise<void> => {
  const [madeMs, found] = await Promise.all([vaultMadeMs(backup, VAULT), restoreTests(backup, plan, nowMs - TESTS_MS)]);
  tellAges(METRICS.restoreTestAge, found, { nowMs, vaultMadeMs: Math.max(madeMs, nowMs - TESTS_MS) });
  tell({ name: METRICS.restoreTestFailures, unit: 'Count', value: failures(found, nowMs) });
};

const failed = async (name: string, nowMs: number, jobs: () => Promise<readonly Event[]>): Promise<void> =>
  tell({ name, unit: 'Count', value: failures(await jobs(), nowMs) });

const tellAges = (name: string, events: readonly Event[], given: Parameters<typeof ageSeconds>[2]): void => {
  for (const table of Object.values(TABLES)) tell({ name, unit: 'Seconds', value: ageSeconds(events, table, given) }, table);
};

/** Of a table also over both, where alarms look for the worst. */
const tell = (metric: Measured['metrics'][number], table?: string): void => {
  const dimensions: Measured['dimensions'] = table === undefined ? {} : { [DIMENSIONS.table]: table };
  const names = Object.keys(dimensions);
  const sets = names.length === 0 ? [[]] : [names, []];
  log('INFO', 'backups', embedded({ metrics: [metric], dimensions, sets }, Date.now()));
};
