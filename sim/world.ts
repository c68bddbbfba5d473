/** The world of one schedule: cells, the network between them, callers, operators, and what breaks. */
import { REGIONS_KEY } from '../functions/core/operations.ts';
import type { Reconciled } from '../functions/core/reconcile.ts';
import type { Item, Key } from '../functions/core/store.ts';
import type { Agenda } from './agenda.ts';
import type { Answer } from './api.ts';
import { type Attempt, Caller } from './caller.ts';
import { Cell, type Surroundings, type TableName } from './cell.ts';
import { regionOfName } from './facts.ts';
import { begin } from './faults.ts';
import { Happened } from './happened.ts';
import { type Violation, violationsOf } from './invariants.ts';
import type { Crash } from './invocation.ts';
import { type Acknowledgement, Ledger, type Read, type Refusal, type Replicated, type Told } from './ledger.ts';
import { Memory } from './memory.ts';
import { Network } from './network.ts';
import { Operators } from './operators.ts';
import { mix, Random } from './random.ts';
import { type Change, isReput, keyText } from './replica.ts';
import { describe } from './requests.ts';
import { ACT_MS, crashesOf, type Entry, type Schedule } from './schedule.ts';
import { Restless, Scheduler } from './scheduler.ts';
import { Watch } from './watch.ts';

/** Milliseconds that a call of the database usually takes; of a schedule one. Where it is slow, more overlaps. */
const STEP_MS = [4, 4, 40] as const;
/** Share of the transactions that lose to others; of a schedule one. Where many do, stock is sold at tills. */
const CONTENTION = [0, 0, 0, 0, 0, 0.4] as const;
/** Milliseconds between two deep checks of a region: few, because each costs as much as a call, and enough for the gate. */
const BEAT_MS = { least: 15_000, most: 40_000 } as const;

export interface TimelineEntry {
  readonly atMs: number;
  readonly where: string;
  readonly what: string;
}

export interface WorldProps {
  readonly schedule: Schedule;
  readonly agenda: Agenda;
  /** Gets the timeline, where somebody wants it. */
  readonly tell?: ((entry: TimelineEntry) => void) | undefined;
}

export class World implements Surroundings {
  readonly scheduler: Scheduler;
  readonly regions: readonly string[];
  readonly gated = true;
  readonly twice = 0.3;
  readonly jitterMs = 5;
  readonly stepMs: number;
  readonly contention: number;
  readonly ledger = new Ledger();
  readonly network: Network;
  readonly schedule: Schedule;
  readonly operators: Operators;
  readonly #tell: WorldProps['tell'];
  readonly #cells = new Map<string, Cell>();
  readonly #violations: Violation[] = [];
  readonly happened = new Happened();
  readonly #watch = new Watch(this);
  readonly #memories = new Map<number, Memory>();
  #cellsMade = 0;
  #actEndsMs = 0;
  /** Faults that have not ended, rebuilds that are under way. */
  #unrest = 0;

  constructor({ schedule, agenda, tell }: WorldProps) {
    this.schedule = schedule;
    this.regions = schedule.regions;
    this.stepMs = new Random(schedule.seed).pick(STEP_MS);
    this.contention = new Random(mix(schedule.seed, 7)).pick(CONTENTION);
    this.scheduler = new Scheduler(agenda);
    this.#tell = tell;
    this.network = new Network({ agenda, regions: schedule.regions, cellOf: (region) => this.cellOf(region) });
    this.operators = new Operators(this);
    for (const region of schedule.regions) this.#cells.set(region, this.#newCell(region, 1));
    for (const region of schedule.regions) this.#firstBeat(region);
  }

  /** Runs the schedule to its end, or to its first violation. */
  async run(): Promise<Violation | undefined> {
    for (let act = 0; act < this.schedule.acts; act += 1) {
      try {
        await this.#act(act);
      } catch (error: unknown) {
        if (!(error instanceof Restless)) throw error;
        this.violate('comes to rest', error.message);
      }
      const [first] = this.#violations;
      if (first) return first;
    }
    return undefined;
  }

