/**
 * CloudWatch of one region on a laptop: collects metrics from the functions' logs, the front door and the streams, evaluates the alarms
 * of the templates that AWS would get, and tells the region's emulator, which runs their actions.
 * docs/local-differences.md says what it does not prove.
 */
import type { Stack } from '../deployment/assembly.ts';
import type { Served } from '../region/protocol.ts';
import { type Clock, systemClock } from '../route53/clock.ts';
import type { IteratorAge } from '../streams/mappings.ts';
import type { AlarmStatus } from './alarm.ts';
import { readAlarms } from './alarms.ts';
import { AlarmBoard, type AlarmTurn } from './board.ts';
import { type LookUp, lookUpDeployed } from './deployed.ts';
import { Emulator, type EmulatorSettings, Unreachable } from './emulator.ts';
import { type Api, apiOf, datapointsOf } from './front-door.ts';
import { datapointsOfLine, type FunctionLog, functionLogsOf } from './function-logs.ts';
import { datapointOfAge } from './iterator-age.ts';
import { LogTail } from './log-tail.ts';
import { MINUTE_MS } from './metrics.ts';
import { type Unsupplied, unsupplied } from './supply.ts';
import { type Lookups, SYMBOLIC } from './template.ts';

/**
 * From the end of a minute to the evaluation that looks at it. On AWS each alarm has a second of its own in the minute; the
 * notifications that people publish show 10 to 50 seconds.
 */
const DATA_DELAY_MS = 30_000;
const LOG_POLL_MS = 2_000;
/** Between comparisons of the states here with those in the emulator. */
const SYNC_MS = 5_000;
/** Logs from before the start that are still read. */
const LOG_BACK_MS = 5 * MINUTE_MS;
/** Events that wait for a region that cannot be reached; older ones are dropped. */
const EVENTS_MAX = 1_000;

/** Time since 1970, which metrics carry. */
const wallClock: Clock = { nowMs: () => Date.now(), sleep: systemClock.sleep };

export interface CloudWatchProps extends EmulatorSettings {
  /** As AWS would get them: the region's cell, not its adapted copy. */
  readonly stacks: readonly Stack[];
  readonly onAlarm: (turn: AlarmTurn) => void;
  /** Whether `CloudWatch Alarm State Change` events are put on the region's event bus. @default false */
  readonly events?: boolean;
  /** Names of deployed resources. @default asks the emulator's CloudFormation */
  readonly lookUp?: LookUp;
  /** Milliseconds since 1970. @default the system's */
  readonly clock?: Clock;
}

export class CloudWatch {
  readonly #props: CloudWatchProps;
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  readonly #emulator: Emulator;
  readonly #board = new AlarmBoard();
  readonly #stopping = new AbortController();
  readonly #events: AlarmTurn[] = [];
  #stacks: readonly Stack[];
  #tails = new Map<string, LogTail>();
  #functions: readonly FunctionLog[] = [];
  #api: Api | undefined;
  #loops: readonly Promise<void>[] = [];

  /** Reads the templates. @throws {UnsupportedAlarmError} when they hold what is not interpreted here */
  constructor(props: CloudWatchProps) {
    this.#props = props;
    this.#stacks = props.stacks;
    this.#clock = props.clock ?? wallClock;
    this.#lookUp = props.lookUp ?? lookUpDeployed(props);
    this.#emulator = new Emulator(props);
    readTemplates(props.stacks, () => SYMBOLIC);
  }

  /** After the first deployment: begins to collect and to evaluate. @throws as `refresh` */
  async start(): Promise<void> {
    await this.refresh();
    this.#loops = [this.#forever(() => this.#tail(), LOG_POLL_MS), this.#forever(() => this.#sync(), SYNC_MS), this.#evaluate()];
  }

