import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { type Committed, type Item, type Key, type Store, StoreUnavailable, type Write } from '../../functions/core/store.ts';
import { namedIn } from '../../functions/core/token.ts';
import { type Answered, ApiWorld, REGIONS } from './api-world.ts';
import { EVERY_WRITE, leftIn, openWorld, sendWrite } from './every-write.ts';

const [HERE, PEER] = REGIONS;
const REPLICATED = { headers: { [HEADERS.durability]: 'replicated' } };
/** What hangs would take longer than any test does; what must be waited for in vain is short. */
const [PATIENT_MS, IMPATIENT_MS] = [30_000, 60];

const toldOf = ({ status, headers }: Answered) => [status, headers[HEADERS.durability]];
const carriersOf = ({ headers }: Answered): readonly Key[] => namedIn(headers[HEADERS.token] ?? '') ?? [];
const isSame = (a: Key, b: Key): boolean => a.pk === b.pk && a.sk === b.sk;

/** A table that takes a transaction and whose answer is lost, or that never gets it: the caller cannot tell which. */
class LosingStore extends MemoryStore {
  /** Transactions that go well before one is lost; undefined: none is. */
  lostAfter: number | undefined;
  taken = false;

  override async transact(writes: readonly Write[]): Promise<Committed> {
    if (this.lostAfter === undefined) return super.transact(writes);
    this.lostAfter -= 1;
    if (this.lostAfter >= 0) return super.transact(writes);
    this.lostAfter = undefined;
    if (this.taken) await super.transact(writes);
    throw new StoreUnavailable('no answer; its outcome is unknown');
  }
}

/** A region that holds these items and nothing else, and knows the caller. */
const regionWith = async (items: readonly Item[], caller: ApiWorld, region: string = PEER): Promise<ApiWorld> => {
  const data = new MemoryStore();
  for (const item of items) data.place(item);
  const world = new ApiWorld({ data, region, tokenWaitMs: 0 });
  await world.control.transact([{ action: 'put', item: caller.key.item }]);
  return world;
};

