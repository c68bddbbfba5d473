/** Regions that are given up, and the operators who reclaim their stock and rebuild them. What that does to the rest of the world. */
import { foldControl } from '../functions/core/operations.ts';
import { reclaimStock } from '../functions/core/reclaim.ts';
import { type Estate, rebuildRegion } from '../functions/core/recovery.ts';
import type { Item } from '../functions/core/store.ts';
import { parseWriter } from '../functions/core/writer.ts';
import type { Cell } from './cell.ts';
import { Closings } from './closings.ts';
import { type Crash, type Host, Invocation } from './invocation.ts';
import { type Levers, SimulatedEstate } from './operator.ts';
import { mix, Random } from './random.ts';
import type { Fault } from './schedule.ts';
import type { World } from './world.ts';

/** Milliseconds of an operator's step, and until one whose machine died starts again. */
const STEP_MS = { rebuild: 250, reclaim: 60 } as const;
const RETRY_MS = 500;
const LIFE_MS_MAX = 24 * 3_600_000;

type Loss = Pick<Extract<Fault, { kind: 'loss' }>, 'region' | 'reclaims' | 'staysClosed' | 'crashes' | 'outOfReach'>;

interface Errand {
  readonly work: 'rebuild' | 'reclaim';
  readonly region: string;
  readonly crashes: readonly Crash[];
  readonly seed: number;
  /** Its last run dies, too. */
  readonly abandoned: boolean;
}

export class Operators implements Levers {
  readonly #world: World;
  readonly #lost = new Set<string>();
  readonly closings = new Closings();
  /** Rebuilds that wait for the next act. */
  #later: (() => void)[] = [];
  /** Given up, replaced, and still running. */
  #zombies: Cell[] = [];
  /** From the loss of a region until it serves again. */
  isRebuilding = false;

  constructor(world: World) {
    this.#world = world;
  }

  get regions(): readonly string[] {
    return this.#world.regions;
  }

  nowMs = (): number => this.#world.nowMs();

  cellOf(region: string): Cell {
    return this.#world.cellOf(region);
  }