  async #act(act: number): Promise<void> {
    this.#actEndsMs = this.nowMs() + ACT_MS;
    this.operators.goOn();
    for (const entry of this.schedule.entries) {
      if (entry.act !== act) continue;
      this.scheduler.agenda.after(
        entry.atMs,
        () => this.#begin(entry),
        () => `entry ${entry.id}`,
      );
    }
    for (const cell of this.#cells.values()) this.#beats(cell);
    await this.scheduler.run();
    this.operators.endZombies();
    this.note('everyone', () => `healed and at rest: end of act ${act + 1}`);
    if (this.#violations.length === 0)
      this.#violations.push(
        ...(await violationsOf({
          regions: this.regions,
          cells: this.cells.filter(({ region }) => !this.operators.lost().includes(region)),
          closings: this.operators.closings,
          ledger: this.ledger,
          happened: this.happened,
          nowMs: this.nowMs(),
          skewMs: this.#skewMs(),
        })),
      );
  }

  nowMs = (): number => Math.floor(this.scheduler.agenda.nowMs);

  cellOf(region: string): Cell {
    const cell = this.#cells.get(region);
    if (cell === undefined) throw new RangeError(`given region ${region}, allowed: ${this.regions.join(', ')}`);
    return cell;
  }

  /** Every region's cell, gone or not; not zombies. */
  get cells(): readonly Cell[] {
    return [...this.#cells.values()];
  }

  /** A new cell in place of a region's. */
  replace(region: string, incarnation: number): Cell {
    const cell = this.#newCell(region, incarnation);
    this.#cells.set(region, cell);
    this.#beats(cell);
    return cell;
  }

  violate(rule: string, detail: string): void {
    this.#violations.push({ rule, detail });
  }

  note(where: string, what: () => string): void {
    this.#tell?.({ atMs: this.nowMs(), where, what: what() });
  }

  /** A fault begins; its end is `calm`. */
  unrest(): void {
    this.#unrest += 1;
  }

  calm(): void {
    this.#unrest -= 1;
  }

  wrote(cell: Cell, table: TableName, change: Change, random: Random): void {
    const writer = change.key.sk.slice(change.key.sk.lastIndexOf('#') + 1);
    // A region that hears it is fenced beats under its next name at once, in its old place too: heartbeats promise nothing.
    const byName = table === 'data' && change.key.pk !== REGIONS_KEY;
    const own = byName ? writer === cell.writer : regionOfName(writer) === cell.region;
    if (!own && !isReput(change) && !this.operators.closes(cell, writer) && !this.#standsIn(change))
      this.violate('one writer', `${cell.name} wrote ${keyText(change.key)}`);
    if (change.item) this.happened.wrote(change.item);
    this.operators.closings.wrote(change);
    this.#watch.wrote(cell, table, change, this.nowMs());
    this.network.send(cell, table, change, random);
  }

  /** A survivor makes the acceptance of a lost region that an end of it carries, which some survivor holds. */
  #standsIn({ key, item, before }: Change): boolean {
    const [type, writer = ''] = key.sk.split('#');
    if (type !== 'PLACED' || before !== undefined || !this.operators.lost().includes(regionOfName(writer))) return false;
    const ends = this.cells.flatMap((cell) => cell.replica('data').query(key.pk, `END#${writer}#`));
    return ends.some((end) => end['body'] === item?.['body']);
  }

  controlled(cell: Cell, key: Key): void {
    this.#watch.control(cell, key, this.nowMs());
  }

  acknowledged(acknowledgement: Acknowledgement): void {
    this.#watch.acknowledged(acknowledgement, this.#gateMustHold(acknowledgement.cell));
  }

  read(read: Read): void {
    this.#watch.read(read);
  }

  reconciled({ order, shippedAfterCancelled }: Reconciled): void {
    if (shippedAfterCancelled) this.ledger.shippedAfterCancelled.add(order);
  }

  refused(refusal: Refusal): void {
    this.#watch.refused(refusal);
  }

  caughtUp(cell: Cell, told: readonly Told[]): void {
    this.#watch.caughtUp(cell, told);
  }

  replicated(replicated: Replicated): void {
    this.#watch.replicated(replicated);
  }

  unexpected(invocation: string, error: unknown): void {
    this.violate('no surprise', `${invocation}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  #begin(entry: Entry): void {
    const seed = mix(this.schedule.seed, entry.id + 1_000);
    if (entry.kind === 'fault') begin(this, entry.fault, seed);
    else this.#call(entry, seed);
  }

  #call({ id, call }: Extract<Entry, { kind: 'call' }>, seed: number): void {
    const random = new Random(seed);
    const name = `call ${id}`;
    const memory = this.#memoryOf(call.who);
    const request = memory.request(call.wish);
    const asked = { request, told: call.carries ? memory.lastTold : [], replicated: call.replicated };
    this.note(name, () => describe(request));
    const { agenda } = this.scheduler;
    const roads = {
      after: (delayMs: number, act: () => void, label: () => string) => agenda.after(delayMs, act, () => `${name}: ${label()}`),
      delayMs: (usualMs: number) => random.delayMs(usualMs),
      told: (answer: Answer) => memory.told(request, answer),
      note: (what: () => string) => this.note(name, what),
      send: (attempt: Attempt, number: number, crash: Crash | undefined, answer: (answer: Answer) => void) =>
        this.#reached(attempt.region, random).serve({
          ...{ name: `${name}.${number + 1} in ${attempt.region}`, seed: mix(seed, number), crash, asked, answer },
        }),
    };
    new Caller(call, crashesOf(this.schedule, id), roads, (verdict) => this.ledger.ended(request, verdict)).next();
  }

  #memoryOf(who: number): Memory {
    const memory = this.#memories.get(who) ?? new Memory(who);
    this.#memories.set(who, memory);
    return memory;
  }

  /** The cell that answers under a region's name: now and then its zombie does. */
  #reached(region: string, random: Random): Cell {
    const zombie = this.operators.zombieOf(region);
    return zombie !== undefined && random.chance(0.5) && !zombie.isShut ? zombie : this.cellOf(region);
  }

  #newCell(region: string, incarnation: number): Cell {
    this.#cellsMade += 1;
    return new Cell({
      region,
      incarnation,
      skewMs: this.#skewOf(region),
      seed: mix(this.schedule.seed, 500 + this.#cellsMade),
      surroundings: this,
    });
  }

  /** The world begins where every region has heard every other. */
  #firstBeat(region: string): void {
    const item: Item = { pk: REGIONS_KEY, sk: `BEAT#${region}`, v: 1, at: this.nowMs(), rev: 1, incarnations: {} };
    const change = { key: item, item, before: undefined, version: { atMs: 0, region, count: 0 } };
    for (const cell of this.#cells.values()) cell.receive('data', change, new Random(0));
  }

  /** Deep checks, for as long as something is to be done. */
  #beats(cell: Cell): void {
    this.scheduler.agenda.after(
      new Random(mix(this.#actEndsMs, cell.region.charCodeAt(0))).whole(BEAT_MS.least, BEAT_MS.most),
      () => {
        if (cell.state === 'gone') return;
        cell.beat();
        if (!this.#isResting()) this.#beats(cell);
        // Its work never ends, because its gate never opens.
        else if (this.cellOf(cell.region) !== cell || this.operators.closings.isResting(cell.region)) cell.lose();
      },
      () => `deep check of ${cell.name}`,
    );
  }

  #isResting(): boolean {
    if (this.#unrest > 0 || this.network.underWay > 0 || this.nowMs() < this.#actEndsMs) return false;
    return this.cells.every((cell) => cell.housekeeping.pending === 0 || this.operators.closings.isResting(cell.region));
  }

  /** The gate allows for clocks that differ a little, and waits for no peer that is evacuated, or has its books closed. */
  #gateMustHold({ region }: Cell): boolean {
    if (this.regions.every((each) => each === region || this.operators.closings.wasBegun(each))) return false;
    return this.#skewMs() === 0 && this.schedule.entries.every((entry) => entry.kind === 'call' || entry.fault.kind !== 'evacuation');
  }

  /** Between the clocks of two regions, at most. */
  #skewMs(): number {
    const skews = this.regions.map((region) => this.#skewOf(region));
    return Math.max(...skews) - Math.min(...skews);
  }

  #skewOf(region: string): number {
    return this.schedule.entries.reduce(
      (sum, entry) =>
        sum + (entry.kind === 'fault' && entry.fault.kind === 'skew' && entry.fault.region === region ? entry.fault.skewMs : 0),
      0,
    );
  }
}
