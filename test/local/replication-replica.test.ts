import { describe, expect, it } from 'vitest';
import { conditionOn } from '../../local/replication/emulator.ts';
import { Replica, type Send } from '../../local/replication/replica.ts';
import {
  ABSENT,
  ancient,
  type Change,
  type Content,
  compareVersions,
  contentOf,
  keyIdOf,
  type Version,
  writeTimeMs,
} from '../../local/replication/version.ts';
import { item } from './replication-world.ts';

describe('the content of an item', () => {
  it('is the same whatever the order of attributes and of set members, and different when a value differs', () => {
    const one = contentOf({
      pk: { S: 'a' },
      tags: { SS: ['x', 'y'] },
      map: { M: { a: { N: '1' }, b: { BOOL: true } } },
      bytes: { B: new Uint8Array([1, 2]) },
    });
    const same = contentOf({
      bytes: { B: new Uint8Array([1, 2]) },
      map: { M: { b: { BOOL: true }, a: { N: '1' } } },
      tags: { SS: ['y', 'x'] },
      pk: { S: 'a' },
    });
    expect(same.hash).toBe(one.hash);
    expect(contentOf({ pk: { S: 'a' }, list: { L: [{ S: 'x' }, { S: 'y' }] } }).hash).not.toBe(
      contentOf({ pk: { S: 'a' }, list: { L: [{ S: 'y' }, { S: 'x' }] } }).hash,
    );
    expect(contentOf({ pk: { S: '1' } }).hash).not.toBe(contentOf({ pk: { N: '1' } }).hash);
    expect(contentOf({ bytes: { B: new Uint8Array([1]) } }).hash).not.toBe(contentOf({ bytes: { B: new Uint8Array([2]) } }).hash);
  });
});

describe('the write time of a stream record', () => {
  const second = 1_764_000_000_000;
  const numbered = (ms: number) => `${String(ms).padStart(20, '0')}0000000007`;
  it.each([
    {
      title: 'is the millisecond inside the sequence number',
      sequence: numbered(second + 345),
      readAt: second + 5_000,
      previous: 0,
      expected: second + 345,
    },
    {
      title: 'is not taken from a number that disagrees with the second',
      sequence: numbered(12),
      readAt: second + 500,
      previous: 0,
      expected: second + 500,
    },
    {
      title: 'is the moment of reading within the second, of another emulator',
      sequence: '000000000000000000001',
      readAt: second + 250,
      previous: 0,
      expected: second + 250,
    },
    {
      title: 'stays within the second when the record is read late',
      sequence: '49590338271490256608',
      readAt: second + 60_000,
      previous: 0,
      expected: second + 999,
    },
    { title: 'does not precede the second', sequence: 'x', readAt: second - 60_000, previous: 0, expected: second },
    {
      title: 'does not run backwards',
      sequence: numbered(second + 345),
      readAt: second + 400,
      previous: second + 700,
      expected: second + 700,
    },
  ])('$title', ({ sequence, readAt, previous, expected }) => {
    expect(writeTimeMs({ sequence, createdMs: second }, readAt, previous)).toBe(expected);
  });
});

describe('the order of versions', () => {
  const version = (atMs: number, region: string, sequence = '') => ({ ...ancient(region, { pk: { S: 'k' } }, ABSENT), atMs, sequence });
  it.each([
    { title: 'later beats earlier', loser: version(1, 'z'), winner: version(2, 'a') },
    { title: 'the last region name wins a tie', loser: version(2, 'eu-central-1'), winner: version(2, 'eu-west-1') },
    { title: 'the stream orders one millisecond of one region', loser: version(2, 'a', '9'), winner: version(2, 'a', '10') },
    { title: 'an item older than the stream loses against every write', loser: version(0, 'z'), winner: version(1, 'a', '1') },
  ])('$title', ({ loser, winner }) => {
    expect(compareVersions(loser, winner)).toBeLessThan(0);
    expect(compareVersions(winner, loser)).toBeGreaterThan(0);
    expect(compareVersions(winner, winner)).toBe(0);
  });
});

