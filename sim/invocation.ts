/**
 * One run of a handler, or of an operator's tool. Its calls of the store are its steps: between any two of them everything else may happen, and at
 * any of them it may end for ever, with that step's effect or without.
 */
import { StoreUnavailable } from '../functions/core/store.ts';
import type { Label } from './agenda.ts';
import { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Milliseconds after which Lambda ends a function, whatever it is doing. */
const FUNCTION_MS_MAX = 10_000;
/** Milliseconds that a call of the database usually takes. */
const STEP_MS = 4;

/** What an invocation runs on. */
export interface Host {
  readonly name: string;
  /** `frozen`: nothing moves until it thaws. `gone`: for ever. */
  readonly state: 'up' | 'frozen' | 'gone';
  /** Does `act` when the host has thawed, and never when it is gone. */
  whenThawed(act: () => void): void;
  /** Whether the database answers this call, and if not, whether it executes it all the same. */
  answers(random: Random): 'yes' | 'no' | 'no, but does it';
}

/** Where an invocation ends: at its `step`th call, which is executed or not. */
export interface Crash {
  readonly step: number;
  readonly applied: boolean;
}

export interface InvocationProps {
  readonly name: string;
  readonly host: Host;
  readonly scheduler: Scheduler;
  readonly seed: number;
  readonly crash?: Crash | undefined;
  /** Milliseconds that a call of the database usually takes. @default 4 */
  readonly stepMs?: number;
  /** Milliseconds after which it is ended. @default as Lambda */
  readonly lifeMsMax?: number;
  /** Told when it ends without an answer. */
  readonly onCrash: (invocation: Invocation) => void;
}

export class Invocation {
  readonly name: string;
  readonly random: Random;
  readonly #props: InvocationProps;
  readonly #startedMs: number;
  /** Calls that have not been answered. */
  waiting = 0;
  /** Nothing comes of it any more: it returned, threw, or was ended. */
  ended = false;
  #steps = 0;
  /** What the calls came to: with the request, all that a handler's memory depends on. Kept only where somebody asks. */
  readonly #results: unknown[] = [];

  constructor(props: InvocationProps) {
    this.name = props.name;
    this.random = new Random(props.seed);
    this.#props = props;
    this.#startedMs = props.scheduler.agenda.nowMs;
    props.scheduler.started(this);
  }

  /** Runs the handler; `then` gets what it returned or threw, unless it was ended before. */
  run<T>(handler: () => Promise<T>, then: (ended: { readonly value: T } | { readonly error: unknown }) => void): void {
    const end = (result: { readonly value: T } | { readonly error: unknown }): void => {
      if (this.ended) return;
      this.ended = true;
      then(result);
    };
    handler().then(
      (value) => end({ value }),
      (error: unknown) => end({ error }),
    );
    this.#props.scheduler.resumed(this, 0);
  }

  /**
   * One call of the store: `act` happens at once when its turn comes, and only its caller learns what it came to.
   * @param usualMs milliseconds that it usually takes
   */
  step<T>(label: Label, act: () => T, usualMs = this.#props.stepMs ?? STEP_MS): Promise<T> {
    const { agenda } = this.#props.scheduler;
    this.waiting += 1;
    this.#steps += 1;
    const number = this.#steps;
    const named: Label = () => `${this.name}, call ${number}: ${label()}`;
    return new Promise<T>((resolve, reject) => {
      const perform = (): void => this.#perform(number, named, act, { resolve, reject });
      agenda.after(this.random.delayMs(usualMs), perform, named);
    });
  }

  /** Waits, and calls nobody. The environment may be lost meanwhile. */
  pause(ms: number): Promise<void> {
    const { agenda } = this.#props.scheduler;
    this.waiting += 1;
    const label: Label = () => `${this.name} waits`;
    return new Promise<void>((resolve) => {
      const wake = (): void => {
        const { host, scheduler } = this.#props;
        if (this.ended || host.state === 'gone') return;
        if (host.state === 'frozen') return host.whenThawed(wake);
        if (this.#isLate()) return this.end();
        this.waiting -= 1;
        resolve();
        scheduler.resumed(this, this.waiting);
      };
      agenda.after(ms, wake, label, true);
    });
  }

  /** Ends it. Its caller hears nothing. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#props.onCrash(this);
  }

  /** All that its future depends on, as text. */
  memory(): string {
    return `${this.name} ${JSON.stringify(this.#results)}`;
  }

  #isLate(): boolean {
    return this.#props.scheduler.agenda.nowMs - this.#startedMs > (this.#props.lifeMsMax ?? FUNCTION_MS_MAX);
  }

  #perform<T>(
    number: number,
    label: Label,
    act: () => T,
    caller: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
  ): void {
    const { host, scheduler, crash } = this.#props;
    if (this.ended || host.state === 'gone') return;
    if (host.state === 'frozen') {
      host.whenThawed(() => scheduler.agenda.after(this.random.delayMs(STEP_MS), () => this.#perform(number, label, act, caller), label));
      return;
    }
    const late = this.#isLate();
    if (late || crash?.step === number) {
      if (late ? this.random.chance(0.5) : crash?.applied) act();
      this.end();
      return;
    }
    const answers = host.answers(this.random);
    const others = this.waiting - 1;
    this.waiting = others;
    if (answers === 'yes') this.#settle(act, caller);
    else {
      if (answers === 'no, but does it') act();
      caller.reject(new StoreUnavailable(`${host.name} does not answer`));
    }
    scheduler.resumed(this, others);
  }

  #settle<T>(act: () => T, caller: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void }): void {
    try {
      const value = act();
      if (this.#props.scheduler.remembers) this.#results.push(value);
      caller.resolve(value);
    } catch (error: unknown) {
      caller.reject(error);
    }
  }
}
