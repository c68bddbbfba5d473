/**
 * Stands in for DynamoDB global tables (MREC): copies the application's writes between the regions' emulators, each item by
 * itself, asynchronously, last writer wins by write time. One link for each direction of each pair; each link can be held
 * back, paused, cut and started anew. docs/local-differences.md says what this does not prove about AWS.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalEvent, LocalLink } from '../control/api.ts';
import type { EmulatorAddress } from '../emulator-access.ts';
import type { Tails } from './copy.ts';
import { Emulator, type RegionEmulator } from './emulator.ts';
import { Link } from './link.ts';
import { Tail } from './tail.ts';

const ATTACH_MS_MAX = 30_000;
const ATTACH_RETRY_MS = 250;
const RESTORE_MS_MAX = 120_000;
const DELAY_MS_MAX = 3_600_000;

/** A `link` event, before it has its number. `region` is the one the link comes from. */
export type LinkEvent = Omit<Extract<LocalEvent, { readonly kind: 'link' }>, 'id'>;

export interface ReplicationProps {
  /** Two or more, each with its own emulator, or its own region of one that serves several. */
  readonly regions: readonly EmulatorAddress[];
  /** Names of tables that exist in every region, with streams of new and old images. */
  readonly tables: readonly string[];
  readonly onEvent: (event: LinkEvent) => void;
  /** @default an emulator that answers at its endpoint */
  readonly emulatorOf?: (region: EmulatorAddress) => RegionEmulator;
}

/** What to change about a link. `cut: false` starts it anew: a full copy, then the stream. */
export interface LinkChange {
  readonly from: string;
  readonly to: string;
  readonly delayMs?: number;
  readonly paused?: boolean;
  readonly cut?: boolean;
}

interface Region {
  readonly emulator: RegionEmulator;
  readonly tails: Map<string, Tail>;
}

export class Replication {
  readonly #onEvent: ReplicationProps['onEvent'];
  readonly #regions = new Map<string, Region>();
  readonly #links: readonly Link[];
  /** Regions that were cut off as a whole, or lost their tables: only their own `restore` brings their links back. */
  readonly #isolated = new Set<string>();

  constructor(props: ReplicationProps) {
    this.#onEvent = props.onEvent;
    const { emulatorOf = (region: EmulatorAddress) => new Emulator(region) } = props;
    for (const region of props.regions) this.#regions.set(region.name, this.#region(emulatorOf(region), props.tables));
    this.#links = [...this.#regions].flatMap(([from, source]) =>
      [...this.#regions].flatMap(([to, target]) => (from === to ? [] : [this.#link(from, source.tails, to, target.tails)])),
    );
  }

