import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey, publicHalf } from '../../ops/access/key-file.ts';
import { knownKey, knownKeys, type Replica, registerKey, revokeKey } from '../../ops/access/registry.ts';
import { clientOf, createTables } from '../functions/tables.ts';
import { startEmulator, type TestEmulator } from '../support/emulator.ts';

describe('the registry of keys', () => {
  let emulator: TestEmulator;
  let replica: Replica;

  beforeAll(async () => {
    emulator = await startEmulator('eu-west-1');
    replica = { region: 'eu-west-1', client: clientOf(emulator) };
    await createTables(replica.client);
  });
  afterAll(async () => {
    replica.client.destroy();
    await emulator.stop();
  });

  const newKey = () => makeKey({ target: 'local', subjects: ['me', 'shop-*'], scopes: ['orders:read'], days: 1 }, Date.now());

  it('knows a key that was added, with what it may sign for, and never its private half', async () => {
    const key = newKey();
    await registerKey(replica, key, Date.now());
    const known = await knownKey(replica, key.kid);
    expect(known).toMatchObject({
      kid: key.kid,
      algorithm: 'ES256',
      subjects: ['me', 'shop-*'],
      scopes: ['orders:read'],
      expiresAtMs: Date.parse(key.expiresAt),
    });
    expect(JSON.parse(known?.publicJwk ?? '')).toEqual({ ...publicHalf(key), kid: key.kid, alg: 'ES256', use: 'sig' });
    expect(JSON.stringify(known)).not.toContain(key.privateKey.d);
  });

  it('takes the same key twice, and lists it once', async () => {
    const key = newKey();
    await registerKey(replica, key, Date.now());
    await registerKey(replica, key, Date.now());
    expect((await knownKeys(replica)).filter((each) => each.kid === key.kid)).toHaveLength(1);
  });

  it('forgets a removed key for ever, also when it is added again through another region', async () => {
    const key = newKey();
    await registerKey(replica, key, Date.now());
    await revokeKey({ ...replica, region: 'us-east-2' }, key.kid, Date.now());
    expect(await knownKey(replica, key.kid)).toBeUndefined();
    await registerKey(replica, key, Date.now());
    await registerKey({ ...replica, region: 'us-east-2' }, key, Date.now());
    expect(await knownKey(replica, key.kid)).toBeUndefined();
    expect((await knownKeys(replica)).map((each) => each.kid)).not.toContain(key.kid);
  });

  it('knows nothing of a key that nobody added', async () => expect(await knownKey(replica, 'nobody')).toBeUndefined());
});
