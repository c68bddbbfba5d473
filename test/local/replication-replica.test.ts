import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionOn } from '../../local/replication/emulator.ts';
import { type Outcome, Replica, type Send } from '../../local/replication/replica.ts';
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

/**
 * Property: whatever the interleaving, every region ends with the write of the latest time. The world below has real
 * stores and streams; links, answers and late writes happen in any order, and conditions may pass wrongly, as they do
 * where an item only gained attributes.
 */
type Step =
  | { readonly do: 'write'; readonly region: number; readonly key: number; readonly value: number | null }
  | { readonly do: 'read'; readonly region: number; readonly count: number }
  | {
      readonly do: 'deliver';
      readonly from: number;
      readonly to: number;
      readonly fate: Fate;
      readonly lax: boolean;
      readonly race: number | null;
    }
  | { readonly do: 'repair'; readonly region: number; readonly fate: Fate; readonly lax: boolean }
  | { readonly do: 'late'; readonly index: number; readonly lax: boolean };
type Fate = 'answered' | 'seen first' | 'answer lost' | 'write lost' | 'late';

const REGIONS = ['a', 'b', 'c'] as const;
const region = fc.nat({ max: REGIONS.length - 1 });
const key = fc.nat({ max: 1 });
const fates = (allowed: readonly Fate[]) => fc.constantFrom(...allowed);
const steps = (allowed: readonly Fate[], value: fc.Arbitrary<number | null>) =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), region, key, value }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), region, count: fc.integer({ min: 1, max: 4 }) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('deliver' as const),
          from: region,
          to: region,
          fate: fates(allowed),
          lax: fc.boolean(),
          race: fc.option(key, { freq: 4 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('repair' as const), region, fate: fates(allowed), lax: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('late' as const), index: fc.nat({ max: 9 }), lax: fc.boolean() }) },
    ),
    // Long plans: by default most would have a handful of steps.
    { minLength: 20, maxLength: 80, size: 'max' },
  );
const skews = fc.tuple(...REGIONS.map(() => fc.nat({ max: 5 })));

const ALL_FATES: readonly Fate[] = ['answered', 'seen first', 'answer lost', 'write lost', 'late'];
const RUNS = { numRuns: 3_000 };

describe('any interleaving of writes, deliveries, repairs and late writes', () => {
  it('ends with the latest write in every region, where answers may be lost', () => {
    fc.assert(
      fc.property(steps(ALL_FATES, fc.constant(-1)), skews, (plan, skew) => expectLatest(play(plan, skew))),
      RUNS,
    );
  });
  it('ends with the latest write or deletion in every region, where every answer arrives, and equal writes happen', () => {
    fc.assert(
      fc.property(steps(['answered', 'seen first'], fc.option(fc.constant(-1))), skews, (plan, skew) => expectLatest(play(plan, skew))),
      RUNS,
    );
  });
  it('ends with the same in every region, whatever is lost, late, deleted and written twice', () => {
    fc.assert(
      fc.property(steps(ALL_FATES, fc.option(fc.nat({ max: 2 }))), skews, (plan, skew) => {
        const world = play(plan, skew);
        for (const other of world.sites) expect(shape(other)).toEqual(shape(world.sites[0]));
      }),
      RUNS,
    );
  });
});

interface Site {
  readonly name: string;
  readonly replica: Replica;
  readonly store: Map<string, Content>;
  readonly stream: Change[];
  readonly skewMs: number;
  read: number;
}

/** Links, as `Link` and `Tail` run them, over stores in memory. */
class World {
  readonly sites: readonly Site[];
  readonly written: Version[] = [];
  readonly #queues = new Map<string, Version[]>();
  readonly #late: { readonly site: Site; readonly send: Send }[] = [];
  #nowMs = 100;
  #serial = 0;

  constructor(skew: readonly number[]) {
    this.sites = REGIONS.map((name, index) => ({
      name,
      replica: new Replica(name),
      store: new Map(),
      stream: [],
      skewMs: skew[index] ?? 0,
      read: 0,
    }));
  }

