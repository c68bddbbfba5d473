import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { ApiWorld } from './api-world.ts';

let data: MemoryStore;
let world: ApiWorld;
beforeEach(async () => {
  data = new MemoryStore();
  world = await new ApiWorld({ data }).start();
});

describe('an edit of a record', () => {
  const path = '/records/note';
  const put = (value: unknown, tag: string | undefined, key: string | null) => world.put(path, value, tag, { key });

  it('is repeated under its Idempotency-Key, and under no other', async () => {
    const [key, other] = [randomUUID(), randomUUID()];
    const first = await put({ a: 1 }, undefined, key);
    const again = await put({ a: 1 }, undefined, key);
    expect([first.status, again.status, again.headers[HEADERS.replayed], again.body]).toEqual([201, 201, 'true', first.body]);
    expect((await put({ a: 1 }, undefined, other)).status).toBe(412);
    expect((await put({ a: 1 }, undefined, null)).status).toBe(412);
  });

  it('without a key is never the same as another one', async () => {
    expect([await put({ a: 1 }, undefined, null), await put({ a: 1 }, undefined, null)].map(({ status }) => status)).toEqual([201, 412]);
  });

  it.each(['short', ' ', 'x'.repeat(300), 'é'.repeat(20)])('is refused with the key %j, before anything is done', async (key) => {
    const answer = await put({ a: 1 }, undefined, key);
    expect([answer.status, JSON.stringify(answer.body['errors'])]).toEqual([400, expect.stringContaining('idempotency-key')]);
    expect((await world.get(path)).status).toBe(404);
  });

  it('tells with what is read when a version is missing that others were made from, and else does not', async () => {
    const first = await put({ a: 1 }, undefined, randomUUID());
    await put({ a: 2 }, first.headers['etag'], randomUUID());
    expect((await world.get(path)).body).not.toHaveProperty('incomplete');
    const parent = data.items().find(({ sk }) => sk.startsWith(`V#${first.body['version']}#`));
    if (!parent) throw new Error('no version was kept');
    data.commit([{ action: 'delete', key: parent }]);
    expect((await world.get(path)).body).toMatchObject({ value: { a: 2 }, incomplete: true });
  });
});
