/**
 * One execution environment's view of the regions, read at most every few seconds, and the deep check. Reads are shared:
 * concurrent callers wait for the one that is under way.
 */

import { numberOf } from './item.ts';
import {
  controlOf,
  foldBeats,
  foldControl,
  gateOf,
  type HealthView,
  healthOf,
  isAway,
  nextBeat,
  REGIONS_KEY,
  type WorldView,
} from './operations.ts';
import { firstSecret, Secrets } from './secrets.ts';
import type { Clock, Store } from './store.ts';
import { StoreBusy, StoreUnavailable } from './store.ts';
import { writerName } from './writer.ts';

/** Age at which a view or a verdict is taken anew. */
export const VIEW_MS_MAX = 5_000;
/**
 * The same for a view by which this region may not write: it may have been let in since. Not at once, or each refused
 * request would read one partition of each table, and callers who try again would starve the reads that tell.
 */
export const CLOSED_VIEW_MS_MAX = 250;

export interface MonitorProps {
  readonly data: Store;
  /** Only read. */
  readonly control: Pick<Store, 'query'>;
  readonly clock: Clock;
  readonly region: string;
  readonly regions: readonly string[];
  /** Shown in heartbeats: release and function version. */
  readonly version: string;
  /** Text that nobody can guess. Without it no secret is made. */
  readonly newSecret?: () => string;
}

export interface Checked {
  readonly health: HealthView;
  readonly world: WorldView;
  readonly atMs: number;
}

export class Monitor {
  readonly #props: MonitorProps;
  #world: Shared<WorldView> | undefined;
  #checked: Shared<Checked> | undefined;
  #secrets = new Secrets();
  #making = false;

  constructor(props: MonitorProps) {
    this.#props = props;
  }

  /**
   * A view by which this region may not write is hardly kept: it may have been let in since, and one environment would go
   * on refusing what others do.
   *
   * @throws {StoreUnavailable} when this region's replica does not answer
   */
  async world(): Promise<WorldView> {
    const kept = this.#fresh(this.#world);
    if (kept && (gateOf(await kept.value).open || this.#fresh(kept, CLOSED_VIEW_MS_MAX))) return kept.value;
    if (this.#world === kept) this.#world = undefined;
    this.#world = this.#fresh(this.#world) ?? this.#share(() => this.#seen());
    return this.#world.value;
  }

  /** What regions sign with, by the latest look. */
  get secrets(): Secrets {
    return this.#secrets;
  }

  /** The verdict of the latest deep check: a heartbeat written and read back in this region. Never throws for the table. */
  check(): Promise<Checked> {
    this.#checked = this.#fresh(this.#checked) ?? this.#share(() => this.#deepCheck());
    return this.#checked.value;
  }

  /** After an absence the first who looks marks the return, so that no request comes before the deep check. */
  async #seen(): Promise<WorldView> {
    const { data, clock, version } = this.#props;
    const { world } = await this.#look();
    const nowMs = clock.now();
    if (!isAway(world, nowMs)) return world;
    await data.transact([nextBeat(world, { nowMs, version, verdict: healthOf({ world, table: { ok: true } }).verdict })]);
    return (await this.#look()).world;
  }

  async #deepCheck(): Promise<Checked> {
    const { data, clock, version, region, regions } = this.#props;
    const nowMs = clock.now();
    try {
      const { world, revOf } = await this.#look();
      const expected = healthOf({ world, table: { ok: true } });
      const beat = nextBeat(world, { nowMs, version, verdict: expected.verdict });
      await data.transact([beat]).catch(unlessBusy);
      const after = await this.#look();
      // Counted, not timed: another environment may write a heartbeat with an earlier time in between. Under the name that
      // was written, because the view shows one of a region's names, and a region that is rebuilt has two.
      const writer = writerName(controlOf(world, region));
      const table =
        after.revOf(writer) > revOf(writer)
          ? ({ ok: true } as const)
          : ({ ok: false, detail: 'the heartbeat just written is not there' } as const);
      this.#world = { atMs: nowMs, value: Promise.resolve(after.world) };
      return { health: healthOf({ world: after.world, table }), world: after.world, atMs: nowMs };
    } catch (error: unknown) {
      if (!(error instanceof StoreUnavailable)) throw error;
      const world = { region, beats: [], controls: regions.map((each) => foldControl(each, [])) };
      return { health: healthOf({ world, table: { ok: false, detail: 'the table does not answer' } }), world, atMs: nowMs };
    }
  }

  async #look(): Promise<Look> {
    const { data, control, region, regions } = this.#props;
    const [own, controls] = await Promise.all([data.query(REGIONS_KEY), control.query(REGIONS_KEY)]);
    const world = {
      region,
      beats: foldBeats(own).filter((beat) => regions.includes(beat.region)),
      controls: regions.map((each) => foldControl(each, controls)),
    };
    const revOf = (writer: string) =>
      Math.max(0, ...own.flatMap((item) => (item.sk === `BEAT#${writer}` ? [numberOf(item, 'rev') ?? 0] : [])));
    this.#secrets = new Secrets(own);
    const gate = gateOf(world);
    if (gate.open && this.#secrets.of(gate.writer) === undefined) this.#makeSecret(gate.writer);
    return { world, revOf };
  }

  /** Nobody waits for it, and nothing fails with it: until it is there, answers have no token. */
  #makeSecret(writer: string): void {
    const { data, clock, newSecret } = this.#props;
    if (newSecret === undefined || this.#making) return;
    this.#making = true;
    const item = firstSecret(writer, newSecret(), clock.now());
    // By an update: who writes heartbeats may do no more there.
    const { pk, sk, v: _, ...set } = item;
    data
      .transact([{ action: 'update', key: { pk, sk }, set, guards: [{ is: 'absent' }] }])
      .then((outcome) => {
        this.#secrets = this.#secrets.with(outcome.ok ? item : outcome.item);
      })
      // The next look tries again.
      .catch(() => undefined)
      .finally(() => {
        this.#making = false;
      });
  }

  #fresh<T>(shared: Shared<T> | undefined, ageMsMax = VIEW_MS_MAX): Shared<T> | undefined {
    return shared && this.#props.clock.now() - shared.atMs < ageMsMax ? shared : undefined;
  }

  #share<T>(read: () => Promise<T>): Shared<T> {
    const value = read();
    const shared = { atMs: this.#props.clock.now(), value };
    // A failed read is not kept: the next caller tries anew.
    value.catch(() => {
      if (this.#world === shared) this.#world = undefined;
      if (this.#checked === shared) this.#checked = undefined;
    });
    return shared;
  }
}

/** Another environment writes the region's heartbeat: the table answers, and the next look tells whether that one is there. */
const unlessBusy = (error: unknown): void => {
  if (!(error instanceof StoreBusy)) throw error;
};

interface Look {
  readonly world: WorldView;
  /** Heartbeats that were written under a name, so far. */
  readonly revOf: (writer: string) => number;
}

interface Shared<T> {
  readonly atMs: number;
  readonly value: Promise<T>;
}
