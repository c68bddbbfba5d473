import { describe, expect, it } from 'vitest';
import { attempt, CHECK_LIMITS, type Limits, REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { marshalAll } from '../../functions/aws/marshal.ts';
import { type Item, type Store, StoreBusy, StoreUnavailable, type Write } from '../../functions/core/store.ts';
import { type Asked, DynamoWire, failure, type Reply, success } from './dynamo-wire.ts';

const ITEM: Item = { pk: 'ORDER#1', sk: 'PLACED#a', v: 1, lines: [{ sku: 'tea', quantity: 1 }] };
const OTHER: Item = { ...ITEM, lines: [{ sku: 'tea', quantity: 2 }] };
const ABSENT = [{ is: 'absent' }] as const;
const ATTEMPTS = 3;
const BUSY_ATTEMPTS = 5;
const BUSY: Limits['busy'] = { attempts: BUSY_ATTEMPTS, backoffMs: 20, backoffMaxMs: 100, withinMs: 30_000 };
const NO_WAIT = { random: () => 0, sleep: async () => undefined, elapsed: () => 0 };

const FACT: readonly Write[] = [{ action: 'put', item: ITEM, guards: ABSENT }];
const COUNT: readonly Write[] = [{ action: 'update', key: ITEM, add: { n: 1 }, guards: [{ is: 'present' }] }];
/** Each call of a store. */
const CALLS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  get: (store) => store.get(ITEM),
  query: (store) => store.query(ITEM.pk),
  listByOwner: (store) => store.listByOwner('ann', { limit: 1 }),
  'transact, a plain put': (store) => store.transact(FACT),
  'transact, a transaction': (store) => store.transact(COUNT),
};

interface Ended {
  readonly value: unknown;
  readonly error: unknown;
  readonly asked: readonly Asked[];
}

/** What a call comes to when these are the answers. */
const called = async (
  call: (store: Store) => Promise<unknown>,
  replies: readonly Reply[],
  limits: Partial<Limits> = {},
): Promise<Ended> => {
  await using wire = await DynamoWire.answering(...replies);
  const store = new DynamoStore({
    client: wire.client,
    table: 'data',
    limits: { attempts: ATTEMPTS, attemptMs: 30_000, backoffMs: 1, busy: BUSY, ...limits },
    chance: NO_WAIT,
  });
  const [value, error] = await call(store).then(
    (done) => [done, undefined],
    (reason: unknown) => [undefined, reason],
  );
  return { value, error, asked: wire.asked };
};

const conflict = failure(400, 'TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] });
const met = (item: Item) =>
  failure(400, 'TransactionCanceledException', { CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: marshalAll(item) }] });
const exists = (item: Item) => failure(400, 'ConditionalCheckFailedException', { Item: marshalAll(item) });
const server = failure(500, 'InternalServerError');
const throttled = failure(400, 'ThrottlingException');
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html */
const reasoned = (reason: string) => [{ reason, resource: 'arn:aws:dynamodb:eu-central-1:123456789012:table/data' }];
const tableThrottled = failure(400, 'ProvisionedThroughputExceededException', {
  ThrottlingReasons: reasoned('TableWriteAccountLimitExceeded'),
});

const socketError = (syscall: string, code: string) => Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
const unreached = socketError('connect', 'EHOSTUNREACH');

describe('a call that ends with an error of its socket', () => {
  it.each<[string, Error, string]>([
    ['no connection is accepted', socketError('connect', 'ECONNREFUSED'), 'nothing was applied'],
    ['no way leads there', unreached, 'nothing was applied'],
    ['the name has no address', socketError('getaddrinfo', 'ENOTFOUND'), 'nothing was applied'],
    ['none of several addresses can be reached', new AggregateError([unreached, unreached]), 'nothing was applied'],
    ['the way is lost while the answer is waited for', socketError('read', 'EHOSTUNREACH'), 'its outcome is unknown'],
    ['the way is lost while it is sent', socketError('write', 'ENETUNREACH'), 'its outcome is unknown'],
    ['a reading ends as a refused connection does', socketError('read', 'ECONNREFUSED'), 'its outcome is unknown'],
    ['nobody knows what it was about', Object.assign(new Error('?'), { code: 'ENETUNREACH' }), 'its outcome is unknown'],
    [
      'one of several addresses was reached',
      new AggregateError([unreached, socketError('read', 'EHOSTUNREACH')]),
      'its outcome is unknown',
    ],
    ['several addresses say nothing', new AggregateError([]), 'its outcome is unknown'],
  ])('says what is known when %s', async (_what, error, known) => {
    const ended = attempt({ ...REQUEST_LIMITS, attempts: 1 }, () => Promise.reject(error), NO_WAIT);
    await expect(ended).rejects.toThrow(known);
  });
});

