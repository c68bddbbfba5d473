import { BackupClient, CreateBackupVaultCommand } from '@aws-sdk/client-backup';
import {
  CreateBackupCommand,
  DeleteItemCommand,
  PutItemCommand,
  RestoreTableFromBackupCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { marshalAll } from '../../functions/aws/marshal.ts';
import { BACKUPS, DELIVERY_ENV, METRICS, TABLES } from '../../functions/contract/names.ts';
import type { Context } from '../../functions/core/context.ts';
import { Hlc } from '../../functions/core/hlc.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import { shipOrder } from '../../functions/core/order-events.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { editRecord } from '../../functions/core/records.ts';
import { receiveStock } from '../../functions/core/stock.ts';
import type { Item } from '../../functions/core/store.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { Roles } from '../infra/roles.ts';
import { PATIENT } from '../support/emulator.ts';
import { type ListeningBackup, listenAsBackup } from './aws-backup.ts';
import { type Bucket, startBucket } from './bucket.ts';
import { HERE, type Lab, logged, PEER, startLab } from './lab.ts';

const PLAN = `arn:aws:backup:${HERE}:000000000000:restore-testing-plan:${BACKUPS.restoreTestPlan}-1`;
const COPIES = `arn:aws:backup:${HERE}:111122223333:backup-vault:copies`;
const HOUR_SECONDS = 3_600;
const MINUTES_15_MS = 900_000;

const roles = new Roles(HERE);
roles.holdAtTheEnd({ BackupWatch: [], 'RestoreTest/Validation': ['dynamodb:DescribeTable eu-central-1 tandem-control'] });
let lab: Lab;
let backup: ListeningBackup;
let bucket: Bucket;
beforeAll(async () => {
  lab = await startLab();
  backup = await listenAsBackup();
  bucket = await startBucket();
});
afterAll(async () => {
  await bucket?.stop();
  await backup?.stop();
  await lab?.stop();
});

describe('the watch of backups', () => {
  beforeEach(() => {
    vi.resetModules();
    for (const path of Object.keys(backup.holds)) delete backup.holds[path];
    vi.stubEnv('AWS_ENDPOINT_URL_BACKUP', backup.url);
    vi.stubEnv(DELIVERY_ENV.restoreTestPlan, PLAN);
    vi.stubEnv(DELIVERY_ENV.copyVault, COPIES);
  });

  test('tells the ages of a vault that is new, of a laptop among others, where AWS Backup has nothing yet', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_BACKUP', lab.emulator.endpoint);
    await emulatedBackup().send(new CreateBackupVaultCommand({ BackupVaultName: BACKUPS.vault(HERE) }));
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await lab.client.send(new UpdateContinuousBackupsCommand({ TableName: TABLES.data, PointInTimeRecoverySpecification }));

    const told = await look();

    expect(told[METRICS.backupFailures]).toBe(0);
    expect(told[METRICS.copyFailures]).toBe(0);
    expect(told[METRICS.restoreTestFailures]).toBe(0);
    expect(told[`${METRICS.pointInTimeRecovery} ${TABLES.data}`]).toBe(1);
    expect(told[`${METRICS.pointInTimeRecovery} ${TABLES.control}`]).toBe(0);
    for (const table of Object.values(TABLES))
      for (const age of [METRICS.recoveryPointAge, METRICS.restoreTestAge]) expect(told[`${age} ${table}`]).toBeLessThan(HOUR_SECONDS);
  });

  test('tells the age of each table by its newest whole recovery point, and of the test that found it right', async () => {
    holdsUsual();

    const told = await look();

    expect(hoursOf(told, METRICS.recoveryPointAge)).toEqual([2, 200]);
    expect(hoursOf(told, METRICS.restoreTestAge)).toEqual([30, 200]);
  });

  test('counts what failed within a day, and not what is history', async () => {
    holdsUsual();

    const told = await look();

    expect([told[METRICS.backupFailures], told[METRICS.copyFailures], told[METRICS.restoreTestFailures]]).toEqual([2, 1, 3]);
    expect(backup.asked.findLast(([path]) => path === '/copy-jobs')?.[1].get('destinationVaultArn')).toBe(COPIES);
    expect(backup.asked.findLast(([path]) => path === '/restore-jobs')?.[1].get('restoreTestingPlanArn')).toBe(PLAN);
  });

  test('tells the rest when it cannot see something, and fails, so that somebody hears of it', async () => {
    holdsUsual();
    delete backup.holds[`/backup-vaults/${BACKUPS.vault(HERE)}/recovery-points`];

    const { handler } = await import('../../functions/backup-watch.handler.ts');
    const { value: failure, lines } = await logged(() =>
      roles
        .guard('BackupWatch', handler)({ source: 'aws.events' }, LAMBDA)
        .catch((error: unknown) => error),
    );

    expect(failure).toMatchObject({ message: '1 of 6 looks failed' });
    expect(lines.filter((line) => METRICS.backupFailures in line)).toHaveLength(1);
    expect(lines.filter((line) => METRICS.recoveryPointAge in line)).toEqual([]);
  });

  test('looks once when a cell gets it, and lets itself be deployed and deleted whatever it sees', async () => {
    const { handler } = await import('../../functions/backup-watch.handler.ts');
    for (const type of ['Create', 'Update', 'Delete'] as const) {
      await logged(() => roles.guard('BackupWatch', handler)(bucket.event(type, 'FirstLook'), LAMBDA));
      expect(bucket.answers.at(-1)?.body).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'first-look-of-stack-1' });
    }
    holdsUsual();
    const { lines } = await logged(() => roles.guard('BackupWatch', handler)(bucket.event('Create', 'FirstLook'), LAMBDA));
    expect(lines.filter((line) => METRICS.recoveryPointAge in line)).toHaveLength(2);
  });
});

