/** Everything one region runs: its replica of both tables, its functions, its housekeeping. A rebuilt region is a new cell. */
import { REGIONS_KEY } from '../functions/core/operations.ts';
import type { Reconciled } from '../functions/core/reconcile.ts';
import { type Committed, type Key, StoreUnavailable, type Write } from '../functions/core/store.ts';
import { writerName } from '../functions/core/writer.ts';
import { type Answer, type Asked, handle } from './api.ts';
import { Environment, writesText } from './environment.ts';
import { Housekeeping } from './housekeeping.ts';
import { type Crash, type Host, Invocation } from './invocation.ts';
import type { Acknowledgement, Read, Refusal, Replicated, Told } from './ledger.ts';
import { OwnerIndex } from './owner-index.ts';
import { Random } from './random.ts';
import { type Change, Replica } from './replica.ts';
import type { Scheduler } from './scheduler.ts';

/** Names the chance that an index lags by. */
const INDEX = 77;

export type TableName = 'data' | 'control';

/** The world as a cell knows it. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly regions: readonly string[];
  /** Whether requests pass the write gate; without it cells write under the name they were made with. */
  readonly gated: boolean;
  /** Share of the housekeeping's work that is done a second time, because the stream or Lambda delivers twice. */
  readonly twice: number;
  /** Milliseconds that a call of the database usually takes. */
  readonly stepMs: number;
  /** Share of the transactions on stock that lose to others', where they are told of it soon; of patient ones a tenth of that. */
  readonly contention: number;
  /** How far the clocks of a region's environments are from its own at most. */
  readonly jitterMs: number;
  /** Told of each write of an application at a cell. */
  wrote(cell: Cell, table: TableName, change: Change, random: Random): void;
  /** Told of each item of the control table that comes to a cell by replication. */
  controlled(cell: Cell, key: Key): void;
  /** Told of each answer that says "done" to a request that writes. */
  acknowledged(acknowledgement: Acknowledgement): void;
  /** Told of each answer to a read. */
  read(read: Read): void;
  /** Told of each answer that says no. */
  refused(refusal: Refusal): void;
  /** Told of what became of an order in housekeeping. */
  reconciled(reconciled: Reconciled): void;
  /** Told when a region says that it holds what its caller's tokens name. */
  caughtUp(cell: Cell, told: readonly Told[]): void;
  /** Told when a region says that a peer holds what it is asked about. */
  replicated(replicated: Replicated): void;
  /** The cell that answers for a region's replica. */
  cellOf(region: string): Cell;
  /** Told of an exception that no rule throws. */
  unexpected(invocation: string, error: unknown): void;
  note(where: string, what: () => string): void;
}

interface Run<T> {
  readonly name: string;
  readonly seed: number;
  readonly crash: Crash | undefined;
  readonly handler: (environment: Environment) => Promise<T>;
  readonly onDone: (value: T) => void;
  /** The database did not answer, or the environment was lost. */
  readonly onFailed: (how: 'crashed' | 'unavailable') => void;
}

export interface CellProps {
  readonly region: string;
  /** Counts from 1. */
  readonly incarnation: number;
  /** How far its clocks are ahead of true time. */
  readonly skewMs: number;
  readonly seed: number;
  readonly surroundings: Surroundings;
}

export class Cell implements Host {
  readonly region: string;
  readonly incarnation: number;
  readonly surroundings: Surroundings;
  readonly housekeeping: Housekeeping;
  readonly index: OwnerIndex;
  state: Host['state'] = 'up';
  /** Environments of its housekeeping are lost while it works. */
  flaky = false;
  /** Its database does not answer; `applies`: but does what it was told, every other time. */
  outage: { readonly applies: boolean } | undefined;
  /** Operators have given it up: what it has not replicated is lost. */
  givenUp = false;
  /** When its links were cut for good: it is a zombie since. */
  isolatedAtMs: number | undefined;
  /** Operators can neither ask nor close its front door. */
  outOfReach = false;
  /** Operators have taken it from its callers. */
  isShut = false;
  /** It was frozen, and has not heard since of anything that a peer did after its return. */
  absence: { readonly forMs: number; readonly untilMs: number } | undefined;
  #frozenAtMs = 0;
  readonly #skewMs: number;
  readonly #random: Random;
  readonly #replicas: Readonly<Record<TableName, Replica>>;
  readonly #invocations = new Set<Invocation>();
  readonly #idle: Environment[] = [];
  #thawing: (() => void)[] = [];

  constructor(props: CellProps) {
    this.region = props.region;
    this.incarnation = props.incarnation;
    this.surroundings = props.surroundings;
    this.#skewMs = props.skewMs;
    this.#random = new Random(props.seed);
    this.#replicas = { data: new Replica(props.region), control: new Replica(props.region) };
    this.housekeeping = new Housekeeping(this);
    this.index = new OwnerIndex(props.surroundings.scheduler.agenda);
  }

  /** The name under which it may write. */
  get writer(): string {
    return writerName({ region: this.region, incarnation: this.incarnation });
  }

  get name(): string {
    return this.writer;
  }

