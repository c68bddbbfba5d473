/**
 * Every order of events of a small world: each call of a store, each arrival of each item, and the loss of any one
 * environment at any moment. A partition is in it, because a link that is paused is one whose items all arrive later. The
 * clock stands still. States that were seen are not entered again.
 */
import { createHash } from 'node:crypto';
import type { Agenda, Label } from './agenda.ts';
import { Cell, type Surroundings, type TableName } from './cell.ts';
import { Closings } from './closings.ts';
import { headsOf, readFacts } from './facts.ts';
import { Happened } from './happened.ts';
import { type Violation, violationsOf } from './invariants.ts';
import { type Acknowledgement, Ledger, type Refusal } from './ledger.ts';
import { Memory, type Wish } from './memory.ts';
import { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Change } from './replica.ts';
import { describe, type Request, recordKeyOf } from './requests.ts';
import { Scheduler } from './scheduler.ts';
import { SMALL_WORLDS, type SmallWorld } from './small-worlds.ts';
import { Sharing } from './wishes.ts';

export const EXHAUSTIVE_WORLDS = SMALL_WORLDS;

const NOW_MS = Date.UTC(2026, 0, 1);

export interface Explored {
  /** Different states that were entered. */
  readonly states: number;
  /** Of these, states in which nothing is left to do: the invariants were checked there. */
  readonly ends: number;
  readonly violation: (Violation & { readonly path: readonly string[] }) | undefined;
}

export interface ExploreOptions {
  /** More than that many states are refused, with an error. */
  readonly statesMax?: number;
  /** Told after each state how many there are so far, and waited for. */
  readonly onState?: (states: number) => Promise<void> | undefined;
}

export const explore = async (
  world: SmallWorld,
  { statesMax = 2_000_000, onState = () => undefined }: ExploreOptions = {},
): Promise<Explored> => {
  const seen = new Set<string>();
  const paths: (readonly number[])[] = [[]];
  const before = await Run.before(world);
  let ends = 0;
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const run = await Run.along(world, before, path);
    let at = path;
    for (;;) {
      const state = run.state();
      if (seen.has(state)) break;
      if (seen.size >= statesMax) throw new RangeError(`the world "${world.name}" has more than ${statesMax} states`);
      seen.add(state);
      await onState(seen.size);
      const choices = run.choices();
      if (choices === 0 || run.violations.length > 0) {
        ends += 1;
        const [violation] = await run.end();
        if (violation) return { states: seen.size, ends, violation: { ...violation, path: run.path } };
        break;
      }
      for (let choice = choices - 1; choice > 0; choice -= 1) paths.push([...at, choice]);
      await run.choose(0);
      at = [...at, 0];
    }
  }
  return { states: seen.size, ends, violation: undefined };
};

interface Possible {
  readonly act: () => void;
  readonly label: Label;
}

/** Everything that may happen next, in any order. */
class Choices implements Agenda {
  readonly nowMs = NOW_MS;
  possible: Possible[] = [];
  #chosen: Possible | undefined;

  after(_delayMs: number, act: () => void, label: Label, silent = false): void {
    if (silent) act();
    else this.possible.push({ act, label });
  }

  choose(index: number): string {
    this.#chosen = this.possible[index];
    this.possible = this.possible.filter((_, place) => place !== index);
    return this.#chosen?.label() ?? '';
  }

  step(): boolean {
    const chosen = this.#chosen;
    this.#chosen = undefined;
    chosen?.act();
    return chosen !== undefined;
  }
}

/** One run of a small world, as far as it went. */
class Run implements Surroundings {
  readonly scheduler: Scheduler;
  readonly regions: readonly string[];
  readonly gated = false;
  readonly twice = 0;
  readonly jitterMs = 0;
  readonly stepMs = 0;
  readonly contention = 0;
  readonly violations: Violation[] = [];
  readonly path: string[] = [];
  readonly #choices = new Choices();
  readonly #ledger = new Ledger();
  readonly #happened = new Happened();
  readonly #sharing = new Sharing();
  readonly #network: Network;
  readonly #cells: readonly Cell[];
  readonly #world: SmallWorld;
  #crashesLeft: number;

