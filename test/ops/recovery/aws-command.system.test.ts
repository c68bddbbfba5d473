import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteTableCommand, type DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClient } from '../../../functions/aws/clients.ts';
import { TABLES } from '../../../functions/contract/names.ts';
import { auditKey, foldAudit } from '../../../functions/core/deployments.ts';
import { foldControl, nextBeat, REGIONS_KEY } from '../../../functions/core/operations.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { ROOT } from '../../../ops/folders.ts';
import { createTables, patientStore } from '../../functions/tables.ts';
import { PATIENT, startEmulator, type TestEmulator } from '../../support/emulator.ts';
import { MAIN } from '../tandem.ts';

const [A, B] = ['eu-central-1', 'us-east-2'] as const;

/** One emulator for both regions: the command finds every service of every region at one address. */
describe('a recovery of the command line on AWS', () => {
  let emulator: TestEmulator;
  let folder: string;
  const client = (region: string): DynamoDBClient => dynamoClient(clientOptions({ ...emulator, name: region }, PATIENT));
  const controlOfB = () => patientStore(client(B), TABLES.control);

  beforeAll(async () => {
    emulator = await startEmulator(A);
    folder = mkdtempSync(join(tmpdir(), 'tandem-recovery-'));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ regions: [{ name: A }, { name: B }], auth: 'keys' }));
    await createTables(client(A));
    for (const TableName of Object.values(TABLES))
      await client(A).send(new UpdateTableCommand({ TableName, ReplicaUpdates: [{ Create: { RegionName: B } }] }));
  });
  afterAll(async () => {
    await emulator.stop();
    rmSync(folder, { recursive: true });
  });

  const tandem = async (args: readonly string[], endAt?: RegExp) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MAIN, ...args, '--target', 'aws', '--config', join(folder, 'config.json')],
      {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          AWS_ENDPOINT_URL: emulator.endpoint,
          AWS_ACCESS_KEY_ID: emulator.accessKeyId,
          AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
          AWS_EC2_METADATA_DISABLED: 'true',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    let ended = false;
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      // Once: a second one would find nobody who listens any more.
      if (!ended && endAt?.test(output)) ended = child.kill('SIGINT');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, output };
  };

  it('refuses what lives, shows before it does, stops where the operator is next, and says how it goes on', async () => {
    // a region that takes part
    expect(await tandem(['rebuild', A])).toMatchObject({ code: 2, output: expect.stringContaining(`given ${A}, which is not lost`) });
    expect(await tandem(['rebuild', 'mars'])).toMatchObject({
      code: 2,
      output: expect.stringMatching(/"mars"; allowed: eu-central-1, us-east-2/),
    });

    // one whose data table is gone, and whose heartbeat of a moment ago is in B
    const beat = (atMs: number) =>
      patientStore(client(B), TABLES.data).transact([
        nextBeat({ region: A, beats: [], controls: [] }, { nowMs: atMs, version: '1', verdict: 'pass' }),
      ]);
    await beat(Date.now());
    await client(A).send(new DeleteTableCommand({ TableName: TABLES.data }));
    expect(await tandem(['rebuild', A, '--yes'])).toMatchObject({
      code: 2,
      output: expect.stringMatching(/eu-central-1 is not lost: its heartbeat of \d+ s ago has reached another region/),
    });
    expect(foldControl(A, await controlOfB().query(REGIONS_KEY)).fenced).toBe(false);

    // and long ago
    await beat(Date.now() - 3_600_000);
    const look = await tandem(['stock', 'reclaim', '--from', A]);
    expect(look).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Its books close as eu-central-1\.2[\s\S]*tandem-data: not listed in us-east-2[\s\S]*Nothing is done/),
    });
    const preview = await tandem(['rebuild', A]);
    expect(preview).toMatchObject({ code: 0, output: expect.stringContaining('It would be rebuilt as eu-central-1.2 from us-east-2') });

    // it fences, and stops with the command
    // it does nothing while the region may serve, or the operator takes what comes of it
    const asked = await tandem(['rebuild', A, '--yes', '--reason', 'the flood']);
    expect(asked).toMatchObject({ code: 3, output: expect.stringContaining(`Nobody knows from here whether ${A} serves`) });
    expect(asked.output).toContain(
      `aws lambda put-function-concurrency --region ${A} --function-name NAME --reserved-concurrent-executions 0`,
    );
    expect(foldControl(A, await controlOfB().query(REGIONS_KEY)).fenced).toBe(false);
    const first = await tandem(['rebuild', A, '--yes', '--out-of-reach', '--reason', 'the flood']);
    const command = `aws dynamodb update-table --region us-east-2 --table-name tandem-control --replica-updates '[{"Delete":{"RegionName":"eu-central-1"}}]'`;
    expect(first).toMatchObject({ code: 3, output: expect.stringContaining('It is rebuilt as eu-central-1.2') });
    expect(first.output).toContain(`\n    ${command}\n`);
    expect(foldControl(A, await controlOfB().query(REGIONS_KEY))).toMatchObject({ fenced: true, incarnation: 2 });
    expect(foldAudit(await controlOfB().query(auditKey(A)))).toMatchObject([
      {
        what: 'rebuilding: waits for the operator',
        why: 'the flood',
        who: expect.stringContaining(`with access key ${emulator.accessKeyId}`),
      },
      { what: 'rebuilding: begun' },
      { what: 'rebuilding: waits for the operator' },
      { what: 'rebuilding: begun' },
    ]);

    // it waits for what was under way, and says when it is ended how it goes on
    await client(B).send(new UpdateTableCommand({ TableName: TABLES.control, ReplicaUpdates: [{ Delete: { RegionName: A } }] }));
    const ended = await tandem(['rebuild', A, '--yes', '--out-of-reach', '--reason', "it's gone"], /waiting \d+ s/);
    expect(ended).toMatchObject({ code: 130, output: expect.stringContaining('and goes on from us-east-2') });
    expect(ended.output).toContain(
      `It goes on where it was ended: ${join(ROOT, 'bin', 'tandem')} rebuild ${A} --out-of-reach --reason 'it'\\''s gone' --yes --target aws --config ${join(folder, 'config.json')}\n`,
    );
  });
});
