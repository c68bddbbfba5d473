import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reclaimStock } from '../../../functions/core/reclaim.ts';
import { rebuildRegion } from '../../../functions/core/recovery.ts';
import { TargetEstate } from '../../../ops/recovery/estate.ts';
import { EU, US } from '../../local/local-system.ts';
import { untilPasses } from '../../support/eventually.ts';
import { openShop, type Shop } from '../shop.ts';

const CHILD = fileURLToPath(new URL('operator.ts', import.meta.url));

describe('a region of the laptop that is lost for good', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });

  afterAll(() => shop?.close());

  const estate = (): TargetEstate => new TargetEstate(shop.target, () => undefined);
  /** Runs the operator's process, and kills it when it says that it begins a step. */
  const killedAt = async (what: 'rebuild' | 'reclaim', step: RegExp): Promise<void> => {
    const { controlUrl, token: secret } = shop.system.running.file;
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
    expect(await shop.receive(EU, 20)).toMatchObject({ status: 201 });
    const sold = await shop.order(EU, 'before the loss', 4);
    expect(sold.status).toBe(201);
    const id = String(sold.body['id']);
    await shop.known(id);
    await untilPasses(async () => expect(await shop.stock(US)).toMatchObject({ received: 20 }));

    // when it is lost and its stock is reclaimed
    await shop.target.lose(EU, 'kill');
    await killedAt('reclaim', /^granting/);
    expect((await reclaimStock(estate(), EU)).heir).toBe(US);

    // then the other sells it
    await untilPasses(async () => expect(await shop.order(US, 'after the loss', 16)).toMatchObject({ status: 201 }));
    expect(await shop.stock(US)).toMatchObject({ received: 20, available: 0, sold: 20 });

    // when it is rebuilt
    await killedAt('rebuild', /^merging/);
    await expect(reclaimStock(estate(), EU)).rejects.toThrow(/rebuild as eu-central-1\.3 was begun/);
    expect(await rebuildRegion(estate(), EU)).toMatchObject({ incarnation: 3, negative: [] });

    // then it serves, has its order, and no unit a second time
    const health = () => shop.system.send(EU, '/health');
    await untilPasses(async () => expect(await health()).toMatchObject({ body: { verdict: 'pass' } }));
    expect(await shop.read(EU, id)).toMatchObject({ status: 200, body: { state: 'placed' } });
    expect(await shop.stock(EU)).toMatchObject({ received: 20, available: 0, sold: 20 });
    expect(await shop.receive(EU, 5)).toMatchObject({ status: 201 });
    expect(await shop.order(EU, 'after the rebuild', 5)).toMatchObject({ status: 201 });
  });
});
