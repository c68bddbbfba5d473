import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BoundedCache } from '../../functions/aws/bounded-cache.ts';
import { itemOf, marshal, marshalAll } from '../../functions/aws/marshal.ts';
import { peersOf } from '../../functions/aws/peers.ts';
import { type StreamRecord, workOf } from '../../functions/aws/stream-work.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { HANG_MS } from '../support/eventually.ts';
import { DynamoWire, failure, success } from './dynamo-wire.ts';
import { logged, stub } from './lab.ts';

const KEY = { pk: 'ORDER#1', sk: 'PLACED#a' };

describe('a peer', () => {
  beforeAll(() => stub({ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }));
  afterAll(() => vi.unstubAllEnvs());

  const peersOn = (wire: DynamoWire, replicatedDeadlineMs = 30_000) =>
    peersOf({ replicatedDeadlineMs, peerEndpoints: { 'us-east-2': wire.url } });

  it('is asked consistently for what its own replica holds, of the same table', async () => {
    await using wire = await DynamoWire.answering(success({ Item: marshalAll({ ...KEY, v: 1 }) }));
    const peer = peersOn(wire)('us-east-2');
    expect([peer.region, await peer.get(KEY)]).toEqual(['us-east-2', { ...KEY, v: 1 }]);
    expect(wire.asked).toMatchObject([{ operation: 'GetItem', input: { ConsistentRead: true, TableName: 'tandem-data' } }]);
  });

  it('is asked once a look, because whoever asks looks again; and why it did not answer is told once a minute', async () => {
    await using wire = await DynamoWire.answering(failure(400, 'AccessDeniedException'), failure(500, 'InternalServerError'));
    const peers = peersOn(wire);
    const { lines } = await logged(async () => {
      for (let look = 0; look < 5; look += 1) await expect(peers('us-east-2').get(KEY)).rejects.toBeInstanceOf(StoreUnavailable);
    });
    expect(wire.asked).toHaveLength(5);
    expect(lines).toMatchObject([{ level: 'WARN', peer: 'us-east-2', cause: { error: 'AccessDeniedException' } }]);
  });

  it('that is silent is given up soon enough to be asked once more before the deadline', async () => {
    await using wire = await DynamoWire.answering('silence');
    const started = performance.now();
    // What is given is looked at, for a machine that is busy tells half a deadline from a whole one by luck alone.
    const given = vi.spyOn(AbortSignal, 'timeout');
    await logged(() => expect(peersOn(wire, 201)('us-east-2').get(KEY)).rejects.toThrow('after 1 of 1 attempts, its outcome is unknown'));
    expect(given.mock.calls).toEqual([[101]]);
    given.mockRestore();
    // The client's own limit is two seconds.
    expect(performance.now() - started).toBeLessThan(HANG_MS);
  });
});

describe('the work of a batch of the stream', () => {
  const record = (sequence: string | undefined, sk: string, pk = 'ORDER#1'): StreamRecord => ({
    dynamodb: {
      ...(sequence === undefined ? {} : { SequenceNumber: sequence }),
      NewImage: { pk: { S: pk }, sk: { S: sk }, v: { N: '1' }, region: { S: 'a' }, quantity: { N: '1' } },
    },
  });

  it('is each task once, from the first record that asks for it: from there a batch that fails is brought again', () => {
    const records = [
      record('3', 'PLACED#b'),
      record('4', 'E#cancel#x#b'),
      record('5', 'RECEIPT#h#b', 'STOCK#tea'),
      record('6', 'PLACED#c'),
    ];
    expect(workOf(records, 'a')).toEqual([
      { sequence: '3', task: { kind: 'reconcile', order: '1' } },
      { sequence: '5', task: { kind: 'book', sku: 'tea', hash: 'h' } },
    ]);
  });

  it('is nothing for what was deleted, or what no table wrote', () => {
    const deleted: StreamRecord = { dynamodb: { SequenceNumber: '1', OldImage: { pk: { S: 'ORDER#1' }, sk: { S: 'PLACED#b' } } } };
    expect(workOf([deleted, {}, record(undefined, 'PLACED#b')], 'a')).toEqual([]);
  });
});

describe('a value of an item', () => {
  it('is an integer that comes back as it went, or is refused before it is sent', () => {
    for (const value of [2 ** 53, -(2 ** 53), 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => marshal(value)).toThrow('allowed: integers within 2^53');
    expect([marshal(2 ** 53 - 1), marshal(-0)]).toEqual([{ N: '9007199254740991' }, { N: '0' }]);
  });

  it('of a kind that this system never writes is left out, and an item without a version has none', () => {
    expect(itemOf({ pk: { S: 'a' }, sk: { S: 'b' }, set: {}, list: { L: [{}, { NULL: true }] } })).toEqual({
      pk: 'a',
      sk: 'b',
      v: 0,
      list: [null],
    });
    expect(itemOf({ pk: { S: 'a' }, sk: { S: 'b' }, v: { S: '1' } }).v).toBe(0);
    expect(marshalAll({ there: 1, gone: undefined })).toEqual({ there: { N: '1' } });
  });
});

describe('a bounded cache', () => {
  it('keeps what came last, and counts what comes again as new', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('a', 3);
    cache.set('c', 4);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([3, undefined, 4]);
    cache.delete('a');
    cache.set('d', 5);
    expect(['a', 'c', 'd'].map((key) => cache.get(key))).toEqual([undefined, 4, 5]);
  });

  it('is bound by what its entries weigh, and keeps none that is heavier than all', () => {
    const cache = new BoundedCache<number>(10);
    for (const [key, weight] of [
      ['a', 4],
      ['b', 4],
      ['a', 2],
      ['c', 4],
      ['d', 2],
    ] as const)
      cache.set(key, weight, weight);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual([2, undefined, 4, 2]);
    cache.set('e', 11, 11);
    expect(['a', 'c', 'd', 'e'].map((key) => cache.get(key))).toEqual([undefined, undefined, undefined, undefined]);
    cache.set('f', 10, 10);
    expect(cache.get('f')).toBe(10);
  });
});