describe('the validation of a restored table', () => {
  let items: readonly Item[];
  beforeAll(async () => {
    items = await writeOneOfEverything();
  });
  beforeEach(() => {
    vi.resetModules();
    vi.stubEnv('AWS_ENDPOINT_URL_BACKUP', backup.url);
    backup.verdicts.length = 0;
  });

  test('finds right what a region wrote, tells AWS Backup, and writes down what it saw', async () => {
    const job = await restored('right');

    const { lines } = await validate(job);

    expect(backup.verdicts).toEqual([
      [job, 'SUCCESSFUL', expect.stringMatching(/^\d+ items in \d+ partitions, all of it\. 0 broken\. 0 of 5 sums off/)],
    ]);
    expect(lines.find((line) => line['audit'] === true)).toMatchObject({ verdict: 'SUCCESSFUL', table: TABLES.data, items: items.length });
    expect(lines.filter((line) => line[METRICS.restoreTestFailures] === 0)).toHaveLength(1);
  });

  test('fails a table in which an item is damaged or gone, or nothing is left, and says what', async () => {
    const [damaged, torn, empty] = [await restored('damaged'), await restored('torn'), await restored('empty')];
    const placed = items.find((item) => item.sk.startsWith('PLACED#'));
    const version = items.find((item) => item.sk.startsWith('V#'));
    if (!placed || !version) throw new Error('nothing to damage');
    await lab.client.send(new PutItemCommand({ TableName: tableFor(damaged), Item: marshalAll({ ...placed, note: 'forged' }) }));
    await remove(tableFor(torn), version);
    for (const item of items) await remove(tableFor(empty), item);

    for (const job of [damaged, torn, empty]) await validate(job);

    expect(backup.verdicts).toEqual([
      [damaged, 'FAILED', expect.stringContaining('has another content than was accepted')],
      [torn, 'FAILED', expect.stringContaining('has 0 versions of 1 edits')],
      [empty, 'FAILED', expect.stringContaining(`the heartbeat of ${HERE} is missing`)],
    ]);
  });

  test('says how much it saw when time was over, judges that, and calls nothing right of which it saw nothing', async () => {
    const [huge, unseen] = [await restored('huge'), await restored('unseen')];
    let calls = 0;

    // Asked once before a part is begun, and once before each of its pages.
    await validate(huge, () => {
      calls += 1;
      return calls <= 2 ? MINUTES_15_MS : 0;
    });
    await validate(unseen, () => 0);

    expect(backup.verdicts).toEqual([
      [huge, 'SUCCESSFUL', expect.stringMatching(/, 1 of 4 parts, then time was over: sums over all orders were not checked/)],
      [unseen, 'FAILED', expect.stringContaining('no part of it could be read in time')],
    ]);
  });

  test('judges once, and nothing but tables of restore tests', async () => {
    const job = await restored('judged', { ValidationStatus: 'SUCCESSFUL' });
    await validate(job);
    backup.holds['/restore-jobs/live'] = { SourceResourceArn: arnOf(TABLES.data), CreatedResourceArn: arnOf(TABLES.data) };

    await expect(validate('live')).rejects.toThrow(/given the restore live of .*; allowed: of a table into awsbackup-restore-test-/);
    expect(backup.verdicts).toEqual([]);
  });

  /** Restores a backup of the data table as AWS Backup would. */
  async function restored(job: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { BackupDetails } = await lab.client.send(new CreateBackupCommand({ TableName: TABLES.data, BackupName: job }));
    await lab.client.send(new RestoreTableFromBackupCommand({ BackupArn: BackupDetails?.BackupArn, TargetTableName: tableFor(job) }));
    backup.holds[`/restore-jobs/${job}`] = { SourceResourceArn: arnOf(TABLES.data), CreatedResourceArn: arnOf(tableFor(job)), ...more };
    return job;
  }
});

async function validate(job: string, getRemainingTimeInMillis = () => MINUTES_15_MS) {
  const { handler } = await import('../../functions/restore-validation.handler.ts');
  return logged(() => roles.guard('RestoreTest/Validation', handler)({ detail: { restoreJobId: job } }, { getRemainingTimeInMillis }));
}

