/**
 * One deployment: hook, parts of the calls with pauses, all calls, hook; and back to none of them as soon as an alarm
 * fires, a hook refuses or is silent, or somebody stops it. What it does to the world is given to it, time too.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-lambda
 */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import type { Clock } from '../route53/clock.ts';
import { newHookExecutionId } from './ids.ts';
import { alarmEnd, DeploymentEnd, hookEnd, type Outcome, stopEnd, unknownAlarmEnd } from './outcome.ts';
import type { Step } from './steps.ts';

const ALARM_POLL_MS = 1_000;
/** CodeDeploy waits an hour for a hook's answer. */
const HOOK_MS_MAX = 3_600_000;

export const HOOKS = ['BeforeAllowTraffic', 'AfterAllowTraffic'] as const;
export type Hook = (typeof HOOKS)[number];
export type HookStatus = 'Succeeded' | 'Failed';

/** Where a deployment stands. */
export type Phase =
  | { readonly name: 'created' }
  | { readonly name: 'before-traffic' }
  | { readonly name: 'exposed'; readonly percent: number }
  | { readonly name: 'after-traffic' }
  | { readonly name: 'ended'; readonly outcome: Outcome };

export interface DeploymentProps {
  readonly id: string;
  readonly steps: readonly Step[];
  /** Names of the functions that are called, and answer later. */
  readonly hooks: Readonly<Partial<Record<Hook, string>>>;
  /** Names of the alarms that end it. Empty while alarms are ignored. */
  readonly alarms: readonly string[];
  /** Whether an alarm that nobody knows is taken for one that does not fire. */
  readonly ignorePollFailure: boolean;
  readonly clock: Clock;
  readonly ports: DeploymentPorts;
}

export interface DeploymentPorts {
  /** Undefined for an alarm that nobody knows. */
  readonly alarmState: (name: string) => AlarmState | undefined;
  /** Percent of all calls that the new version gets from now on. */
  readonly shift: (percent: number) => Promise<void>;
  /** Sends the event; the answer comes through `answer`. */
  readonly callHook: (functionName: string, event: HookEvent) => Promise<void>;
  readonly onPhase: (phase: Phase) => void;
}

/** What a hook gets: the version is not in it, as on AWS. */
export interface HookEvent {
  readonly DeploymentId: string;
  readonly LifecycleEventHookExecutionId: string;
}

/** What became of an answer. */
export type Answered = 'accepted' | 'unknown' | 'repeated';

interface Execution {
  readonly hook: Hook;
  status: HookStatus | undefined;
  readonly answered: PromiseWithResolvers<void>;
}

export class Deployment {
  readonly #props: DeploymentProps;
  readonly #ending = new AbortController();
  readonly #executions = new Map<string, Execution>();
  #phase: Phase = { name: 'created' };
  #shifted = false;

  constructor(props: DeploymentProps) {
    this.#props = props;
  }