  private constructor(world: SmallWorld) {
    this.scheduler = new Scheduler(this.#choices, true);
    this.regions = world.regions;
    this.#world = world;
    this.#crashesLeft = world.crashes;
    this.#cells = world.regions.map((region, index) => new Cell({ region, incarnation: 1, skewMs: 0, seed: index, surroundings: this }));
    this.#network = new Network({
      agenda: this.#choices,
      regions: world.regions,
      cellOf: (region) => this.cellOf(region),
      isSilent: ({ key }) => !world.moves && key.sk.startsWith('HELD#'),
    });
  }

  /** What the regions hold before the operations begin. */
  static async before(world: SmallWorld): Promise<ReadonlyMap<string, readonly Change[]>> {
    const run = new Run(world);
    for (const { region, wish } of world.before) await run.#alone(region, run.#requestOf(region, wish));
    return new Map(run.#cells.map((cell) => [cell.region, cell.replica('data').changes()]));
  }

  static async along(world: SmallWorld, before: ReadonlyMap<string, readonly Change[]>, path: readonly number[]): Promise<Run> {
    const run = new Run(world);
    for (const cell of run.#cells)
      for (const change of before.get(cell.region) ?? []) {
        cell.replica('data').receive(change);
        // What was booked may be wished for.
        if (change.key.sk.endsWith(`#${cell.writer}`)) run.#sharing.wrote(cell, change, NOW_MS);
      }
    const requests = world.operations.map(({ region, wish }) => ({ region, request: run.#requestOf(region, wish) }));
    for (const [index, { region, request }] of requests.entries()) run.#serve(region, request, `operation ${index + 1} in ${region}`);
    await run.scheduler.settle();
    for (const choice of path) await run.choose(choice);
    return run;
  }

  /** How many things may happen next: the pending ones, and the loss of each environment that waits. */
  choices(): number {
    return this.#choices.possible.length + (this.#crashesLeft > 0 ? this.scheduler.running().length : 0);
  }

  async choose(index: number): Promise<void> {
    const { length } = this.#choices.possible;
    if (index < length) this.path.push(this.#choices.choose(index));
    else {
      const invocation = this.scheduler.running()[index - length];
      this.path.push(`the environment of ${invocation?.name} is lost`);
      this.#crashesLeft -= 1;
      invocation?.end();
    }
    this.#choices.step();
    await this.scheduler.settle();
  }

  /** Equal for states that no future can tell apart. */
  state(): string {
    const cells = this.#cells.map((cell) => cell.replica('data').items().map(textOf).sort());
    const pending = this.#choices.possible.map(({ label }) => label()).sort();
    const running = this.scheduler
      .running()
      .map((invocation) => invocation.memory().replaceAll(LISTED, ''))
      .sort();
    const told = this.#ledger.owed.map(({ request, value, cell }) => JSON.stringify([cell.name, request, value])).sort();
    const text = JSON.stringify([cells, pending, running, told, this.#crashesLeft]);
    return createHash('sha1').update(text).digest('base64');
  }

  async end(): Promise<readonly Violation[]> {
    if (this.violations.length > 0) return this.violations;
    return violationsOf({
      regions: this.regions,
      cells: this.#cells,
      closings: new Closings(),
      ledger: this.#ledger,
      happened: this.#happened,
      nowMs: NOW_MS,
      skewMs: 0,
    });
  }

  wrote(cell: Cell, table: TableName, change: Change, random: Random): void {
    if (!change.key.sk.endsWith(`#${cell.writer}`))
      this.violations.push({ rule: 'one writer', detail: `${cell.name} wrote ${change.key.pk} ${change.key.sk}` });
    // Only then does anybody read another region's row.
    if (!this.#world.moves && change.key.sk.startsWith('WISH#'))
      throw new RangeError(`the world "${this.#world.name}" moves stock: say so`);
    if (change.item) this.#happened.wrote(change.item);
    this.violations.push(...this.#sharing.wrote(cell, change, NOW_MS));
    this.#network.send(cell, table, change, random);
  }

  /** In these worlds nobody is fenced. */
  controlled(): void {}

  acknowledged(acknowledgement: Acknowledgement): void {
    this.#ledger.acknowledged(acknowledgement);
  }

  refused(refusal: Refusal): void {
    if (refusal.code !== 'order-cancelled' && this.#ledger.wasDone(refusal))
      this.violations.push({ rule: 'what was done is not refused', detail: `${describe(refusal.request)}: ${refusal.code}` });
  }

  read(): void {}

  /** Whoever reads an order here reads it at rest. */
  reconciled(): void {}

  caughtUp(): void {}

  replicated(): void {}

  unexpected(invocation: string, error: unknown): void {
    this.violations.push({ rule: 'no surprise', detail: `${invocation}: ${String(error)}` });
  }

  note(): void {}

  /** As by a caller who has just read in that region what it edits. */
  #requestOf(region: string, wish: Wish): Request {
    const memory = new Memory(1);
    if (wish.kind !== 'edit') return wish;
    const { record } = wish;
    const facts = readFacts(this.cellOf(region).replica('data').items()).records.get(recordKeyOf(record));
    const tag =
      facts &&
      headsOf(facts)
        .map(({ vid }) => vid)
        .join('.');
    memory.told(
      { kind: 'record', record },
      { kind: 'done', value: {}, replayed: false, tag, carriers: [], stale: false, replicated: false },
    );
    return memory.request(wish);
  }

  #serve(region: string, request: Request, name: string): void {
    this.cellOf(region).serve({
      name: `${name}, ${describe(request)}`,
      seed: 1,
      crash: undefined,
      asked: { request, told: [], replicated: false },
      answer: () => {},
    });
  }

  /** What was there before: done, arrived and settled, one thing after the other. */
  async #alone(region: string, request: Request): Promise<void> {
    this.#serve(region, request, 'before');
    await this.scheduler.settle();
    while (this.#choices.possible.length > 0) {
      this.#choices.choose(0);
      this.#choices.step();
      await this.scheduler.settle();
    }
  }

  cellOf(region: string): Cell {
    const cell = this.#cells.find((each) => each.region === region);
    if (cell === undefined) throw new RangeError(`given region ${region}, allowed: ${this.regions.join(', ')}`);
    return cell;
  }
}

/** Stamps of lists, which no rule reads. */
const LISTED = /"listed":"[^"]*",?/g;

const textOf = (item: object): string => JSON.stringify(item).replaceAll(LISTED, '');
