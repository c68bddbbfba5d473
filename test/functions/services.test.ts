import { generateKeyPairSync, sign } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backupClient, backupJobs, recoveryPoints, restoreTests } from '../../functions/aws/backup-lists.ts';
import { CanaryToken } from '../../functions/aws/canary-token.ts';
import { type ResourceEvent, servingResource } from '../../functions/aws/custom-resource.ts';
import { RestoreJobs } from '../../functions/aws/restore-jobs.ts';
import { BACKUPS, TABLES } from '../../functions/contract/names.ts';
import { startHttpServer } from '../support/http-server.ts';
import { type ListeningBackup, listenAsBackup } from './aws-backup.ts';
import { HERE, logged, stub } from './lab.ts';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const arnOf = (table: string): string => `arn:aws:dynamodb:${HERE}:000000000000:table/${table}`;

describe('an answer to CloudFormation', () => {
  /** Its bucket answers with these statuses, the last for ever. */
  const answered = async (...statuses: readonly number[]) => {
    let asked = 0;
    const server = await startHttpServer((request, response) => {
      request.resume();
      response.writeHead(statuses[Math.min(asked, statuses.length - 1)] ?? 200).end();
      asked += 1;
    });
    const event: ResourceEvent = {
      RequestType: 'Create',
      ResponseURL: server.url,
      StackId: 'stack-1',
      RequestId: 'request-1',
      LogicalResourceId: 'One',
      ResourceProperties: {},
    };
    const invocation = { getRemainingTimeInMillis: () => 60_000 };
    try {
      const ended = await servingResource(event, invocation, { physicalId: 'one', work: async () => ({}) }).then(
        () => 'given',
        (error: unknown) => String(error),
      );
      return [ended, asked];
    } finally {
      await server.stop();
    }
  };

  it('is given again where it was not taken, three times at most', async () => {
    expect([await answered(500, 500, 200), await answered(500)]).toEqual([
      ['given', 3],
      [expect.stringContaining('status 500'), 3],
    ]);
  });

  it('that is refused, whatever the status, was not given: its stack would wait for an hour', async () => {
    expect(await answered(403)).toEqual([expect.stringContaining('status 403'), 3]);
  });
});

describe("a canary's token", () => {
  it('is kept until five minutes before its end, and says for what it is: it ships nothing', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    let signed = 0;
    const server = await startHttpServer((request, response) => {
      request.resume();
      signed += 1;
      const Signature = sign('sha256', Buffer.from('text'), privateKey).toString('base64');
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ Signature }));
    });
    const client = new KMSClient({ endpoint: server.url, region: HERE, credentials: CREDENTIALS, maxAttempts: 1 });
    const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
    try {
      const token = new CanaryToken({ client, keyArn: `arn:aws:kms:${HERE}:000000000000:key/1`, region: HERE }, clock);
      const first = await token.get();
      clock.nowMs += 299_999;
      expect([await token.get(), signed]).toEqual([first, 1]);
      clock.nowMs += 1;
      expect([(await token.get()) === first, signed]).toEqual([false, 2]);
      const claims: unknown = JSON.parse(Buffer.from(first.split('.')[1] ?? '', 'base64url').toString());
      expect(claims).toMatchObject({ exp: 1_600, scope: 'orders:read orders:write stock:write' });
    } finally {
      client.destroy();
      await server.stop();
    }
  });
});

