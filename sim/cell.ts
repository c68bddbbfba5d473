/** Everything one region runs: its replica of both tables, its functions, its housekeeping. A rebuilt region is a new cell. */
import { gateOf, isDrained, REGIONS_KEY } from '../functions/core/operations.ts';
import { type Committed, StoreUnavailable, type Write } from '../functions/core/store.ts';
import { writerName } from '../functions/core/writer.ts';
import { Environment, writesText } from './environment.ts';
import { Housekeeping } from './housekeeping.ts';
import { type Crash, type Host, Invocation } from './invocation.ts';
import type { Acknowledgement, Refusal } from './ledger.ts';
import { Random } from './random.ts';
import { type Change, Replica } from './replica.ts';
import { isWrite, perform, type Request } from './requests.ts';
import type { Scheduler } from './scheduler.ts';

export type TableName = 'data' | 'control';

/** Milliseconds from a switch until an evacuated region answers 503. */
const DRAIN_MS = 2_000;

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
  /** How far the clocks of a region's environments are from its own at most. */
  readonly jitterMs: number;
  /** Told of each write of an application at a cell. */
  wrote(cell: Cell, table: TableName, change: Change, random: Random): void;
  /** Told of each answer that says "done" to a request that writes. */
  acknowledged(acknowledgement: Acknowledgement): void;
  /** Told of each answer that says no. */
  refused(refusal: Refusal): void;
  /** Told of an exception that no rule throws. */
  unexpected(invocation: string, error: unknown): void;
  note(where: string, what: () => string): void;
}

export type Answer =
  | { readonly kind: 'done'; readonly value: unknown; readonly replayed: boolean; readonly tag: string | undefined }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string; readonly region: string | undefined }
  /** 503, or no answer of the table: nobody knows what came of it. */
  | { readonly kind: 'unavailable'; readonly detail: string };

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
  state: Host['state'] = 'up';
  /** Environments of its housekeeping are lost while it works. */
  flaky = false;
  /** Its database does not answer; `applies`: but does what it was told, every other time. */
  outage: { readonly applies: boolean } | undefined;
  /** Operators have given it up: what it has not replicated is lost. */
  givenUp = false;
  /** Its links are cut for good: a zombie. */
  isolated = false;
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
    readonly request: Request;
    readonly answer: (answer: Answer) => void;
  }): void {
    if (this.state === 'frozen') return this.whenThawed(() => this.serve(given));
    if (this.state === 'gone') return;
    this.start({
      ...given,
      handler: (environment) => this.#handle(environment, given.request),
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
      if (table === 'data') this.housekeeping.streamed(change, new Random(invocation.random.whole(0, 2 ** 31)));
    }
    return outcome;
  }

  /** Another region's write arrives. */
  receive(table: TableName, change: Change, random: Random): void {
    const taken = this.#replicas[table].receive(change);
    if (change.key.pk === REGIONS_KEY && this.absence && change.version.atMs > this.absence.untilMs) this.absence = undefined;
    if (taken === undefined || table === 'control') return;
    this.surroundings.note(this.name, () => `${change.key.pk} ${change.key.sk} arrives`);
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

  async #handle(environment: Environment, request: Request): Promise<Answer> {
    const { regions, gated } = this.surroundings;
    const { data: store, clock, hlc, monitor } = environment;
    const beganMs = this.surroundings.scheduler.agenda.nowMs;
    let writer = this.writer;
    if (gated) {
      const world = await monitor.world();
      const gate = gateOf(world);
      // As functions/http/api.ts: a region that is rebuilt or replaced answers nothing, one that is behind answers reads.
      if (!gate.open && (gate.reason !== 'behind' || isWrite(request))) return { kind: 'unavailable', detail: gate.detail };
      if (isDrained(world, clock.now(), DRAIN_MS)) return { kind: 'unavailable', detail: `${this.region} is evacuated` };
      writer = gate.writer;
    }
    const outcome = await perform({ store, clock, hlc, region: this.region, regions, writer }, request);
    if (outcome.kind === 'refused') {
      this.surroundings.refused({ request, code: outcome.code, cell: this, beganMs });
      return { kind: 'refused', code: outcome.code, detail: outcome.detail, region: outcome.region };
    }
    const { value, replayed, tag } = outcome;
    if (isWrite(request)) {
      const { nowMs: atMs } = this.surroundings.scheduler.agenda;
      this.surroundings.acknowledged({ request, value, replayed, cell: this, writer, beganMs, atMs });
    }
    return { kind: 'done', value, replayed, tag };
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