describe('the condition of a replicated write', () => {
  it('demands that there is no item, or that every attribute is as believed', () => {
    expect(conditionOn(ABSENT, { pk: { S: 'k' }, sk: { S: 'x' } })).toEqual({
      ConditionExpression: 'attribute_not_exists(#a)',
      ExpressionAttributeNames: { '#a': 'pk' },
    });
    expect(conditionOn(contentOf({ pk: { S: 'k' }, size: { N: '1' } }), { pk: { S: 'k' } })).toEqual({
      ConditionExpression: '#a0 = :v0 AND #a1 = :v1',
      ExpressionAttributeNames: { '#a0': 'pk', '#a1': 'size' },
      ExpressionAttributeValues: { ':v0': { S: 'k' }, ':v1': { N: '1' } },
    });
  });
  it('stays within the operators that DynamoDB allows', () => {
    const image = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`a${n}`, { S: 'x' }]));
    expect(conditionOn(contentOf(image), { a0: { S: 'x' } }).ConditionExpression.split(/=|AND/).length).toBeLessThanOrEqual(300);
  });
});

describe('what is known of a region', () => {
  const x = item('x');
  const y = item('y');
  const remote = (content: Content, atMs: number): Version => ({ ...content, keyId: K.id, key: K.key, region: 'a', atMs, sequence: '' });
  const record = (before: Content, after: Content, atMs: number): Change => ({
    keyId: K.id,
    key: K.key,
    before,
    after,
    atMs,
    sequence: String(atMs),
  });
  const sent = (replica: Replica, version: Version): Send => {
    const offer = replica.offer(version);
    if (offer.kind !== 'send') throw new Error('a write was expected');
    return offer.send;
  };

  it("tells the application's write from the echo of a replicated one", () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'applied', before: ABSENT }, 11);
    expect(replica.observe(record(ABSENT, x, 11))).toBeUndefined();
    expect(replica.observe(record(x, y, 12))).toMatchObject({ region: 'b', atMs: 12 });
    expect(replica.observe(record(y, x, 13))).toMatchObject({ region: 'b', atMs: 13 });
  });
  it('recognises the echo of a write that was given up and applied late', () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'unknown' }, 11);
    expect(replica.observe(record(ABSENT, x, 500))).toBeUndefined();
    expect(replica.offer(remote(x, 10))).toEqual({ kind: 'settled' });
  });
  it("takes the same change for the application's when the answer says that the replicated write was refused", () => {
    const replica = new Replica('b');
    const send = sent(replica, remote(x, 10));
    expect(replica.observe(record(ABSENT, x, 11))).toBeUndefined();
    expect(replica.settle(send, { kind: 'refused', found: x }, 12)).toMatchObject([{ region: 'b', atMs: 11 }]);
  });
  it('lets an older version vanish, and writes nothing that is there already', () => {
    const replica = new Replica('b');
    replica.observe(record(ABSENT, x, 20));
    expect(replica.offer(remote(y, 19))).toEqual({ kind: 'settled' });
    expect(replica.offer(remote(x, 21))).toEqual({ kind: 'settled' });
    expect(replica.best(K.id)?.atMs).toBe(21);
  });
  it('remembers a deletion against an older write, and forgets it when told to', () => {
    const replica = new Replica('b');
    replica.observe(record(ABSENT, x, 20));
    replica.observe(record(x, ABSENT, 30));
    expect(replica.offer(remote(y, 29))).toEqual({ kind: 'settled' });
    expect(replica.tombstones()).toHaveLength(1);
    replica.forgetTombstones(30);
    expect(replica.tombstones()).toHaveLength(1);
    replica.forgetTombstones(31);
    expect(replica.tombstones()).toHaveLength(0);
  });
  it('repairs a newer local write that an older replicated one overwrote', () => {
    const replica = new Replica('b');
    const send = sent(replica, remote(x, 10));
    replica.settle(send, { kind: 'unknown' }, 11);
    replica.observe(record(ABSENT, y, 20));
    expect(replica.repairs()).toEqual([]);
    replica.observe(record(y, x, 21));
    expect(replica.repairs()).toMatchObject([{ region: 'b', atMs: 20, hash: y.hash }]);
  });
  it('stops waiting for a write that never came', () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'unknown' }, 11);
    replica.expire(12);
    expect(replica.observe(record(ABSENT, x, 20))).toMatchObject({ region: 'b', atMs: 20 });
  });
  it('counts on an answered write before the stream shows it, and repairs nothing meanwhile', () => {
    const replica = new Replica('b');
    replica.observe(record(ABSENT, y, 5));
    replica.settle(sent(replica, remote(x, 10)), { kind: 'applied', before: y }, 11);
    expect(replica.repairs()).toEqual([]);
    expect(sent(replica, remote(y, 12)).expected.hash).toBe(x.hash);
  });
  it('takes a record for an echo only where it replaced what the write replaced', () => {
    const replica = new Replica('b');
    // Written, deleted and only then replicated: the answer came before the stream was read.
    replica.settle(sent(replica, remote(x, 10)), { kind: 'applied', before: ABSENT }, 11);
    expect(replica.observe(record(y, x, 5))).toMatchObject({ region: 'b', atMs: 5 });
    expect(replica.observe(record(x, ABSENT, 6))).toMatchObject({ region: 'b', atMs: 6 });
    expect(replica.observe(record(ABSENT, x, 11))).toBeUndefined();
  });
  it('counts a refused write as arrived where the same is there, and only there', () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'refused', found: y }, 11);
    expect(replica.best(K.id)).toBeUndefined();
    replica.settle(sent(replica, remote(x, 10)), { kind: 'refused', found: x }, 11);
    expect(replica.best(K.id)).toMatchObject({ region: 'a', atMs: 10 });
  });
  it('keeps what arrived when it learns of an item that is older than the stream', () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'applied', before: ABSENT }, 11);
    replica.learn(remote(y, 20), item('z'), 0);
    expect(replica.best(K.id)?.atMs).toBe(10);
  });
  it('forgets no deletion that is not there yet, nor one that a write under way may undo', () => {
    const replica = new Replica('b');
    replica.observe(record(ABSENT, x, 20));
    replica.settle(sent(replica, remote(ABSENT, 30)), { kind: 'applied', before: x }, 31);
    replica.forgetTombstones(40);
    expect(replica.tombstones()).toHaveLength(1);
    replica.observe(record(x, ABSENT, 31));
    replica.settle(sent(replica, remote(y, 50)), { kind: 'unknown' }, 51);
    replica.forgetTombstones(40);
    expect(replica.tombstones()).toHaveLength(1);
    replica.expire(100);
    replica.forgetTombstones(40);
    expect(replica.tombstones()).toHaveLength(0);
  });
  it('repairs nothing while a write is under way, which may be newer', () => {
    const replica = new Replica('b');
    replica.settle(sent(replica, remote(x, 10)), { kind: 'unknown' }, 11);
    replica.observe(record(ABSENT, y, 20));
    replica.observe(record(y, x, 21));
    const send = sent(replica, remote(item('z'), 30));
    expect(replica.repairs()).toEqual([]);
    replica.settle(send, { kind: 'unknown' }, 31);
    expect(replica.repairs()).toMatchObject([{ atMs: 20 }]);
  });
  it('believes the stream rather than an earlier refusal', () => {
    const replica = new Replica('b');
    const version = remote(x, 30);
    replica.settle(sent(replica, version), { kind: 'refused', found: y }, 11);
    replica.observe(record(ABSENT, y, 10));
    replica.observe(record(y, ABSENT, 12));
    replica.learn(version, y, 0);
    expect(sent(replica, version).expected.hash).toBe(ABSENT.hash);
  });
  it('believes what it finds when the stream does not know the key', () => {
    const replica = new Replica('b');
    const version = remote(x, 10);
    replica.settle(sent(replica, version), { kind: 'refused', found: y }, 11);
    replica.learn(version, y, 0);
    expect(sent(replica, version).expected.hash).toBe(y.hash);
  });
});

const K = { key: { pk: { S: 'k' } }, id: keyIdOf({ pk: { S: 'k' } }) };