describe('what AWS Backup tells', () => {
  let backup: ListeningBackup;
  beforeEach(async () => {
    backup = await listenAsBackup();
    stub({ AWS_ENDPOINT_URL_BACKUP: backup.url, AWS_REGION: HERE, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await backup.stop();
  });

  it.each([
    ['COMPLETED', true, false],
    ['RUNNING', false, false],
    ['FAILED', false, true],
    ['EXPIRED', false, true],
    ['ABORTED', false, true],
    ['PARTIAL', false, true],
  ])('of a backup that is %s: good is %s, bad is %s', async (State, good, bad) => {
    backup.holds['/backup-jobs'] = { BackupJobs: [{ ResourceArn: arnOf(TABLES.data), CreationDate: 5, State }] };
    expect(await backupJobs(backupClient(), 'vault', 0)).toEqual([{ table: TABLES.data, atMs: 5_000, good, bad }]);
  });

  it.each([
    [{ Status: 'COMPLETED', ValidationStatus: 'SUCCESSFUL' }, true, false],
    [{ Status: 'COMPLETED', ValidationStatus: 'SUCCESSFUL', DeletionStatus: 'FAILED' }, true, true],
    [{ Status: 'COMPLETED' }, false, false],
    [{ Status: 'COMPLETED', ValidationStatus: 'VALIDATING' }, false, false],
    [{ Status: 'COMPLETED', ValidationStatus: 'FAILED' }, false, true],
    [{ Status: 'COMPLETED', ValidationStatus: 'TIMED_OUT' }, false, true],
    [{ Status: 'FAILED' }, false, true],
    [{ Status: 'ABORTED' }, false, true],
  ])('of a restore that is %j: good is %s, bad is %s', async (found, good, bad) => {
    backup.holds['/restore-jobs'] = { RestoreJobs: [{ SourceResourceArn: arnOf(TABLES.data), CreationDate: 5, ...found }] };
    expect(await restoreTests(backupClient(), 'plan', 0)).toEqual([{ table: TABLES.data, atMs: 5_000, good, bad }]);
  });

  it('is read to its end, and not without end', async () => {
    const path = '/backup-vaults/vault/recovery-points';
    backup.holds[path] = { RecoveryPoints: [], NextToken: 'more' };
    await expect(recoveryPoints(backupClient(), 'vault', 0)).rejects.toThrow('more than 20000 entries');
    expect(backup.asked.filter(([asked]) => asked === path)).toHaveLength(20);
  });

  it('of a restore counts only where a table became one for a test: no other is judged, and deleted for it', async () => {
    const restored = (SourceResourceArn: string, CreatedResourceArn: string, ValidationStatus?: string) => {
      backup.holds['/restore-jobs/1'] = { SourceResourceArn, CreatedResourceArn, ...(ValidationStatus && { ValidationStatus }) };
      return new RestoreJobs().find('1');
    };
    const copy = `${BACKUPS.restoredPrefix}7`;
    expect(await restored(arnOf(TABLES.data), arnOf(copy), 'FAILED')).toEqual({ source: TABLES.data, restored: copy, judged: true });
    expect(await restored(arnOf(TABLES.data), arnOf(copy), 'VALIDATING')).toMatchObject({ judged: false });
    await expect(restored(arnOf(TABLES.data), arnOf(TABLES.data))).rejects.toThrow('allowed: of a table into');
    await expect(restored('arn:aws:s3:::bucket', arnOf(copy))).rejects.toThrow('allowed: of a table into');
  });
});

describe('a stack', () => {
  it('is told what failed, and does not wait for work that does not end', async () => {
    const bodies: unknown[] = [];
    const server = await startHttpServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      request.on('end', () => {
        bodies.push(JSON.parse(text));
        response.end();
      });
    });
    const event: ResourceEvent = {
      RequestType: 'Create',
      ResponseURL: server.url,
      StackId: 'stack-1',
      RequestId: 'request-1',
      LogicalResourceId: 'One',
      ResourceProperties: {},
    };
    try {
      await logged(async () => {
        const slow = () => new Promise<never>(() => undefined);
        await servingResource(event, { getRemainingTimeInMillis: () => 8_020 }, { physicalId: 'one', work: slow });
        const failing = () => Promise.reject(new Error('x'.repeat(2_000)));
        await servingResource(event, { getRemainingTimeInMillis: () => 60_000 }, { physicalId: 'one', work: failing });
      });
    } finally {
      await server.stop();
    }
    expect(bodies).toMatchObject([
      { Status: 'FAILED', PhysicalResourceId: 'one', Reason: 'the work did not end within 20 ms' },
      { Status: 'FAILED', Reason: 'x'.repeat(1_000) },
    ]);
  });
});
