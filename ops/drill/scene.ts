/** What goes on while something is broken: callers near every region, their load, and a watch on the answer of the shared name. */
import { randomUUID } from 'node:crypto';
import type { Scope } from '../../functions/contract/routes.ts';
import type { Target } from '../targets/target.ts';
import type { Caller, CallerProps } from './callers.ts';
import { clientCaller } from './client-caller.ts';
import { dnsCaller } from './dns-caller.ts';
import { Expectations } from './expectations.ts';
import { SUBJECT } from './ledger.ts';
import { IN_FLIGHT_MAX, runLoad } from './load.ts';
import type { AnswerSeen } from './measure.ts';
import { type Assortment, assortment, Mix } from './mix.ts';
import type { Action, OperationRecord } from './operations.ts';
import { resolveName } from './resolver.ts';
import { pause } from './wait.ts';
import { receiveFirst, warmUp } from './warm-up.ts';

/** Makes a bearer token. */
export type TokenMaker = (subject: string, scopes: readonly Scope[]) => string | Promise<string>;

export interface SceneProps {
  readonly target: Target;
  /** The region of which something will be broken: the shared name is watched from near it. */
  readonly region: string;
  readonly token: TokenMaker;
  readonly ratePerSecond: number;
  readonly callersPerRegion: number;
  /** The load ends by itself after this time, whatever becomes of the drill. */
  readonly loadSecondsMax: number;
  readonly random: () => number;
}

export interface Scene {
  readonly records: readonly OperationRecord[];
  readonly callers: readonly Caller[];
  readonly stock: Assortment;
  /** Changes of the answer near the region. */
  readonly answers: readonly AnswerSeen[];
  /** Starts load and watch. */
  start(): void;
  /** Ends them; resolves when the last answer is in. */
  stop(): Promise<void>;
}

const SCOPES = [
  'orders:read',
  'orders:write',
  'stock:read',
  'stock:write',
  'records:read',
  'records:write',
] as const satisfies readonly Scope[];
const ANSWER_EVERY_MS = 250;

/** Callers are made, stock is received, functions are warm. @throws {UserError} when a region does not take the first receipts */
export const openScene = async (props: SceneProps): Promise<Scene> => {
  const { target, region, ratePerSecond, loadSecondsMax, random } = props;
  const stock = assortment(`drill-${randomUUID().slice(0, 8)}`);
  const expectations = new Expectations(stock.scarce);
  const common = { token: await props.token(SUBJECT, SCOPES), expect: (action: Action) => expectations.of(action) };
  const callers = makeCallers(props, common);
  const records: OperationRecord[] = [];
  const answers: AnswerSeen[] = [];
  const mix = new Mix({
    stock,
    sharesRecords: (caller) => !callers.some(({ name, kind }) => name === caller && kind === 'client'),
    regions: target.regions.map((each) => each.name),
    random,
    now: Date.now,
    newKey: randomUUID,
  });
  const ended = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const record = (each: OperationRecord) => {
    records.push(each);
    mix.learn(each);
    expectations.learn(each);
  };
  const start = () => {
    const load = runLoad({
      callers,
      next: (caller) => mix.next(caller),
      ratePerSecond,
      secondsMax: loadSecondsMax,
      inFlightMax: IN_FLIGHT_MAX,
      record,
      signal: ended.signal,
    });
    running = Promise.all([load, watchAnswer(target, region, answers, ended.signal)]);
  };
  const stop = async () => {
    ended.abort();
    try {
      await running;
    } finally {
      await Promise.all(callers.map((caller) => caller.close()));
    }
  };
  try {
    await receiveFirst(callers, stock, ratePerSecond, record);
    await warmUp(callers, (caller) => mix.next(caller), record);
  } catch (error) {
    await stop();
    throw error;
  }
  return { records, callers, stock, answers, start, stop };
};

/** In turns over kinds and regions, so that the load of each is even at any moment. */
const makeCallers = ({ target, callersPerRegion }: SceneProps, common: Pick<CallerProps, 'token' | 'expect'>): readonly Caller[] =>
  Array.from({ length: callersPerRegion }, (_, index) =>
    target.regions.flatMap(({ name: near }) => {
      const client = clientCaller({ name: `client-${near}-${index + 1}`, near, ...common }, target);
      if (!target.dns) return [client];
      return [dnsCaller({ name: `dns-${near}-${index + 1}`, near, ...common, firstPart: (index + 1) / callersPerRegion }, target), client];
    }),
  ).flat();

const watchAnswer = async (target: Target, region: string, answers: AnswerSeen[], signal: AbortSignal): Promise<void> => {
  if (!target.dns) return;
  const question = { name: target.dns.name, server: target.dns.server, subnet: target.dns.subnetNear(region) };
  while (!signal.aborted) {
    const addresses = await resolveName(question).then(
      (answer) => answer.addresses.toSorted(),
      () => [],
    );
    if (answers.at(-1)?.addresses.join() !== addresses.join()) answers.push({ atMs: Date.now(), addresses });
    await pause(ANSWER_EVERY_MS, signal);
  }
};