  get id(): string {
    return this.#props.id;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Once. Resolves when calls are where they belong: all at the new version, or none. Never rejects. */
  async run(): Promise<Outcome> {
    const watching = new AbortController();
    const watch = this.#watchAlarms(AbortSignal.any([watching.signal, this.#ending.signal]));
    let outcome: Outcome;
    try {
      await this.#advance();
      outcome = { state: 'succeeded' };
    } catch (error) {
      outcome = this.#outcomeOf(error);
    }
    watching.abort();
    await watch;
    if (outcome.state !== 'succeeded') outcome = await this.#takeBack(outcome);
    this.#turn({ name: 'ended', outcome });
    return outcome;
  }

  /** Ends it, unless it has ended: calls go back to the version before. */
  stop(reason: string): void {
    this.#end(stopEnd(reason));
  }

  /** A hook's answer. */
  answer(execution: string, status: HookStatus): Answered {
    const known = this.#executions.get(execution);
    if (known === undefined) return 'unknown';
    if (known.status !== undefined || this.#ending.signal.aborted || this.#phase.name === 'ended') return 'repeated';
    known.status = status;
    known.answered.resolve();
    return 'accepted';
  }

  async #advance(): Promise<void> {
    const { steps, clock } = this.#props;
    // One that fires already ends it before anything is done.
    this.#endOnAlarm();
    this.#requireGoingOn();
    this.#turn({ name: 'before-traffic' });
    await this.#runHook('BeforeAllowTraffic');
    for (const { percent, holdMs } of steps) {
      await this.#shift(percent);
      this.#turn({ name: 'exposed', percent });
      await clock.sleep(holdMs, this.#ending.signal);
      this.#requireGoingOn();
    }
    await this.#shift(100);
    this.#turn({ name: 'after-traffic' });
    await this.#runHook('AfterAllowTraffic');
  }

  async #runHook(hook: Hook): Promise<void> {
    const { id, hooks, clock, ports } = this.#props;
    const functionName = hooks[hook];
    this.#requireGoingOn();
    if (functionName === undefined) return;
    const execution: Execution = { hook, status: undefined, answered: Promise.withResolvers() };
    const executionId = newHookExecutionId();
    this.#executions.set(executionId, execution);
    const patience = new AbortController();
    try {
      await ports.callHook(functionName, { DeploymentId: id, LifecycleEventHookExecutionId: executionId }).catch((error: unknown) => {
        throw hookEnd(hook, `cannot be called: ${messageOf(error)}`);
      });
      await Promise.race([execution.answered.promise, clock.sleep(HOOK_MS_MAX, AbortSignal.any([patience.signal, this.#ending.signal]))]);
    } finally {
      patience.abort();
    }
    this.#requireGoingOn();
    if (execution.status === undefined) throw hookEnd(hook, `did not answer within ${HOOK_MS_MAX / 60_000} minutes`);
    if (execution.status === 'Failed') throw hookEnd(hook, 'answered that it failed');
  }

  async #shift(percent: number): Promise<void> {
    this.#requireGoingOn();
    this.#shifted = true;
    await this.#props.ports.shift(percent);
    this.#requireGoingOn();
  }

  async #takeBack(outcome: Exclude<Outcome, { readonly state: 'succeeded' }>): Promise<Outcome> {
    if (!this.#shifted) return outcome;
    try {
      await this.#props.ports.shift(0);
      return outcome;
    } catch (error) {
      return { ...outcome, reason: `${outcome.reason}; calls could not be taken back: ${messageOf(error)}` };
    }
  }

  async #watchAlarms(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#props.clock.sleep(ALARM_POLL_MS, signal);
      if (!signal.aborted) this.#endOnAlarm();
    }
  }

  #endOnAlarm(): void {
    const { alarms, ignorePollFailure, ports } = this.#props;
    const states = alarms.map((name) => ({ name, state: ports.alarmState(name) }));
    const firing = states.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
    const unknown = ignorePollFailure ? [] : states.filter(({ state }) => state === undefined).map(({ name }) => name);
    if (firing.length > 0) this.#end(alarmEnd(firing));
    else if (unknown.length > 0) this.#end(unknownAlarmEnd(unknown));
  }

  #end(end: DeploymentEnd): void {
    this.#ending.abort(end);
  }

  /** @throws {DeploymentEnd} */
  #requireGoingOn(): void {
    this.#ending.signal.throwIfAborted();
  }

  /** An end that was asked for explains what failed because of it. */
  #outcomeOf(error: unknown): Exclude<Outcome, { readonly state: 'succeeded' }> {
    const end: unknown = this.#ending.signal.aborted ? this.#ending.signal.reason : error;
    if (end instanceof DeploymentEnd) return end.outcome;
    return { state: 'failed', code: 'INTERNAL_ERROR', reason: `calls could not be shifted: ${messageOf(end)}` };
  }

  #turn(phase: Phase): void {
    this.#phase = phase;
    this.#props.ports.onPhase(phase);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