describe.each(Object.entries(CALLS))('a call of the store, %s', (_, call) => {
  it.each<[string, Reply, string]>([
    ['the connection is reset after the request was taken', 'reset', 'its outcome is unknown'],
    ['the answer ends in the middle', 'cut', 'its outcome is unknown'],
    ['the answer is no answer', { status: 502, body: {} }, 'its outcome is unknown'],
    ['the table fails', server, 'its outcome is unknown'],
    ['the table is not there for anybody now', failure(503, 'ServiceUnavailable'), 'its outcome is unknown'],
    ['the account has no more', failure(400, 'RequestLimitExceeded'), 'nothing was applied'],
    ['all callers together ask too much of the table', tableThrottled, 'nothing was applied'],
  ])('is tried %s as often as its limits say, and its end says what is known', async (_what, reply, known) => {
    const { error, asked } = await called(call, [reply]);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain(`after ${ATTEMPTS} of ${ATTEMPTS} attempts, ${known}`);
    expect(asked).toHaveLength(ATTEMPTS);
    // The same request each time: under the token that it has, it is applied once.
    for (const each of asked) expect(each).toEqual(asked[0]);
  });

  it.each<[string, Reply]>([
    ['too much is asked', throttled],
    ['too much is asked of one partition', failure(400, 'ProvisionedThroughputExceededException')],
    [
      'too much is asked of one key, which is named',
      failure(400, 'ThrottlingException', { throttlingReasons: reasoned('TableWriteKeyRangeThroughputExceeded') }),
    ],
  ])('that is told that %s is tried more often, and then told from an outage: nothing was applied', async (_what, reply) => {
    const { error, asked } = await called(call, [reply]);
    expect(error).toBeInstanceOf(StoreBusy);
    expect(String(error)).toContain(`lost to other writes ${BUSY_ATTEMPTS} of ${BUSY_ATTEMPTS} times, nothing was applied`);
    expect(asked).toHaveLength(BUSY_ATTEMPTS);
    for (const each of asked) expect(each).toEqual(asked[0]);
  });

  it('that fails in between loses none of its patience with what others write, and the end is what came last', async () => {
    const { error, asked } = await called(call, [throttled, throttled, failure(400, 'RequestLimitExceeded')]);
    expect([error instanceof StoreBusy, error instanceof StoreUnavailable, asked.length]).toEqual([false, true, 2 + ATTEMPTS]);
    expect((await called(call, [failure(400, 'RequestLimitExceeded'), throttled])).asked).toHaveLength(1 + BUSY_ATTEMPTS);
  });

  it('stays of unknown outcome once it was, whatever comes after', async () => {
    for (const replies of [
      ['reset', throttled],
      [throttled, 'reset', throttled],
      [server, failure(400, 'ResourceNotFoundException')],
    ] as const)
      expect(String((await called(call, replies)).error)).toMatch(/^StoreUnavailable: .*its outcome is unknown/);
  });

  it.each(['AccessDeniedException', 'ResourceNotFoundException', 'UnrecognizedClientException'])(
    'is not repeated when the next attempt would end alike: %s',
    async (name) => {
      const { error, asked } = await called(call, [failure(400, name)]);
      expect([error instanceof StoreUnavailable, asked.length]).toEqual([true, 1]);
      expect(String(error)).toContain(`after 1 of ${ATTEMPTS} attempts, nothing was applied`);
    },
  );

  it.each(['ValidationException', 'SerializationException', 'ItemCollectionSizeLimitExceededException'])(
    'that is wrong itself is told as what it is, and is no outage: %s',
    async (name) => {
      const { error, asked } = await called(call, [failure(400, name)]);
      expect([error instanceof StoreUnavailable, asked.length]).toEqual([false, 1]);
      expect(error).toMatchObject({ name });
    },
  );

  it('that meets silence is given up attempt by attempt', async () => {
    const { error, asked } = await called(call, ['silence'], { attempts: 2, attemptMs: 100 });
    expect(String(error)).toContain('after 2 of 2 attempts, its outcome is unknown');
    expect(asked).toHaveLength(2);
    // By its own time, and not by the client's, which is longer.
    expect(error).toMatchObject({ cause: { name: 'AbortError' } });
  });

  it('ends well when an attempt within its limits does', async () => {
    const last = success({ Items: [] });
    const { error, asked } = await called(call, ['reset', throttled, last]);
    expect([error, asked.length]).toEqual([undefined, ATTEMPTS]);
  });
});

