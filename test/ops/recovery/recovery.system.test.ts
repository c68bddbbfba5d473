import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reclaimStock } from '../../../functions/core/reclaim.ts';
import { rebuildRegion } from '../../../functions/core/recovery.ts';
import { until } from '../../../ops/drill/wait.ts';
import { TargetEstate } from '../../../ops/recovery/estate.ts';
import { LocalTarget } from '../../../ops/targets/local.ts';
import { EU, startTestSystem, type TestSystem, US } from '../../local/local-system.ts';

const CHILD = fileURLToPath(new URL('operator.ts', import.meta.url));
const SERVES_WITHIN = { everyMs: 250, withinMs: 120_000 } as const;

describe('a region of the laptop that is lost for good', () => {
  let system: TestSystem;
  let token: string;
  let target: LocalTarget;

  beforeAll(async () => {
    system = await startTestSystem();
    token = await system.token();
    target = new LocalTarget(system.control, await system.control.system());
  });
  afterAll(async () => {
    target.close();
    await system.stop();
  });

  const estate = (): TargetEstate => new TargetEstate(target, () => undefined);
  const order = (region: string, quantity: number, note: string) =>
    system.send(region, '/orders', { token, body: { lines: [{ sku: 'tea', quantity }], note } });
  const stockIn = async (region: string) => (await system.send(region, '/stock/tea', { token })).body;
  const eventually = async (yes: () => Promise<boolean>): Promise<void> =>
    expect(await until(async () => await yes().catch(() => false), SERVES_WITHIN)).toBe(true);
  /** Runs the operator's process, and kills it when it says that it begins a step. */
  const killedAt = async (what: 'rebuild' | 'reclaim', step: RegExp): Promise<void> => {
    const { controlUrl, token: secret } = system.running.file;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, what, EU, controlUrl, secret], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (step.test(line)) child.kill('SIGKILL');
    });
    expect(await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))).toBe('SIGKILL');
  };

  it('gives its stock to the other, is rebuilt, and serves, though the operator is killed in the middle of each', async () => {
    // given
    expect((await system.send(EU, `/stock/tea/regions/${EU}/receipts`, { token, body: { quantity: 20 } })).status).toBe(201);
    const sold = await order(EU, 4, 'before the loss');
    expect(sold.status).toBe(201);
    const path = `/orders/${String(sold.body['id'])}`;
    await eventually(async () => (await system.send(US, path, { token })).status === 200);
    await eventually(async () => (await stockIn(US))['received'] === 20);

    // when it is lost and its stock is reclaimed
    await target.lose(EU, 'kill');
    await killedAt('reclaim', /^granting/);
    expect((await reclaimStock(estate(), EU)).heir).toBe(US);

    // then the other sells it
    await eventually(async () => (await order(US, 16, 'after the loss')).status === 201);
    expect(await stockIn(US)).toMatchObject({ received: 20, available: 0, sold: 20 });

    // when it is rebuilt
    await killedAt('rebuild', /^merging/);
    await expect(reclaimStock(estate(), EU)).rejects.toThrow(/rebuild as eu-central-1\.3 was begun/);
    expect(await rebuildRegion(estate(), EU)).toMatchObject({ incarnation: 3, negative: [] });

    // then it serves, has its order, and no unit a second time
    await eventually(async () => (await system.send(EU, '/health')).body['verdict'] === 'pass');
    expect(await system.send(EU, path, { token })).toMatchObject({ status: 200, body: { state: 'placed' } });
    expect(await stockIn(EU)).toMatchObject({ received: 20, available: 0, sold: 20 });
    expect(await system.send(EU, `/stock/tea/regions/${EU}/receipts`, { token, body: { quantity: 5 } })).toMatchObject({ status: 201 });
    expect((await order(EU, 5, 'after the rebuild')).status).toBe(201);
  });
});
