/** What callers are told when others want the same rows: that nothing was done, and to ask again. Never a 5xx. */
import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { REGIONS_KEY } from '../../functions/core/operations.ts';
import { type Committed, type Item, type Key, StoreBusy, type Write } from '../../functions/core/store.ts';
import { type Answered, ApiWorld } from './api-world.ts';
import { EVERY_WRITE, leftIn, openWorld, sendWrite } from './every-write.ts';

/** Others win each time while it is busy. */
class BusyStore extends MemoryStore {
  busy = false;

  override async query(pk: string, prefix?: string): Promise<readonly Item[]> {
    this.#meet(pk);
    return super.query(pk, prefix);
  }

  override async get(key: Key): Promise<Item | undefined> {
    this.#meet(key.pk);
    return super.get(key);
  }

  override async transact(writes: readonly Write[]): Promise<Committed> {
    if (this.busy) throw new StoreBusy('lost to other writes 12 of 12 times, nothing was applied');
    return super.transact(writes);
  }

  #meet(pk: string): void {
    if (this.busy && this.readsToo && pk !== REGIONS_KEY) throw new StoreBusy('throttled');
  }

  /** Reads of one key are throttled as well. */
  readsToo = false;
}

const busyAnswer = [429, '/problems/busy', '1'];
const toldOf = ({ status, body, headers }: Answered) => [status, body['type'], headers[HEADERS.retryAfter]];

describe.each(EVERY_WRITE)('$what', (write) => {
  it('that loses to others is answered 429, was not done, and is done when it is sent again', async () => {
    const data = new BusyStore();
    const { world } = await openWorld({}, data);
    const request = await write.prepare(world);
    const before = leftIn(data);
    data.busy = true;
    expect(toldOf(await sendWrite(world, write, request))).toEqual(busyAnswer);
    expect(leftIn(data)).toEqual(before);
    data.busy = false;
    expect((await sendWrite(world, write, request)).status).toBe(write.status);
  });
});

describe('a read', () => {
  it.each(['/orders/0123456789abcdef0123456789abcdef', '/stock/tea', '/records/r'])(
    'of %s whose key is asked too much of is answered 429, and its failure is no table that does not answer',
    async (path) => {
      const data = new BusyStore();
      const world = await new ApiWorld({ data }).start();
      Object.assign(data, { busy: true, readsToo: true });
      expect(toldOf(await world.get(path))).toEqual(busyAnswer);
      expect(world.served.at(-1)).toMatchObject({ status: 429, refusal: { problem: 'busy', cause: { name: 'StoreBusy' } } });
    },
  );
});
