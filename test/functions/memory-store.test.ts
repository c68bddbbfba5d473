import { expect, test } from 'vitest';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { Damaged } from '../../functions/core/store.ts';
import { storeContract } from './store-contract.ts';

const store = new MemoryStore();
storeContract('the memory store', () => store);

test('a transaction with a sum that cannot be made leaves nothing of itself', async () => {
  const damaged = new MemoryStore();
  damaged.place({ pk: 'a', sk: 'row', v: 1, count: 'many' });
  const writes = [
    { action: 'put', item: { pk: 'a', sk: 'new', v: 1 } },
    { action: 'update', key: { pk: 'a', sk: 'row' }, add: { count: 1 } },
  ] as const;
  await expect(damaged.transact(writes)).rejects.toThrow(Damaged);
  expect(damaged.items()).toHaveLength(1);
});