describe('a guarded write', () => {
  const fact = (store: Store) => store.transact(FACT);
  const count = (store: Store) => store.transact(COUNT);

  it('that meets its own item after a lost answer was done; that meets another one lost', async () => {
    expect((await called(fact, ['reset', exists(ITEM)])).value).toEqual({ ok: true });
    expect((await called(fact, [server, exists(ITEM)])).value).toEqual({ ok: true });
    expect((await called(fact, ['reset', exists(OTHER)])).value).toEqual({ ok: false, failed: 0, item: OTHER });
  });

  it('that meets an equal item of somebody before it was answered lost to it: nothing of its own was applied', async () => {
    expect((await called(fact, [exists(ITEM)])).value).toEqual({ ok: false, failed: 0, item: ITEM });
    expect((await called(fact, [throttled, exists(ITEM)])).value).toEqual({ ok: false, failed: 0, item: ITEM });
  });

  it('in a transaction tells the first that failed, with its item, and conflicts beside it do not matter', async () => {
    const reasons = (...codes: readonly string[]) =>
      failure(400, 'TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code, Item: marshalAll(OTHER) })) });
    const two = (store: Store) => store.transact([...FACT, { action: 'check', key: { ...ITEM, sk: 'X' }, guards: [{ is: 'present' }] }]);
    expect((await called(two, [reasons('None', 'ConditionalCheckFailed')])).value).toEqual({ ok: false, failed: 1, item: OTHER });
    expect((await called(two, [reasons('ConditionalCheckFailed', 'ConditionalCheckFailed')])).value).toMatchObject({ failed: 0 });
    const mixed = await called(two, [reasons('TransactionConflict', 'ConditionalCheckFailed')]);
    expect([mixed.value, mixed.asked.length]).toEqual([{ ok: false, failed: 1, item: OTHER }, 1]);
  });

  it('in a transaction that conflicts with another is tried again, and none of it was applied', async () => {
    const { error, asked } = await called(count, [conflict]);
    expect([error instanceof StoreBusy, asked.length]).toEqual([true, BUSY_ATTEMPTS]);
    expect(String(error)).toContain('nothing was applied');
    expect((await called(count, [conflict, failure(400, 'TransactionInProgressException'), met(OTHER)])).value).toMatchObject({
      ok: false,
    });
  });

  it('in a transaction that is wrong itself is a mistake', async () => {
    const wrong = failure(400, 'TransactionCanceledException', { CancellationReasons: [{ Code: 'ValidationError' }, { Code: 'None' }] });
    for (const reply of [wrong, failure(400, 'IdempotentParameterMismatchException')]) {
      const { error, asked } = await called(count, [reply]);
      expect([error instanceof StoreUnavailable, asked.length]).toEqual([false, 1]);
    }
  });
});

describe('the waits between attempts', () => {
  it('are drawn from nothing to a bound that doubles each time, so that callers do not come back together', async () => {
    for (const random of [0, 0.5, 0.999]) {
      await using wire = await DynamoWire.answering(server);
      const waits: number[] = [];
      const chance = { random: () => random, sleep: async (ms: number) => void waits.push(ms), elapsed: () => 0 };
      const store = new DynamoStore({
        client: wire.client,
        table: 'data',
        limits: { attempts: 4, attemptMs: 30_000, backoffMs: 50, busy: BUSY },
        chance,
      });
      await expect(store.get(ITEM)).rejects.toThrow('after 4 of 4');
      expect(waits).toEqual([50, 100, 200].map((bound) => bound * random));
    }
  });

  it('that others won are spread wider each time up to a bound, and end in time however slow the answers are', async () => {
    await using wire = await DynamoWire.answering(throttled);
    const waits: number[] = [];
    const clock = { nowMs: 0 };
    const sleep = async (ms: number) => void waits.push(ms);
    const tryOften = (answerMs: number) => {
      const elapsed = () => {
        clock.nowMs += answerMs;
        return clock.nowMs;
      };
      const limits = { attempts: 1, attemptMs: 30_000, backoffMs: 1, busy: { ...BUSY, withinMs: 1_000 } };
      return new DynamoStore({ client: wire.client, table: 'data', limits, chance: { random: () => 0.5, sleep, elapsed } }).get(ITEM);
    };
    await expect(tryOften(1)).rejects.toThrow('5 of 5 times');
    expect(waits.splice(0)).toEqual([10, 20, 40, 50]);
    await expect(tryOften(400)).rejects.toThrow('3 of 5 times');
  });

  it('and the attempts together end before the function does, and the deep check before its prober goes', () => {
    const longest = ({ attempts, attemptMs, backoffMs, busy }: Limits) =>
      attempts * attemptMs + backoffMs * (2 ** (attempts - 1) - 1) + busy.withinMs + busy.backoffMaxMs;
    expect(longest(REQUEST_LIMITS)).toBeLessThan(8_000);
    expect(longest(CHECK_LIMITS)).toBeLessThan(2_000);
    for (const { attempts } of [REQUEST_LIMITS, CHECK_LIMITS]) expect(attempts).toBeGreaterThan(1);
  });

  it('are the only ones: the SDK repeats nothing by itself', async () => {
    for (const reply of ['reset', server, throttled] as const)
      expect((await called((store) => store.get(ITEM), [reply], { attempts: 1, busy: { ...BUSY, attempts: 1 } })).asked).toHaveLength(1);
  });
});