  lost(): readonly string[] {
    return [...this.#lost];
  }

  zombieOf(region: string): Cell | undefined {
    return this.#zombies.find((each) => each.region === region && each.state !== 'gone');
  }

  endZombies(): void {
    for (const zombie of this.#zombies) zombie.lose();
    this.#zombies = [];
  }

  /** A region is lost, or only frozen and given up later. */
  giveUp(region: string): Cell {
    this.isRebuilding = true;
    this.#world.unrest();
    const cell = this.cellOf(region);
    cell.givenUp = true;
    this.#lost.add(region);
    return cell;
  }

  /** What operators do about a lost region: reclaim its stock, as often as planned, and rebuild it. */
  recover(loss: Loss, seed: number): void {
    const { region, reclaims, staysClosed, crashes, outOfReach } = loss;
    this.cellOf(region).outOfReach = outOfReach;
    const [reclaim, ...later] = reclaims;
    const rebuild = (): void =>
      this.#run({ work: 'rebuild', region, crashes, seed, abandoned: false }, () => {
        this.isRebuilding = false;
        this.#world.calm();
      });
    if (reclaim !== undefined) {
      return this.#run({ work: 'reclaim', region, crashes: reclaim.crashes, seed, abandoned: reclaim.abandoned }, () =>
        this.#world.scheduler.agenda.after(
          reclaim.thenMs,
          () => this.recover({ ...loss, reclaims: later }, mix(seed, 2)),
          () => `recovering ${region}`,
        ),
      );
    }
    if (!staysClosed) return rebuild();
    this.closings.rest(region);
    this.#world.calm();
    this.#later.push(() => {
      this.#world.unrest();
      rebuild();
    });
  }

  /** A new act begins: what waited for it is done. */
  goOn(): void {
    const later = this.#later;
    this.#later = [];
    for (const act of later) act();
  }

  /** Whether a cell writes for a lost region whose books are closed: its heir alone does. */
  closes(cell: Cell, writer: string): boolean {
    const { region, incarnation } = parseWriter(writer);
    const heir = this.regions.find((each) => each !== region && !this.#lost.has(each));
    return this.#lost.has(region) && heir === cell.region && incarnation > this.cellOf(region).incarnation;
  }

  /** Runs it again after each time the operator's machine dies. */
  #run({ work, region, crashes, seed, abandoned }: Errand, then: () => void): void {
    const { scheduler } = this.#world;
    const note = (what: string): void => this.#world.note('operator', () => what);
    const [crash, ...later] = crashes;
    note(`${work}s ${region}`);
    this.closings.begin(work, region);
    const invocation = new Invocation({
      ...{ name: 'operator', host: this.#host(), scheduler, seed, crash, stepMs: STEP_MS[work], lifeMsMax: LIFE_MS_MAX },
      onCrash: () => {
        note("the operator's machine dies");
        if (abandoned && later.length === 0) return then();
        scheduler.agenda.after(
          new Random(seed).delayMs(RETRY_MS),
          () => this.#run({ work, region, crashes: later, seed: mix(seed, 1), abandoned }, then),
          () => `${work} of ${region} again`,
        );
      },
    });
    const perform: (estate: Estate, region: string) => Promise<unknown> = work === 'rebuild' ? rebuildRegion : reclaimStock;
    invocation.run(
      () => perform(new SimulatedEstate(this, invocation), region),
      (ended) => {
        if ('error' in ended) this.#world.unexpected('operator', ended.error);
        then();
      },
    );
  }

  closeDoor(region: string): void {
    const cell = this.cellOf(region);
    if (!cell.givenUp || cell.outOfReach || cell.isShut) return;
    this.#world.note('operator', () => `takes ${cell.name} from its callers`);
    cell.isShut = true;
  }

  cut(region: string): void {
    const { network, cells, ledger } = this.#world;
    this.#world.note('operator', () => `cuts ${region} off`);
    network.cut(region);
    const cell = this.cellOf(region);
    if (cell.givenUp) cell.isolatedAtMs ??= this.nowMs();
    const survivors = cells.filter((each) => each.region !== region && each.state !== 'gone');
    ledger.giveUp(
      (each) => each.givenUp,
      survivors.flatMap((each) => each.replica('data').items()),
    );
  }

  restartEmpty(region: string, control: readonly Item[]): void {
    const { incarnation } = foldControl(region, control);
    const old = this.cellOf(region);
    if (old.givenUp && old.state !== 'gone') this.#zombies.push(old);
    else old.lose();
    const cell = this.#world.replace(region, incarnation);
    this.#world.note('operator', () => `starts ${cell.name} with nothing`);
    for (const item of control)
      cell.receive('control', { key: item, item, before: undefined, version: { atMs: 0, region, count: 0 } }, new Random(0));
  }

  restore(region: string): void {
    const { network, schedule } = this.#world;
    network.restore(region);
    const random = new Random(mix(schedule.seed, this.nowMs()));
    const survivors = this.regions.filter((each) => each !== region && !this.#lost.has(each));
    for (const [index, survivor] of survivors.entries()) network.fill(this.cellOf(survivor), region, random.fork(index));
  }

  admit(region: string): void {
    this.#lost.delete(region);
    this.#world.note('operator', () => `admits ${this.cellOf(region).name}`);
  }

  /** The operator's tools wait for a survivor that is frozen. */
  #host(): Host {
    const frozen = (): Cell | undefined => this.#world.cells.find((cell) => !cell.givenUp && cell.state === 'frozen');
    return {
      name: 'operator',
      get state() {
        return frozen() === undefined ? 'up' : 'frozen';
      },
      whenThawed: (act) => (frozen() === undefined ? act() : frozen()?.whenThawed(act)),
      answers: () => 'yes',
    };
  }
}
