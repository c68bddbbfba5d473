import { describe, expect, it } from 'vitest';
import { BACKUPS } from '../../../functions/contract/names.ts';
import { parseConfig } from '../../../infra/config.ts';
import { UserError } from '../../../ops/errors.ts';
import { AwsBackups } from '../../../ops/targets/aws-backups.ts';
import { startHttpServer, withBody } from '../../support/http-server.ts';

const REGION = 'eu-central-1';
/** With copies to another account. */
const CONFIG = parseConfig({
  regions: [{ name: REGION }, { name: 'us-east-2' }],
  auth: 'keys',
  backup: { copyTo: { account: '210987654321', vault: 'copies' } },
});
const TABLE_ARN = `arn:aws:dynamodb:${REGION}:123456789012:table/tandem-data`;
const POINT_ARN = `arn:aws:backup:${REGION}:123456789012:recovery-point:1EB3B5E7`;
const ROLE = 'arn:aws:iam::123456789012:role/backups';

describe('backups on AWS, as far as requests tell', () => {
  it('reads the vault page by page, both tables and the opt-ins of the account', async () => {
    await withAws(
      {
        'GET /backup-vaults/tandem-eu-central-1/recovery-points': ({ url }) =>
          url.searchParams.has('nextToken')
            ? { RecoveryPoints: [{ RecoveryPointArn: 'new', ResourceArn: TABLE_ARN, CreationDate: 2_000, Status: 'COMPLETED' }] }
            : {
                RecoveryPoints: [{ RecoveryPointArn: 'old', ResourceArn: TABLE_ARN, CreationDate: 1_000, Status: 'EXPIRED' }],
                NextToken: 'more',
              },
        'DynamoDB_20120810.DescribeContinuousBackups': ({ body }) => ({
          ContinuousBackupsDescription: {
            ContinuousBackupsStatus: 'ENABLED',
            PointInTimeRecoveryDescription:
              body['TableName'] === 'tandem-data'
                ? { PointInTimeRecoveryStatus: 'ENABLED', EarliestRestorableDateTime: 100, LatestRestorableDateTime: 3_000.5 }
                : { PointInTimeRecoveryStatus: 'DISABLED' },
          },
        }),
        'GET /account-settings': () => ({
          ResourceTypeOptInPreference: { DynamoDB: false, EBS: true },
          ResourceTypeManagementPreference: {},
        }),
      },
      async (aws) => {
        expect(await aws.backups(REGION)).toEqual({
          region: REGION,
          points: [
            { arn: 'new', table: 'tandem-data', createdAtMs: 2_000_000, state: 'complete' },
            { arn: 'old', table: 'tandem-data', createdAtMs: 1_000_000, state: 'expired' },
          ],
          pointInTime: new Map([
            ['tandem-data', { enabled: true, earliestMs: 100_000, latestMs: 3_000_500 }],
            ['tandem-control', { enabled: false, earliestMs: undefined, latestMs: undefined }],
          ]),
          missing: [
            {
              what: 'AWS Backup may back up DynamoDB',
              command: 'aws backup update-region-settings --region eu-central-1 --resource-type-opt-in-preference DynamoDB=true',
            },
            {
              what: 'advanced features for DynamoDB, without which nothing is copied',
              command: 'aws backup update-region-settings --region eu-central-1 --resource-type-management-preference DynamoDB=true',
            },
          ],
        });
      },
    );
  });

  it('restores to a time into a new table without indexes, and waits until it can be read', async () => {
    let looks = 0;
    await withAws(
      {
        'DynamoDB_20120810.DescribeTable': () => {
          looks += 1;
          if (looks === 1) return refusal('ResourceNotFoundException');
          return { Table: { TableStatus: looks < 4 ? 'CREATING' : 'ACTIVE' } };
        },
        'DynamoDB_20120810.RestoreTableToPointInTime': () => ({ TableDescription: { TableStatus: 'CREATING' } }),
      },
      async (aws, requests) => {
        await aws.restore(REGION, { table: 'tandem-data', atMs: 1_764_000_000_000, into: 'copy' });
        expect(requests.filter((each) => each.target === 'DynamoDB_20120810.RestoreTableToPointInTime').map((each) => each.body)).toEqual([
          {
            SourceTableName: 'tandem-data',
            TargetTableName: 'copy',
            RestoreDateTime: 1_764_000_000,
            BillingModeOverride: 'PAY_PER_REQUEST',
            GlobalSecondaryIndexOverride: [],
          },
        ]);
        expect(looks).toBe(4);
      },
    );
  });

  it('goes on with a restore that another run began', async () => {
    const statuses = ['CREATING', 'CREATING', 'ACTIVE'];
    await withAws({ 'DynamoDB_20120810.DescribeTable': () => ({ Table: { TableStatus: statuses.shift() } }) }, async (aws) => {
      await aws.restore(REGION, { table: 'tandem-data', atMs: 1_764_000_000_000, into: 'copy' });
      expect(statuses).toEqual([]);
    });
  });

  it.each(['InvalidRestoreTimeException', 'PointInTimeRecoveryUnavailableException'])(
    'says that a time cannot be restored: %s',
    async (name) => {
      await withAws(
        {
          'DynamoDB_20120810.DescribeTable': () => refusal('ResourceNotFoundException'),
          'DynamoDB_20120810.RestoreTableToPointInTime': () => refusal(name),
        },
        async (aws) => {
          await expect(aws.restore(REGION, { table: 'tandem-data', atMs: 0, into: 'copy' })).rejects.toThrow(UserError);
        },
      );
    },
  );

  describe('from a recovery point', () => {
    const KEY = `arn:aws:kms:${REGION}:123456789012:key/own`;
    const given = { arn: POINT_ARN, into: 'copy', say: () => undefined };

    /** A table that is there after so many looks, and a job of such states, one a look. */
    const restoring = (looksWithout: number, states: readonly string[], live: object = {}): Answers => {
      const left = [...states];
      let looks = 0;
      return {
        'DynamoDB_20120810.DescribeTable': ({ body }) => {
          if (body['TableName'] === 'tandem-data') return { Table: { TableArn: TABLE_ARN, TableStatus: 'ACTIVE', ...live } };
          looks += 1;
          return looks <= looksWithout ? refusal('ResourceNotFoundException') : { Table: { TableStatus: 'ACTIVE' } };
        },
        'PUT /restore-jobs': () => ({ RestoreJobId: 'job' }),
        'GET /restore-jobs/job': () => ({ RestoreJobId: 'job', Status: left.shift() ?? 'COMPLETED', StatusMessage: 'no space' }),
      };
    };
    const begun = (requests: readonly Asked[]) => requests.filter((each) => each.target === 'PUT /restore-jobs').map((each) => each.body);

    it('begins a job into a table of its own, under the role that AWS Backup makes, and waits for it', async () => {
      const said: string[] = [];
      await withAws(restoring(1, ['PENDING', 'RUNNING', 'RUNNING']), async (aws, requests) => {
        await aws.restorePoint(REGION, { ...given, say: (line) => said.push(line) });
        expect(begun(requests)).toEqual([
          {
            RecoveryPointArn: POINT_ARN,
            ResourceType: 'DynamoDB',
            IamRoleArn: 'arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole',
            Metadata: { targetTableName: 'copy', deletionProtection: 'false', encryptionType: 'Default' },
            IdempotencyToken: expect.any(String),
          },
        ]);
        expect(said).toEqual(['PENDING', 'RUNNING', 'COMPLETED'].map((state) => `the restore job job is ${state}`));
      });
    });

    it('gives the copy the key of the live table, and takes the role that was given', async () => {
      const live = { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: KEY } };
      await withAws(restoring(1, [], live), async (aws, requests) => {
        await aws.restorePoint(REGION, { ...given, role: ROLE });
        expect(begun(requests)).toMatchObject([{ IamRoleArn: ROLE, Metadata: { encryptionType: 'KMS', kmsMasterKeyArn: KEY } }]);
      });
    });

    it('goes on with a table that another run restores, while its own job waits or before it has one', async () => {
      await withAws(restoring(0, []), async (aws, requests) => {
        await aws.restorePoint(REGION, given);
        expect(begun(requests)).toEqual([]);
      });
      await withAws(restoring(1, ['PENDING', 'FAILED', 'FAILED']), async (aws) => aws.restorePoint(REGION, given));
    });

    it('says why a job failed, or was not begun, and that another role may be named', async () => {
      await withAws(restoring(9, ['RUNNING', 'FAILED']), async (aws) => {
        await expect(aws.restorePoint(REGION, given)).rejects.toThrow(/job job of .* is FAILED: no space; --role names another/);
      });
      const refuses = { ...restoring(9, []), 'PUT /restore-jobs': () => refusal('InvalidParameterValueException') };
      await withAws(refuses, async (aws) => {
        const refused = aws.restorePoint(REGION, given);
        await expect(refused).rejects.toThrow(UserError);
        await expect(refused).rejects.toThrow(/under the role arn:aws:iam::123456789012:role\/service-role\/.*: Invalid.*; --role names/);
      });
    });
  });

  it("begins a backup under the role of the region's own plan", async () => {
    await withAws(
      {
        'DynamoDB_20120810.DescribeTable': () => ({ Table: { TableArn: TABLE_ARN } }),
        'GET /backup/plans': () => ({
          BackupPlansList: [
            { BackupPlanId: 'other', BackupPlanName: 'x' },
            { BackupPlanId: 'own', BackupPlanName: BACKUPS.plan },
          ],
        }),
        'GET /backup/plans/own/selections': () => ({ BackupSelectionsList: [{ IamRoleArn: ROLE }] }),
        'PUT /backup-jobs': () => ({ BackupJobId: 'job' }),
      },
      async (aws, requests) => {
        await aws.backUp(REGION, 'tandem-data');
        expect(requests.at(-1)?.body).toEqual({
          BackupVaultName: 'tandem-eu-central-1',
          ResourceArn: TABLE_ARN,
          IamRoleArn: ROLE,
          IdempotencyToken: expect.any(String),
        });
      },
    );
  });

  it('has no points where there is no vault, and deletes a table that is gone already', async () => {
    await withAws(
      {
        'GET /backup-vaults/tandem-eu-central-1/recovery-points': () => refusal('ResourceNotFoundException'),
        'DynamoDB_20120810.DescribeContinuousBackups': () => ({}),
        'GET /account-settings': () => ({
          ResourceTypeOptInPreference: { DynamoDB: true },
          ResourceTypeManagementPreference: { DynamoDB: true },
        }),
        'DynamoDB_20120810.DeleteTable': () => refusal('ResourceNotFoundException'),
      },
      async (aws) => {
        expect(await aws.backups(REGION)).toMatchObject({ points: undefined, missing: [] });
        await aws.deleteTable(REGION, 'copy');
      },
    );
  });
});

