/**
 * Several regions whose streams and stores are real and in memory, for the property of replication: links, answers and late
 * writes happen in any order, and conditions may pass wrongly, as they do where an item only gained attributes.
 */
import fc from 'fast-check';
import { type Outcome, Replica, type Send } from '../../local/replication/replica.ts';
import { ABSENT, type Change, type Content, contentOf, type Version } from '../../local/replication/version.ts';

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
export type Fate = 'answered' | 'seen first' | 'answer lost' | 'write lost' | 'late';

const REGIONS = ['a', 'b', 'c'] as const;
const region = fc.nat({ max: REGIONS.length - 1 });
const key = fc.nat({ max: 1 });
const fates = (allowed: readonly Fate[]) => fc.constantFrom(...allowed);
export const steps = (allowed: readonly Fate[], value: fc.Arbitrary<number | null>) =>
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
export const skews = fc.tuple(...REGIONS.map(() => fc.nat({ max: 5 })));

export interface Site {
  readonly name: string;
  readonly replica: Replica;
  readonly store: Map<string, Content>;
  readonly stream: Change[];
  readonly skewMs: number;
  read: number;
}

/** Links, as `Link` and `Tail` run them, over stores in memory. */
export class World {
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

export const play = (plan: readonly Step[], skew: readonly number[]): World => {
  const world = new World(skew);
  for (const step of plan) world.step(step);
  world.quiesce();
  return world;
};

export const item = (value: string): Content => contentOf({ pk: { S: 'k' }, value: { S: value } });