describe.each(EVERY_WRITE)('$what', (write) => {
  it('is done once, however often it is sent, and gives its first answer', async () => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    const first = await sendWrite(world, write, request);
    const after = leftIn(data);
    world.aheadMs += 1_000;
    const again = await sendWrite(world, write, request);
    expect([first.status, first.headers[HEADERS.replayed]]).toEqual([write.status, undefined]);
    expect([again.status, again.headers[HEADERS.replayed], again.text]).toEqual([write.status, 'true', first.text]);
    for (const name of [HEADERS.token, HEADERS.etag]) expect(again.headers[name]).toBe(first.headers[name]);
    expect(leftIn(data)).toEqual(after);
    // A tag is what an edit is made from: only what is edited has one.
    expect(first.headers[HEADERS.etag] !== undefined).toBe(write.route.success.tagged === true);
  });

  it.each([
    ['took it', true],
    ['never got it', false],
  ])('is of unknown outcome while the answer of a table is lost that %s, and done once when it is sent again', async (_, taken) => {
    const reference = await openWorld();
    const undisturbed = await write.prepare(reference.world);
    const expected = await sendWrite(reference.world, write, undisturbed);
    const count = leftIn(reference.data).length;
    let lost = 0;
    // Each transaction of the request is lost in turn, until one is not reached.
    for (let index = 0; index < 10; index += 1) {
      const data = new LosingStore();
      const { world } = await openWorld({}, data);
      const request = await write.prepare(world);
      Object.assign(data, { lostAfter: index, taken });
      const doubtful = await sendWrite(world, write, request);
      if (doubtful.status < 300) break;
      lost += 1;
      expect([doubtful.status, doubtful.body['type'], doubtful.headers[HEADERS.token]]).toEqual([503, '/problems/unavailable', undefined]);
      expect(doubtful.body['detail']).toContain('send the same request again');
      const again = await sendWrite(world, write, request);
      expect([again.status, again.headers[HEADERS.replayed] === 'true']).toEqual([expected.status, taken]);
      const settled = leftIn(data);
      expect((await sendWrite(world, write, request)).text).toBe(again.text);
      expect([settled.length, leftIn(data)]).toEqual([count, settled]);
    }
    expect(lost).toBeGreaterThan(0);
  });

  it('gives a token that any region takes, and that is fulfilled where all that it names is, and nowhere else', async () => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    const answer = await sendWrite(world, write, request);
    const token = { headers: { [HEADERS.token]: answer.headers[HEADERS.token] ?? 'none' } };
    const carriers = carriersOf(answer);
    expect(carriers.length).toBeGreaterThan(0);
    const items = leftIn(data);
    const lacking = carriers.map((carrier) => items.filter((item) => !isSame(item, carrier)));
    for (const [held, stale] of [[items, undefined], ...[[], ...lacking].map((each) => [each, 'true'] as const)] as const) {
      const elsewhere = await regionWith(held, world);
      const read = await elsewhere.get('/orders', { ...token, token: world.key.token() });
      expect([read.status, read.headers[HEADERS.stale]]).toEqual([200, stale]);
    }
  });

  it('can be answered by whoever holds what its token names: it is not done again there', async () => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    const first = await sendWrite(world, write, request);
    const carried = leftIn(data).filter((item) => carriersOf(first).some((carrier) => isSame(item, carrier)));
    const elsewhere = await regionWith(carried, world);
    const again = await sendWrite(elsewhere, write, request, { token: world.key.token() });
    expect([again.status, again.headers[HEADERS.replayed], again.text]).toEqual([write.status, 'true', first.text]);
    expect(again.headers[HEADERS.token]).toBe(first.headers[HEADERS.token]);
  });

  it('is replicated when a peer holds every item that carries it, and not while it lacks one', async () => {
    const holding = async (hides: (key: Key, carriers: readonly Key[]) => boolean, deadlineMs: number): Promise<Answered> => {
      const looked: Key[] = [];
      const peer: Pick<Store, 'get'> = {
        get: async (key) => {
          if (!looked.some((each) => isSame(each, key))) looked.push(key);
          return hides(key, looked) ? undefined : data.peek(key);
        },
      };
      const { world, data } = await openWorld({ peer, replicatedDeadlineMs: deadlineMs });
      const request = await write.prepare(world);
      expect(world.askedPeers).toEqual([]);
      const answer = await sendWrite(world, write, request, REPLICATED);
      expect(new Set(world.askedPeers)).toEqual(new Set([PEER]));
      expect(looked.toSorted(byKey)).toEqual(carriersOf(answer).toSorted(byKey));
      return answer;
    };
    const held = await holding(() => false, PATIENT_MS);
    expect(toldOf(held)).toEqual([write.status, 'replicated']);
    for (const lacking of carriersOf(held).keys()) {
      const local = await holding((key, looked) => looked.findIndex((each) => isSame(each, key)) === lacking, IMPATIENT_MS);
      // Done, and so answered, with everything that a success has.
      expect(toldOf(local)).toEqual([202, 'local']);
      expect(carriersOf(local)).toHaveLength(carriersOf(held).length);
    }
  });

  it('asks no peer unless its caller does', async () => {
    const { world } = await openWorld();
    const answer = await sendWrite(world, write, await write.prepare(world));
    expect([...toldOf(answer), world.askedPeers]).toEqual([write.status, undefined, []]);
  });

  it('says which region did it, in its answer and in what it left', async () => {
    const { world, data } = await openWorld();
    const answer = await sendWrite(world, write, await write.prepare(world));
    expect(answer.text).toContain(`"${HERE}"`);
    expect(answer.headers[HEADERS.region]).toBe(HERE);
    expect(leftIn(data).every(({ sk }) => sk.endsWith(`#${HERE}`))).toBe(true);
  });
});

const byKey = (a: Key, b: Key): number => (`${a.pk}\n${a.sk}` < `${b.pk}\n${b.sk}` ? -1 : 1);