interface Asked {
  /** The operation of DynamoDB, or the method and path of AWS Backup. */
  readonly target: string;
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Refusal {
  readonly refusal: string;
}

const refusal = (name: string): Refusal => ({ refusal: name });

type Answers = Readonly<Record<string, (asked: Asked) => Readonly<Record<string, unknown>> | Refusal>>;

/** A server on loopback in the place of AWS, which answers what is expected and records all of it. */
const withAws = async (answers: Answers, work: (aws: AwsBackups, requests: readonly Asked[]) => Promise<void>): Promise<void> => {
  const requests: Asked[] = [];
  const { url: endpoint, stop } = await startHttpServer(
    withBody((request, response, sent) => {
      const body: Asked['body'] = sent === '' ? {} : JSON.parse(sent);
      const url = new URL(request.url ?? '/', 'http://aws');
      const operation = request.headers['x-amz-target'];
      const target = typeof operation === 'string' ? operation : `${request.method} ${url.pathname}`;
      const asked = { target, url, body };
      requests.push(asked);
      const answer = answers[target]?.(asked) ?? refusal(`Unexpected: ${target}`);
      const refused = 'refusal' in answer ? String(answer['refusal']) : undefined;
      response.writeHead(refused === undefined ? 200 : 400, {
        'content-type': 'application/x-amz-json-1.0',
        ...(refused === undefined ? {} : { 'x-amzn-errortype': refused }),
      });
      response.end(
        JSON.stringify(refused === undefined ? answer : { __type: `com.amazonaws.dynamodb.v20120810#${refused}`, message: refused }),
      );
    }),
  );
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  try {
    await work(new AwsBackups(CONFIG, { endpoint, credentials, lookMs: 1 }), requests);
  } finally {
    await stop();
  }
};
