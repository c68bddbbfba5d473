import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';
import { eventually } from '../support/eventually.ts';
import { EU, startTestSystem, type TestSystem, US } from './local-system.ts';

describe('the local system on an endpoint that runs already', () => {
  let emulator: TestEmulator;
  let system: TestSystem;

  beforeAll(async () => {
    emulator = await startEmulator('us-east-1', 'foreign');
    system = await startTestSystem({ endpoint: emulator.endpoint });
  });

  afterAll(async () => {
    await system?.stop();
    await emulator?.stop();
  });

  it('serves every region from it, each with its own tables', async () => {
    const token = await system.token();
    expect((await system.control.system()).mode).toBe('attached');
    expect(await system.send(EU, `/stock/lamp/regions/${EU}/receipts`, { body: { quantity: 5 }, token })).toMatchObject({
      status: 201,
      headers: { 'tandem-region': EU },
    });
    const placed = await eventually(
      () => system.send(EU, '/orders', { body: { lines: [{ sku: 'lamp', quantity: 1 }] }, token }),
      ({ status }) => status === 201,
    );
    const read = await eventually(
      () => system.send(US, `/orders/${placed.body['id']}`, { token, host: 'api.tandem.test' }),
      ({ status }) => status === 200,
    );
    expect(read.headers['tandem-region']).toBe(US);
  });

  it('loses a region at its front door only', async () => {
    await expect(system.control.lose(US)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('front door') });
    await system.control.setEdge(US, { kind: 'refuse' });
    await expect(system.send(US, '/health')).rejects.toThrow('ECONNREFUSED');
    expect(await system.send(EU, '/health')).toMatchObject({ status: 200 });
    await system.control.repair();
    expect(await system.send(US, '/health')).toMatchObject({ status: 200 });
  });

  it('refuses deliveries, because functions of an emulator that is not ours cannot answer CodeDeploy', async () => {
    await expect(system.control.deliver({})).rejects.toMatchObject({ status: 409, message: expect.stringContaining('started elsewhere') });
  });
});
