import { describe, expect, it } from 'vitest';
import type { Item } from '../../functions/core/store.ts';
import { type Change, Replica } from '../../sim/replica.ts';

describe('a replica', () => {
  it('keeps the later of two writes of an item, in whatever order they arrive', () => {
    const [early, late] = [change('b', 1, 1), change('b', 2, 2)];
    for (const order of [
      [early, late],
      [late, early],
    ]) {
      const replica = new Replica('a');
      for (const each of order) replica.receive(each);
      expect(replica.get(late.key)).toBe(late.item);
    }
  });

  it('loses the earlier of two writes in two regions without a trace, as a global table does', () => {
    const [a, b] = [new Replica('a'), new Replica('b')];
    const mine = a.commit([{ action: 'put', item: item(1) }], 1_000).changes;
    const theirs = b.commit([{ action: 'put', item: item(2) }], 1_001).changes;
    for (const each of theirs) a.receive(each);
    for (const each of mine) expect(b.receive(each)).toBeUndefined();
    expect([a.get(item(0)), b.get(item(0))]).toEqual([item(2), item(2)]);
  });

  it('breaks ties of time by region, the same way everywhere', () => {
    const both = [change('a', 1, 1), change('b', 1, 1)];
    const results = [both, [...both].reverse()].map((order) => {
      const replica = new Replica('c');
      for (const each of order) replica.receive(each);
      return replica.get(item(0));
    });
    expect(results).toEqual([both[1]?.item, both[1]?.item]);
  });

  it('does not bring an item back that was deleted later than it was written', () => {
    const replica = new Replica('a');
    replica.receive({ ...change('b', 2, 2), item: undefined });
    replica.receive(change('b', 1, 1));
    expect(replica.get(item(0))).toBeUndefined();
  });

  it('sends nothing of a transaction whose guard fails, and each item of one that holds', () => {
    const replica = new Replica('a');
    const other = { ...item(1), sk: 'B#a' };
    const writes = [
      { action: 'put', item: item(1), guards: [{ is: 'absent' }] },
      { action: 'put', item: other },
    ] as const;
    expect(replica.commit(writes, 1).changes.map(({ key }) => key.sk)).toEqual(['A#a', 'B#a']);
    expect(replica.commit(writes, 2)).toMatchObject({ outcome: { ok: false, failed: 0 }, changes: [] });
  });
});

const item = (n: number): Item => ({ pk: 'X', sk: 'A#a', v: 1, n });
const change = (region: string, atMs: number, n: number): Change => ({
  key: item(n),
  item: item(n),
  before: undefined,
  version: { atMs, region, count: n },
});