const LAMBDA = { getRemainingTimeInMillis: () => 60_000 } as const;

function tableFor(job: string): string {
  return `${BACKUPS.restoredPrefix}${job}`;
}

function arnOf(table: string): string {
  return `arn:aws:dynamodb:${HERE}:000000000000:table/${table}`;
}

async function remove(TableName: string, { pk, sk }: Item): Promise<void> {
  await lab.client.send(new DeleteItemCommand({ TableName, Key: marshalAll({ pk, sk }) }));
}

/** An hour before the heartbeat: nothing is at the cut. */
async function writeOneOfEverything(): Promise<readonly Item[]> {
  const nowMs = Date.now();
  const context: Context = {
    store: lab.data,
    clock: { now: () => nowMs - 3_600_000 },
    hlc: new Hlc(),
    region: HERE,
    regions: [HERE, PEER],
    writer: HERE,
  };
  await receiveStock(context, { subject: 'ann', sku: 'tea', region: HERE, key: 'receipt', quantity: 9 });
  const placed = await placeOrder(context, { subject: 'ann', key: 'key', request: { lines: [{ sku: 'tea', quantity: 2 }] } });
  if (placed.kind !== 'done') throw new Error('the order was refused');
  await shipOrder(context, { subject: 'store', id: placed.value.id, key: 'ship' });
  const edited = await editRecord(context, { subject: 'ann', id: 'profile', key: 'e1', parents: [], value: '"draft"' });
  if (edited.kind !== 'done') throw new Error('the edit was refused');
  await lab.data.transact([{ action: 'put', item: { pk: REGIONS_KEY, sk: `BEAT#${HERE}`, v: 1, at: nowMs, rev: 1 } }]);
  const partitions = ['STOCK#tea', `ORDER#${placed.value.id}`, edited.carriers[0]?.pk ?? '', REGIONS_KEY];
  return (await Promise.all(partitions.map((pk) => lab.data.query(pk)))).flat();
}

/** What it tells, by metric, and table where it names one. */
async function look(): Promise<Readonly<Record<string, number>>> {
  const { handler } = await import('../../functions/backup-watch.handler.ts');
  const { lines } = await logged(() => roles.guard('BackupWatch', handler)({ source: 'aws.events' }, LAMBDA));
  const names = Object.entries(METRICS).flatMap(([key, name]) => (key === 'namespace' ? [] : [name]));
  return Object.fromEntries(
    lines.flatMap((line) =>
      names.filter((name) => name in line).map((name) => [[name, line['Table'] ?? []].flat().join(' '), Number(line[name])]),
    ),
  );
}

function hoursOf(told: Readonly<Record<string, number>>, name: string): readonly number[] {
  return Object.values(TABLES).map((table) => Math.round((told[`${name} ${table}`] ?? Number.NaN) / HOUR_SECONDS));
}

/** A vault 200 hours old, with good and bad of everything. */
function holdsUsual(): void {
  const vault = `/backup-vaults/${BACKUPS.vault(HERE)}`;
  const ago = (hours: number): number => Date.now() / 1_000 - hours * HOUR_SECONDS;
  const [data, control] = [arnOf(TABLES.data), arnOf(TABLES.control)];
  const point = (hours: number, Status: string) => ({ ResourceArn: data, CreationDate: ago(hours), Status });
  const job = (hours: number, State: string) => ({ ResourceArn: data, CreationDate: ago(hours), State });
  const restore = (hours: number, more: object) => ({ SourceResourceArn: data, CreationDate: ago(hours), Status: 'COMPLETED', ...more });
  Object.assign(backup.holds, {
    [vault]: { BackupVaultName: BACKUPS.vault(HERE), CreationDate: ago(200) },
    [`${vault}/recovery-points`]: { RecoveryPoints: [point(1, 'PARTIAL'), point(26, 'COMPLETED'), point(2, 'COMPLETED')] },
    '/backup-jobs': { BackupJobs: [job(1, 'COMPLETED'), job(3, 'EXPIRED'), job(23, 'FAILED'), job(25, 'FAILED'), job(0, 'RUNNING')] },
    '/copy-jobs': { CopyJobs: [job(1, 'FAILED'), job(2, 'COMPLETED')] },
    '/restore-jobs': {
      RestoreJobs: [
        restore(30, { ValidationStatus: 'SUCCESSFUL' }),
        restore(2, { ValidationStatus: 'FAILED' }),
        restore(3, { ValidationStatus: 'TIMED_OUT', SourceResourceArn: control }),
        restore(4, { Status: 'FAILED' }),
        restore(1, { ValidationStatus: 'VALIDATING' }),
      ],
    },
  });
}

function emulatedBackup(): BackupClient {
  return new BackupClient(clientOptions({ ...lab.emulator, name: HERE }, PATIENT));
}
