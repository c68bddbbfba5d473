import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoClient } from '../../../functions/aws/clients.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { OperatorStep, UserError } from '../../../ops/errors.ts';
import { LostReplicas } from '../../../ops/targets/aws-lost-replicas.ts';
import { PATIENT } from '../../support/emulator.ts';
import { startHttpServer, withBody } from '../../support/http-server.ts';

const [LOST, LEFT] = ['eu-central-1', 'us-east-2'] as const;
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/one';

/** What an emulator never shows: a replica changes at once there. */
describe("a lost region's replicas while AWS changes them", () => {
  it('are waited for while they are removed, and each change is told once', async () => {
    await withTables(['DELETING', 'DELETING', undefined], async (replicas, told) => {
      await replicas.untilGone([LEFT], told);
      expect(told.lines).toHaveLength(1);
      expect(told.lines[0]).toMatch(
        /^waiting until nobody replicates with eu-central-1: .*tandem-data there is DELETING as us-east-2 sees it/,
      );
    });
  });

  it.each(['ACTIVE', 'UPDATING', 'INACCESSIBLE_ENCRYPTION_CREDENTIALS', 'REGION_DISABLED'])(
    'are the operator’s to remove when they are %s',
    async (status) => {
      await withTables([status], async (replicas, told) => {
        const asked = replicas.untilGone([LEFT], told);
        await expect(asked).rejects.toBeInstanceOf(OperatorStep);
        await expect(asked).rejects.toThrow(/update-table --region us-east-2 --table-name tandem-data --replica-updates '\[\{"Delete"/);
      });
    },
  );

  it('are waited for while they are made, until all say that they are whole', async () => {
    await withTables(['CREATING', 'CREATING', 'ACTIVE', 'ACTIVE'], async (replicas, told) => {
      await replicas.untilBack('data', [LEFT], told);
      expect(told.lines).toEqual([
        'waiting until eu-central-1 has its replica: tandem-data there is CREATING as us-east-2 sees it; eu-central-1 does not show it yet',
        'waiting until eu-central-1 has its replica: tandem-data there is ACTIVE as us-east-2 sees it; eu-central-1 does not show it yet',
      ]);
    });
  });

  it('are the operator’s to add, with the key of the region', async () => {
    await withTables([undefined], async (replicas, told) => {
      await expect(replicas.untilBack('control', [LEFT], told)).rejects.toThrow(
        `aws dynamodb update-table --region us-east-2 --table-name tandem-control --replica-updates '[{"Create":{"RegionName":"eu-central-1","KMSMasterKeyId":"${KEY}"}}]'`,
      );
    });
  });

  it('are the operator’s when making them has failed', async () => {
    await withTables(['CREATION_FAILED'], async (replicas, told) => {
      await expect(replicas.untilBack('data', [LEFT], told)).rejects.toThrow(/is CREATION_FAILED .* remove it and add it again/);
    });
  });

  it('are not called lost by an operator who may not look at them', async () => {
    await withTables(['denied'], async (replicas) => {
      await expect(replicas.arePart([LEFT])).rejects.toBeInstanceOf(UserError);
      await expect(replicas.arePart([LEFT])).rejects.toThrow(/answers, and does not tell of tandem-.*AccessDenied/);
    });
  });
});

/**
 * A server on loopback in the place of AWS, which shows the replica in one status after the other, one for each look at a
 * table, and the region's own table a look after the replica was whole.
 */
const withTables = async (
  statuses: readonly (string | undefined)[],
  work: (replicas: LostReplicas, told: { readonly lines: string[]; progress(line: string): void; pause(): Promise<void> }) => Promise<void>,
): Promise<void> => {
  let looks = 0;
  const { url: endpoint, stop } = await startHttpServer(
    withBody((request, response) => {
      const own = request.headers.authorization?.includes(`/${LOST}/`) === true;
      const status = statuses[Math.min(looks, statuses.length - 1)];
      const refused =
        status === 'denied'
          ? 'AccessDeniedException'
          : own && statuses[Math.min(looks, statuses.length) - 1] !== 'ACTIVE'
            ? 'ResourceNotFoundException'
            : undefined;
      const replicas = status === undefined ? [] : [{ RegionName: LOST, ReplicaStatus: status }];
      response.writeHead(refused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify(
          refused
            ? { __type: `com.amazonaws.dynamodb.v20120810#${refused}`, message: refused }
            : { Table: { TableStatus: 'ACTIVE', ...(own ? {} : { Replicas: replicas }) } },
        ),
      );
    }),
  );
  const clients: DynamoDBClient[] = [];
  const clientOf = (region: string): DynamoDBClient => {
    const client = dynamoClient(
      clientOptions({ name: region, endpoint, accessKeyId: 'test', secretAccessKey: 'test' }, { ...PATIENT, attemptsMax: 1 }),
    );
    clients.push(client);
    return client;
  };
  const lines: string[] = [];
  const told = {
    lines,
    progress: (line: string) => void lines.push(line),
    pause: async () => {
      looks += 1;
    },
  };
  try {
    await work(new LostReplicas({ region: LOST, keyArn: KEY, clientOf, lookEveryMs: 1 }), told);
  } finally {
    for (const client of clients) client.destroy();
    await stop();
  }
};