  /**
   * After a deployment, or within one as soon as its new version exists: templates and names may be others. An alarm that
   * has the name it had keeps its state.
   * @param stacks as AWS would get them. Default: those of the last refresh
   * @throws {UnsupportedAlarmError | NotDeployedError}, or when the emulator cannot be asked; everything is as before then
   */
  async refresh(stacks: readonly Stack[] = this.#stacks): Promise<void> {
    const lookups = new Map<string, Lookups>();
    for (const { name } of stacks) lookups.set(name, await this.#lookUp(name));
    const lookupsOf = (stack: string): Lookups => lookups.get(stack) ?? SYMBOLIC;
    const { alarms, functions, api } = readTemplates(stacks, lookupsOf);
    this.#stacks = stacks;
    this.#functions = functions;
    this.#api = api;
    const startMs = this.#clock.nowMs() - LOG_BACK_MS;
    const read = (group: string, fromMs: number) => this.#emulator.readLog(group, fromMs, this.#stopping.signal);
    this.#tails = new Map(
      this.#functions.map(({ logGroup }) => [logGroup, this.#tails.get(logGroup) ?? new LogTail(logGroup, startMs, read)]),
    );
    this.#board.use(alarms);
  }

  /** By physical name. Empty before the start. */
  states(): ReadonlyMap<string, AlarmStatus> {
    const { alarms, verdicts } = this.#board;
    return new Map(
      alarms.flatMap(({ id, name }) => {
        const verdict = verdicts.get(name);
        return verdict ? [[name, { id, ...verdict }]] : [];
      }),
    );
  }

  /** Metrics that nobody supplies here: their alarms see missing data. Empty before the start. */
  unsupplied(): readonly Unsupplied[] {
    return unsupplied(this.#board.alarms, { api: this.#api, functions: this.#functions });
  }

  /** What the region's front door answered. `atMs`: since 1970. */
  served(atMs: number, answers: readonly Served[]): void {
    if (this.#api) this.#board.add(datapointsOf(this.#api, atMs, answers), this.#clock.nowMs());
  }

  /** A function of the region got a batch of a stream's records. */
  handed(age: IteratorAge): void {
    this.#board.add([datapointOfAge(age)], this.#clock.nowMs());
  }

  /** Ends calls under way, and leaves no timer, socket or promise behind. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    this.#emulator.destroy();
  }

  /** Repeats work that a region which is lost or frozen lets fail, and that goes on when it is back. */
  async #forever(work: () => Promise<void>, everyMs: number): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
      }
      await this.#clock.sleep(everyMs, signal);
    }
  }

  async #tail(): Promise<void> {
    for (const { functionName, logGroup } of this.#functions) {
      await this.#tails.get(logGroup)?.poll((event) => this.#board.add(datapointsOfLine(functionName, event), this.#clock.nowMs()));
    }
  }

  /** Each minute once. Minutes that passed while this machine slept are not made up for. */
  async #evaluate(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      const sinceTickMs = (this.#clock.nowMs() - DATA_DELAY_MS) % MINUTE_MS;
      await this.#clock.sleep(MINUTE_MS - sinceTickMs, signal);
      if (signal.aborted) return;
      const turns = this.#board.evaluate(this.#clock.nowMs());
      for (const turn of turns) this.#props.onAlarm(turn);
      if (this.#props.events) this.#events.push(...turns);
      this.#events.splice(0, Math.max(0, this.#events.length - EVENTS_MAX));
    }
  }

  /** Sets what is another state in the emulator: after each turn, and for all alarms of a region that came back empty. */
  async #sync(): Promise<void> {
    const { signal } = this.#stopping;
    const there = await this.#emulator.alarmStates(signal);
    for (const [name, verdict] of this.#board.verdicts) {
      const state = there.get(name);
      if (state !== undefined && state !== verdict.state) await this.#emulator.setAlarmState(name, verdict, signal);
    }
    for (let turn = this.#events[0]; turn !== undefined; turn = this.#events[0]) {
      await this.#emulator.putAlarmEvent(turn, signal);
      this.#events.shift();
    }
  }
}

/** What the templates of a region say of its alarms, and of who supplies their metrics. */
const readTemplates = (stacks: readonly Stack[], lookupsOf: (stack: string) => Lookups) => ({
  alarms: readAlarms(stacks, lookupsOf),
  functions: stacks.flatMap((stack) => functionLogsOf(stack, lookupsOf(stack.name))),
  api: stacks.map((stack) => apiOf(stack, lookupsOf(stack.name))).find((each) => each !== undefined),
});
