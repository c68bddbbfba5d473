/**
 * Replication: every change of every item travels by itself from the region that wrote it to each other region, in no
 * order. A link can be paused, one way or both, and goes on where it stopped; a link that is cut forgets what was under way.
 */
import { REGIONS_KEY } from '../functions/core/operations.ts';
import type { Agenda } from './agenda.ts';
import type { Cell, TableName } from './cell.ts';
import { Random } from './random.ts';
import type { Change } from './replica.ts';

/** Milliseconds that a change usually takes to another region. */
const REPLICATION_MS = 300;
/** Milliseconds until what waited behind a pause arrives. */
const RESUME_MS = 100;

interface Message {
  readonly source: Cell;
  readonly table: TableName;
  readonly change: Change;
  readonly random: Random;
  /** Has not left the source yet: it waits while that is frozen, and is lost with it. */
  readonly stays: boolean;
}

class Link {
  pauses = 0;
  cut = false;
  /** Changes with each cut. */
  epoch = 0;
  waiting: Message[] = [];
}

export interface NetworkProps {
  readonly agenda: Agenda;
  readonly regions: readonly string[];
  /** The cell that serves a region now. */
  readonly cellOf: (region: string) => Cell;
  /** Whether it cannot matter when a change arrives. */
  readonly isSilent?: (change: Change) => boolean;
}

export class Network {
  readonly #props: NetworkProps;
  readonly #links = new Map<string, Link>();
  /** Messages that may still arrive, but for heartbeats and the like, of which there is always one more. */
  underWay = 0;

  constructor(props: NetworkProps) {
    this.#props = props;
    for (const from of props.regions) for (const to of props.regions) if (from !== to) this.#links.set(`${from}>${to}`, new Link());
  }

  /** A write of a cell, to every other region. A cell that was given up reaches nobody. */
  send(source: Cell, table: TableName, change: Change, random: Random): void {
    if (this.#props.cellOf(source.region) !== source) return;
    // Each item goes by itself, also those of one transaction.
    const itself = new Random(random.whole(0, 2 ** 31));
    for (const to of this.#props.regions) {
      if (to !== source.region)
        this.#dispatch(to, { source, table, change, random: itself.fork(to.charCodeAt(0)), stays: itself.chance(0.5) });
    }
  }

  /** Everything that `source` holds, to a replica that was added. */
  fill(source: Cell, to: string, random: Random): void {
    for (const table of ['data', 'control'] as const) {
      for (const [index, change] of source.replica(table).changes().entries()) {
        this.#dispatch(to, { source, table, change, random: random.fork(index), stays: false });
      }
    }
  }

  pause(from: string, to: string): void {
    this.#link(from, to).pauses += 1;
  }

  resume(from: string, to: string): void {
    const link = this.#link(from, to);
    link.pauses -= 1;
    if (link.pauses > 0) return;
    const { waiting, epoch } = link;
    link.waiting = [];
    for (const message of waiting) this.#travel(link, epoch, to, message, message.random.delayMs(RESUME_MS));
  }

  /** Nothing to or from the region any more, and nothing of what was under way. */
  cut(region: string): void {
    for (const link of this.#linksOf(region)) {
      link.cut = true;
      link.epoch += 1;
      link.waiting = [];
    }
  }

  restore(region: string): void {
    for (const link of this.#linksOf(region)) link.cut = false;
  }

  #dispatch(to: string, message: Message): void {
    const link = this.#link(message.source.region, to);
    if (!link.cut) this.#travel(link, link.epoch, to, message, message.random.delayMs(REPLICATION_MS));
  }

  #travel(link: Link, epoch: number, to: string, message: Message, delayMs: number): void {
    const { source, change } = message;
    if (change.key.pk !== REGIONS_KEY) this.underWay += 1;
    this.#props.agenda.after(
      delayMs,
      () => this.#arrive(link, epoch, to, message),
      () => `${source.region} to ${to}: ${JSON.stringify(change.item)}`,
      this.#props.isSilent?.(change),
    );
  }

  #arrive(link: Link, epoch: number, to: string, message: Message): void {
    if (message.change.key.pk !== REGIONS_KEY) this.underWay -= 1;
    if (epoch !== link.epoch) return;
    if (link.pauses > 0) {
      link.waiting.push(message);
      return;
    }
    const { source, table, change, random, stays } = message;
    const again = (): void => this.#travel(link, epoch, to, message, random.delayMs(RESUME_MS));
    if (stays && source.state !== 'up') return source.whenThawed(again);
    const target = this.#props.cellOf(to);
    if (target.state === 'frozen') return target.whenThawed(again);
    if (target.state === 'up') target.receive(table, change, random);
  }

  #link(from: string, to: string): Link {
    const link = this.#links.get(`${from}>${to}`);
    if (link === undefined) throw new RangeError(`given a link from ${from} to ${to}, allowed: two of ${this.#props.regions.join(', ')}`);
    return link;
  }

  #linksOf(region: string): readonly Link[] {
    return this.#props.regions.flatMap((peer) => (peer === region ? [] : [this.#link(region, peer), this.#link(peer, region)]));
  }
}