  /**
   * Reads the streams from their beginning and brings every region to the same state; then follows.
   * @throws when a region does not answer, or has not all tables, within 30 s
   */
  async start(): Promise<void> {
    for (const { tails } of this.#regions.values()) for (const tail of tails.values()) tail.start();
    for (const link of this.#links) link.start();
    await Promise.all([...this.#regions.keys()].map((name) => this.#attach(name)));
    await this.#restore(this.#links);
  }

  async stop(): Promise<void> {
    const tails = [...this.#regions.values()].flatMap((region) => [...region.tails.values()]);
    const stopped = Promise.all([...tails, ...this.#links].map((each) => each.stop()));
    // Ends calls that are under way.
    for (const { emulator } of this.#regions.values()) emulator.destroy();
    await stopped;
  }

  links(): LocalLink[] {
    return this.#links.map((link) => link.state);
  }

  /**
   * Changes one link. Resolves when it is in force: nothing that was under way is applied after a pause or a cut (but for
   * writes to a frozen region, which nobody can call back), and a copy has arrived.
   * @throws when there is no such link, the delay is out of bounds, or a region to copy between does not answer
   */
  async set({ from, to, delayMs, paused, cut }: LinkChange): Promise<void> {
    const link = this.#find(from, to);
    if (delayMs !== undefined) {
      if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > DELAY_MS_MAX)
        throw new Error(`given delayMs ${delayMs}; allowed: whole milliseconds from 0 to ${DELAY_MS_MAX}`);
      link.delay(delayMs);
      this.#tell(link, `changes are held back ${delayMs} ms`);
    }
    if (paused !== undefined && paused !== link.state.paused) {
      this.#tell(link, paused ? 'paused' : 'resumed');
      await link.pause(paused);
    }
    if (cut === true) await this.#cut([link], 'cut');
    if (cut === false) {
      await Promise.all([this.#attach(from), this.#attach(to)]);
      await this.#restore([link]);
    }
  }

  /** Cuts every link of a region, in both directions, until `restore`. */
  async cutRegion(region: string): Promise<void> {
    this.#known(region);
    this.#isolated.add(region);
    await this.#cut(this.#linksOf(region), 'cut');
  }

  /**
   * Starts a region's links anew in both directions, with every region that is not cut off itself: a full copy, then the
   * stream. A region that came back empty brings what was put into it since, and gets everything the others have.
   * @throws when the region or its tables do not answer within 30 s, or the copies take more than 120 s (they go on then)
   */
  async restore(region: string): Promise<void> {
    this.#known(region);
    await this.#attach(region);
    this.#isolated.delete(region);
    await this.#restore(this.#linksOf(region).filter((link) => !this.#isolated.has(link.from) && !this.#isolated.has(link.to)));
  }

  #region(emulator: RegionEmulator, tables: readonly string[]): Region {
    const { name: region } = emulator;
    const tails = new Map<string, Tail>();
    for (const table of tables) {
      const tail = new Tail({
        emulator,
        table,
        onWrite: (name, version) => {
          for (const link of this.#links) if (link.from === region) link.add(name, version);
        },
        onReach: (changed, reason) => this.#reached(region, changed, reason),
        onGap: (gap) => this.#gap(region, gap),
      });
      tails.set(table, tail);
    }
    return { emulator, tails };
  }

  #link(from: string, source: Tails, to: string, target: Tails): Link {
    return new Link({
      from,
      to,
      source,
      target,
      onEvent: (detail) => this.#onEvent({ kind: 'link', region: from, to, detail, atMs: Date.now() }),
    });
  }

  /** One event for each link into the region when it ceases to answer as a whole, and one when it answers again. */
  #reached(region: string, changed: Tail, reason: string | null): void {
    const others = [...(this.#regions.get(region)?.tails.values() ?? [])].filter((tail) => tail !== changed);
    for (const link of this.#links) {
      if (link.to !== region) continue;
      link.ring();
      if (others.some((tail) => !tail.answers) || link.state.cut) continue;
      this.#tell(link, reason === null ? `${region} answers again` : `changes wait: ${reason}`);
    }
  }

  #gap(region: string, gap: 'lost' | 'trimmed'): void {
    if (gap === 'lost') {
      this.#isolated.add(region);
      void this.#cut(this.#linksOf(region), `cut: the tables of ${region} are not the ones they were; restore it when it is whole`);
      return;
    }
    for (const link of this.#links) if (link.from === region && !link.state.cut) link.copySoon();
  }

  async #attach(name: string): Promise<void> {
    const deadlineMs = Date.now() + ATTACH_MS_MAX;
    const tails = [...(this.#regions.get(name)?.tails.values() ?? [])];
    for (const tail of tails) {
      for (;;) {
        try {
          await within(tail.attach(), Math.max(1, deadlineMs - Date.now()), `${name} does not answer`);
          break;
        } catch (error) {
          if (Date.now() + ATTACH_RETRY_MS > deadlineMs)
            throw new Error(`replication cannot follow ${name}: ${error instanceof Error ? error.message : String(error)}`, {
              cause: error,
            });
          await sleep(ATTACH_RETRY_MS);
        }
      }
    }
  }

  async #restore(links: readonly Link[]): Promise<void> {
    await within(
      Promise.all(links.map((link) => link.restore())),
      RESTORE_MS_MAX,
      'a region may not answer (`bin/tandem status`): copies between the regions are still under way',
    );
  }

  async #cut(links: readonly Link[], detail: string): Promise<void> {
    const open = links.filter((link) => !link.state.cut);
    for (const link of open) this.#tell(link, detail);
    await Promise.all(open.map((link) => link.cut()));
  }

  #tell(link: Link, detail: string): void {
    this.#onEvent({ kind: 'link', region: link.from, to: link.to, detail, atMs: Date.now() });
  }

  #linksOf(region: string): readonly Link[] {
    return this.#links.filter((link) => link.from === region || link.to === region);
  }

  #find(from: string, to: string): Link {
    const link = this.#links.find((each) => each.from === from && each.to === to);
    if (!link)
      throw new Error(`given a link from "${from}" to "${to}"; allowed: two different regions of ${[...this.#regions.keys()].join(', ')}`);
    return link;
  }

  #known(region: string): void {
    if (!this.#regions.has(region)) throw new Error(`given region "${region}"; allowed: one of ${[...this.#regions.keys()].join(', ')}`);
  }
}

/** Rejects when the promise is not settled in time; it goes on. */
const within = async <T>(promise: Promise<T>, timeoutMs: number, problem: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${problem} after ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
};