  replica(table: TableName): Replica {
    return this.#replicas[table];
  }

  /** A request arrives at its API. `answer` is not called when the environment is lost. */
  serve(given: {
    readonly name: string;
    readonly seed: number;
    readonly crash: Crash | undefined;
    readonly asked: Asked;
    readonly answer: (answer: Answer) => void;
  }): void {
    if (this.isShut) return given.answer({ kind: 'unavailable', detail: `the front door of ${this.name} is closed` });
    if (this.state === 'frozen') return this.whenThawed(() => this.serve(given));
    if (this.state === 'gone') return;
    this.start({
      ...given,
      handler: (environment) => handle(this, environment, given.asked),
      onDone: given.answer,
      onFailed: (how) => {
        if (how === 'unavailable') given.answer({ kind: 'unavailable', detail: 'the table does not answer' });
      },
    });
  }

  /** Runs a handler in an environment that is free, or a new one. */
  start<T>({ name, seed, crash, handler, onDone, onFailed }: Run<T>): void {
    const environment = this.#idle.pop() ?? this.#coldStart();
    const invocation = new Invocation({
      ...{ name, seed, crash, host: this, scheduler: this.surroundings.scheduler, stepMs: this.surroundings.stepMs },
      onCrash: () => {
        this.#invocations.delete(invocation);
        this.surroundings.note(this.name, () => `the environment of "${name}" is lost`);
        onFailed('crashed');
      },
    });
    this.#invocations.add(invocation);
    environment.invocation = invocation;
    invocation.run(
      () => handler(environment),
      (ended) => {
        this.#invocations.delete(invocation);
        environment.invocation = undefined;
        this.#idle.push(environment);
        if ('value' in ended) return onDone(ended.value);
        if (!(ended.error instanceof StoreUnavailable)) this.surroundings.unexpected(name, ended.error);
        onFailed('unavailable');
      },
    );
  }

  /** The deep check: writes the heartbeat. */
  beat(): void {
    if (this.state !== 'up') return;
    this.start({
      name: `deep check of ${this.name}`,
      seed: this.#random.whole(0, 2 ** 31),
      crash: undefined,
      handler: ({ monitor }) => monitor.check(),
      onDone: () => {},
      onFailed: () => {},
    });
  }

  /** A local transaction of an application. */
  write(table: TableName, writes: readonly Write[], invocation: Invocation): Committed {
    const { outcome, changes } = this.#replicas[table].commit(writes, this.#nowMs());
    this.surroundings.note(
      invocation.name,
      () => `${writesText(writes)}${outcome.ok ? '' : `: refused by the guard of write ${outcome.failed + 1}`}`,
    );
    for (const change of changes) {
      this.surroundings.wrote(this, table, change, invocation.random);
      if (table !== 'data') continue;
      if (change.item) this.index.wrote(change.item, invocation.random.fork(INDEX));
      this.housekeeping.streamed(change, new Random(invocation.random.whole(0, 2 ** 31)));
    }
    return outcome;
  }

  /** Another region's write arrives. */
  receive(table: TableName, change: Change, random: Random): void {
    const taken = this.#replicas[table].receive(change);
    if (change.key.pk === REGIONS_KEY && this.absence && change.version.atMs > this.absence.untilMs) this.absence = undefined;
    if (taken === undefined) return;
    if (table === 'control') return this.surroundings.controlled(this, change.key);
    this.surroundings.note(this.name, () => `${change.key.pk} ${change.key.sk} arrives`);
    if (change.item) this.index.wrote(change.item, random.fork(INDEX));
    this.housekeeping.streamed({ item: change.item, before: taken.before }, random);
  }

  whenThawed(act: () => void): void {
    if (this.state === 'up') act();
    else if (this.state === 'frozen') this.#thawing.push(act);
  }

  freeze(): void {
    if (this.state !== 'up') return;
    this.state = 'frozen';
    this.#frozenAtMs = this.surroundings.scheduler.agenda.nowMs;
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.state = 'up';
    const { nowMs } = this.surroundings.scheduler.agenda;
    this.absence = { forMs: nowMs - this.#frozenAtMs, untilMs: nowMs };
    const thawing = this.#thawing;
    this.#thawing = [];
    for (const act of thawing) act();
  }

  /** It is lost for good, and all that ran on it. */
  lose(): void {
    this.state = 'gone';
    this.housekeeping.pending = 0;
    this.#thawing = [];
    this.#idle.length = 0;
    this.#invocations.clear();
  }

  answers(random: Random): 'yes' | 'no' | 'no, but does it' {
    if (this.outage === undefined) return 'yes';
    return this.outage.applies && random.chance(0.5) ? 'no, but does it' : 'no';
  }

  #coldStart(): Environment {
    const { jitterMs, regions } = this.surroundings;
    const skewMs = this.#random.whole(-jitterMs, jitterMs);
    return new Environment(this, { clock: () => this.#nowMs(), skewMs, regions });
  }

  #nowMs(): number {
    return Math.floor(this.surroundings.scheduler.agenda.nowMs + this.#skewMs);
  }
}
