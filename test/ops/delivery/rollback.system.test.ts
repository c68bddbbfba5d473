import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditKey, endedItem, triedItem } from '../../../functions/core/deployments.ts';
import type { Item } from '../../../functions/core/store.ts';
import { parseConfig } from '../../../infra/config.ts';
import { clientOptions } from '../../../local/emulator-access.ts';
import { type Cells, controlStore, readControl, writeControl } from '../../../ops/delivery/cells.ts';
import { readDeployments } from '../../../ops/delivery/deployments.ts';
import { planRollback, rollBack } from '../../../ops/delivery/rollback.ts';
import { readVersions } from '../../../ops/delivery/versions.ts';
import { clientOf, createTables } from '../../functions/tables.ts';
import { PATIENT, startEmulator, type TestEmulator } from '../../support/emulator.ts';
import { zipOf } from '../../support/zip.ts';

const REGION = 'eu-west-1';
const config = parseConfig({ regions: [{ name: REGION }, { name: 'us-east-2' }], auth: 'keys' });

describe('a rollback', () => {
  let emulator: TestEmulator;
  let client: LambdaClient;
  let dynamo: ReturnType<typeof clientOf>;
  let count = 0;
  let cells: Cells;
  let deploying: string | undefined;

  beforeAll(async () => {
    emulator = await startEmulator(REGION);
    dynamo = clientOf(emulator);
    await createTables(dynamo);
    client = new LambdaClient(clientOptions({ ...emulator, name: REGION }, PATIENT));
  });
  afterAll(async () => {
    client.destroy();
    dynamo.destroy();
    await emulator.stop();
  });
  beforeEach(async () => {
    count += 1;
    deploying = undefined;
    // A region of its own for each test: facts stay.
    const apiFunction = `api-${count}`;
    cells = {
      kind: 'local',
      names: [`region-${count}`],
      store: () => controlStore(dynamo),
      lambda: async () => ({ client, apiFunction }),
      deploying: async () => deploying,
      actor: async () => 'ann@desk',
    };
    await threeVersions(client, apiFunction);
  });

  const region = () => cells.names[0] ?? '';
  const facts = (items: (about: { region: string; writer: string }) => readonly Item[]) =>
    writeControl(cells, region(), (writer) => items({ region: region(), writer }));
  const plan = (to?: string) => planRollback(cells, config, { region: region(), ...(to === undefined ? {} : { to }) });
  const live = async () => (await readVersions(await cells.lambda(region()))).live;

  it('moves the alias to the version before, marks the region drifted, and says who and why before and after', async () => {
    const planned = await plan();
    expect(planned).toMatchObject({ from: '3', to: '2', passedBy: [], warnings: [] });
    await rollBack(cells, planned, 'orders vanish');
    expect(await live()).toBe('2');
    const found = await readDeployments(cells, region());
    expect(found).toMatchObject({
      troubles: [],
      drift: { kind: 'moved', since: { from: '3', to: '2', by: 'ann@desk', reason: 'orders vanish' } },
    });
    expect(found.audit.map(({ who, what, why }) => [who, what.split(': ')[1], why])).toEqual([
      ['ann@desk', 'done', 'orders vanish'],
      ['ann@desk', 'begun', 'orders vanish'],
    ]);
  });

  it('passes by a version whose deployment failed, and warns of one that is asked for', async () => {
    await facts((about) => [
      triedItem({ ...about, atMs: 1_000 }, 'd2', { verdict: 'fail', detail: 'x', candidate: '2' }),
      endedItem({ ...about, atMs: 2_000 }, 'd2', { state: 'failed', reason: 'x' }),
    ]);
    expect(await plan()).toMatchObject({ to: '1', passedBy: ['2'] });
    expect(await plan('2')).toMatchObject({ to: '2', warnings: ['a deployment of version 2 failed here before'] });
  });

  it('clears the weights of the alias', async () => {
    const planned = await plan();
    const { apiFunction } = await cells.lambda(region());
    const weighted = await client.send(
      new UpdateAliasCommand({ FunctionName: apiFunction, Name: 'live', RoutingConfig: { AdditionalVersionWeights: { '1': 0.05 } } }),
    );
    await rollBack(cells, { ...planned, revisionId: weighted.RevisionId ?? '' }, 'why');
    expect(await readVersions(await cells.lambda(region()))).toMatchObject({ live: '2', weights: new Map() });
  });

  it('refuses when the alias has changed since: nothing is moved, no drift is told, and the trail says so', async () => {
    const planned = await plan();
    const { apiFunction } = await cells.lambda(region());
    await client.send(new UpdateAliasCommand({ FunctionName: apiFunction, Name: 'live', Description: 'somebody else' }));
    await expect(rollBack(cells, planned, 'why')).rejects.toThrow(/has changed since it was read: somebody else/);
    expect(await live()).toBe('3');
    expect(await readDeployments(cells, region())).toMatchObject({ drift: { kind: 'recorded' } });
    const audit = await readControl(cells, region(), auditKey(region()));
    expect(audit.map((item) => String(item['what']).split(': ')[1])).toEqual(['begun', 'refused']);
  });

  it('killed before it moved anything leaves a move that is told as not in force; killed after, a drift that is known', async () => {
    const planned = await plan();
    // As far as the first step: the table takes it, Lambda does not answer.
    const cut: Cells = { ...cells, lambda: async () => ({ ...(await cells.lambda(region())), apiFunction: 'none' }) };
    await expect(rollBack(cut, planned, 'why')).rejects.toThrow();
    expect(await readDeployments(cells, region())).toMatchObject({ drift: { kind: 'recorded' } });
    await rollBack(cells, await plan(), 'why');
    expect(await readDeployments(cells, region())).toMatchObject({ drift: { kind: 'moved', since: { from: '3' } } });
  });

  it.each([
    [
      'the system says so',
      async () => {
        deploying = 'delivery 7, exposed';
      },
      /is being deployed \(delivery 7, exposed\); stop it with Ctrl-C/,
    ],
    [
      'a deployment has begun and not ended',
      () => facts((about) => [triedItem({ ...about, atMs: Date.now() }, 'd3', { verdict: 'pass', detail: '', candidate: '3' })]),
      /deployment d3 has not ended/,
    ],
    [
      'the alias is weighted',
      async () => {
        const { apiFunction } = await cells.lambda(region());
        const RoutingConfig = { AdditionalVersionWeights: { '2': 0.05 } };
        await client.send(new UpdateAliasCommand({ FunctionName: apiFunction, Name: 'live', RoutingConfig }));
      },
      /exposes version 2 beside 3/,
    ],
  ])('refuses while a deployment runs there: %s', async (_, begin, message) => {
    await begin();
    await expect(plan()).rejects.toThrow(message);
  });

  it('is not held up for ever by a deployment whose end was never told', async () => {
    await facts((about) => [
      triedItem({ ...about, atMs: Date.now() - 3 * 3_600_000 }, 'd3', { verdict: 'pass', detail: '', candidate: '3' }),
    ]);
    expect(await plan()).toMatchObject({ to: '2' });
  });

  it('names what is kept when it is asked for something else', async () => {
    await expect(plan('9')).rejects.toThrow('does not keep; allowed: one of 3, 2, 1');
    await expect(plan('3')).rejects.toThrow('is live');
  });
});

/** A function with the versions 1 to 3, of which 3 is live. */
const threeVersions = async (client: LambdaClient, FunctionName: string): Promise<void> => {
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/any',
      Code: { ZipFile: zipOf('index.mjs', Buffer.from('export const handler = async () => ({});')) },
    }),
  );
  for (const Description of ['one', 'two', 'three']) {
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description }));
    await client.send(new PublishVersionCommand({ FunctionName }));
  }
  await client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '3' }));
};