  step(step: Step): void {
    this.#nowMs += this.#serial % 2;
    switch (step.do) {
      case 'write':
        this.write(this.#site(step.region), step.key, step.value);
        return;
      case 'read':
        this.readStream(this.#site(step.region), step.count);
        return;
      case 'deliver': {
        const [from, to] = [this.#site(step.from), this.#site(step.to)];
        const queue = this.queue(from, to);
        const version = queue.shift();
        if (version && !this.#apply(to, version, step.fate, step.lax, step.race)) queue.unshift(version);
        return;
      }
      case 'repair': {
        const site = this.#site(step.region);
        this.readStream(site);
        for (const version of site.replica.repairs()) this.#apply(site, version, step.fate, step.lax, null);
        return;
      }
      case 'late': {
        const [late] = this.#late.splice(step.index, 1);
        if (late) this.#attempt(late.site, late.send, step.lax);
        return;
      }
    }
  }

  write(site: Site, keyNumber: number, value: number | null): void {
    this.#serial += 1;
    const content = value === null ? ABSENT : item(value < 0 ? `unique ${this.#serial}` : String(value));
    const change = this.#change(site, `k${keyNumber}`, content);
    if (change)
      this.written.push({
        ...content,
        keyId: change.keyId,
        key: change.key,
        region: site.name,
        atMs: change.atMs,
        sequence: change.sequence,
      });
  }

  readStream(site: Site, count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count; n += 1) {
      const change = site.stream[site.read];
      if (!change) return;
      site.read += 1;
      const version = site.replica.observe(change);
      if (version) this.#fanOut(site, [version]);
    }
  }

  queue(from: Site, to: Site): Version[] {
    const name = `${from.name} ${to.name}`;
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return queue;
  }

  /** Until nothing moves: then the late writes, and again. */
  quiesce(): void {
    this.#drain();
    for (const { site, send } of this.#late.splice(0)) this.#attempt(site, send, true);
    this.#drain();
  }

  #drain(): void {
    for (let round = 0; round < 200; round += 1) {
      const before = this.sites.reduce((sum, site) => sum + site.stream.length, 0);
      for (const site of this.sites) this.readStream(site);
      for (const from of this.sites) {
        for (const to of this.sites)
          for (const version of this.queue(from, to).splice(0))
            if (!this.#apply(to, version, 'answered', false, null)) this.queue(from, to).push(version);
      }
      for (const site of this.sites) {
        this.readStream(site);
        for (const version of site.replica.repairs()) this.#apply(site, version, 'answered', false, null);
      }
      const idle = this.sites.every(
        (from) =>
          this.sites.every((to) => this.queue(from, to).length === 0) &&
          from.read === from.stream.length &&
          from.replica.repairs().length === 0,
      );
      if (idle && before === this.sites.reduce((sum, site) => sum + site.stream.length, 0)) return;
    }
    throw new Error('replication does not come to rest: writes travel in a circle');
  }

  /** One try, as `Tail.deliver` makes it. */
  #apply(site: Site, version: Version, fate: Fate, lax: boolean, race: number | null): boolean {
    const revision = site.replica.revision(version.keyId);
    const offer = site.replica.offer(version);
    if (offer.kind === 'settled') return true;
    if (race !== null) this.write(site, race, -1);
    if (fate === 'late') this.#late.push({ site, send: offer.send });
    const outcome = fate === 'late' || fate === 'write lost' ? undefined : this.#attempt(site, offer.send, lax);
    if (fate === 'seen first') this.readStream(site);
    const known: Outcome = outcome === undefined || fate === 'answer lost' ? { kind: 'unknown' } : outcome;
    this.#fanOut(site, site.replica.settle(offer.send, known, this.#nowMs));
    if (known.kind !== 'refused' || known.found.hash === version.hash) return known.kind !== 'unknown';
    this.readStream(site);
    site.replica.learn(version, known.found, revision);
    return false;
  }

  /** The conditional write itself. A lax condition passes although something else is there. */
  #attempt(site: Site, send: Send, lax: boolean): Outcome {
    const before = site.store.get(send.version.keyId) ?? ABSENT;
    const passes = before.hash === send.expected.hash || (lax && before.image !== null && send.expected.image !== null);
    if (!passes) return { kind: 'refused', found: before };
    this.#change(site, send.version.keyId, send.version);
    return { kind: 'applied', before };
  }

  #change(site: Site, keyId: string, { image, hash }: Content): Change | undefined {
    const before = site.store.get(keyId) ?? ABSENT;
    if (before.hash === hash) return undefined;
    this.#serial += 1;
    site.store.set(keyId, { image, hash });
    const change: Change = {
      keyId,
      key: { pk: { S: keyId } },
      before,
      after: { image, hash },
      atMs: this.#nowMs + site.skewMs,
      sequence: String(this.#serial),
    };
    site.stream.push(change);
    return change;
  }

  #fanOut(site: Site, versions: readonly Version[]): void {
    for (const version of versions) for (const to of this.sites) if (to !== site) this.queue(site, to).push(version);
  }

  #site(index: number): Site {
    const site = this.sites[index];
    if (!site) throw new Error(`no site ${index}`);
    return site;
  }
}

function play(plan: readonly Step[], skew: readonly number[]): World {
  const world = new World(skew);
  for (const step of plan) world.step(step);
  world.quiesce();
  return world;
}

function shape(site: Site | undefined): Record<string, string> {
  return Object.fromEntries(
    [...(site?.store ?? [])]
      .filter(([, { image }]) => image !== null)
      .map(([name, { hash }]) => [name, hash])
      .sort(),
  );
}

function expectLatest(world: World): void {
  const latest = new Map<string, Version>();
  for (const version of world.written) {
    const other = latest.get(version.keyId);
    if (!other || compareVersions(version, other) > 0) latest.set(version.keyId, version);
  }
  const expected = Object.fromEntries(
    [...latest]
      .filter(([, { image }]) => image !== null)
      .map(([name, { hash }]) => [name, hash])
      .sort(),
  );
  for (const site of world.sites) expect(shape(site)).toEqual(expected);
}

const K = { key: { pk: { S: 'k' } }, id: keyIdOf({ pk: { S: 'k' } }) };

function item(value: string): Content {
  return contentOf({ pk: { S: 'k' }, value: { S: value } });
}
