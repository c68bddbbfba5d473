/**
 * Open-loop load: requests go out on schedule whatever the answers do, and their time counts from when they were due. A
 * closed loop would stop asking while a region hangs, and so hide the very thing that is measured (coordinated omission).
 */
import type { Caller } from './callers.ts';
import { type Action, askedFor, isWrite, type OperationRecord, type Result } from './operations.ts';

export interface LoadProps {
  /** Take turns, so that each sends evenly. */
  readonly callers: readonly Caller[];
  readonly next: (caller: string) => Action;
  readonly ratePerSecond: number;
  /** The load ends by itself after this time. */
  readonly secondsMax: number;
  /** Requests without an answer above which new ones are not sent but recorded as failed. */
  readonly inFlightMax: number;
  readonly record: (record: OperationRecord) => void;
  /** Ends the load: nothing more is sent, what is in flight is waited for. */
  readonly signal: AbortSignal;
}

export const RATE_MAX = 60;
export const IN_FLIGHT_MAX = 1_000;

/** Resolves when the last answer is in. */
export const runLoad = async (props: LoadProps): Promise<void> => {
  const { callers, ratePerSecond, secondsMax, signal } = props;
  const startMs = Date.now();
  const inFlight = new Set<Promise<void>>();
  const total = Math.floor(ratePerSecond * secondsMax);
  for (let index = 0; index < total && !signal.aborted; index += 1) {
    const dueMs = startMs + (index * 1_000) / ratePerSecond;
    await sleepUntil(dueMs, signal);
    const caller = callers[index % callers.length];
    if (signal.aborted || !caller) break;
    const request = one(props, caller, dueMs, inFlight.size < props.inFlightMax).finally(() => inFlight.delete(request));
    inFlight.add(request);
  }
  await Promise.all(inFlight);
};

const one = async (props: LoadProps, caller: Caller, dueMs: number, send: boolean): Promise<void> => {
  const action = props.next(caller.name);
  props.record(send ? await perform(caller, action, dueMs) : recordOf(caller, action, dueMs, notSent(props.inFlightMax)));
};

const notSent = (inFlightMax: number): Result => ({
  outcome: 'failed',
  region: null,
  status: null,
  id: null,
  missed: false,
  attempts: 0,
  wrong: null,
  sent: [],
  detail: `not sent: ${inFlightMax} requests are without an answer`,
});

/** Lets a caller carry out an action that was due at `startMs`. Never rejects. */
export const perform = async (caller: Caller, action: Action, startMs: number): Promise<OperationRecord> =>
  recordOf(caller, action, startMs, await caller.perform(action));

/** What a caller's action that was due at `startMs` came to. */
export const recordOf = (
  caller: Pick<Caller, 'name' | 'kind' | 'near'>,
  action: Action,
  startMs: number,
  result: Result,
): OperationRecord => ({
  caller: caller.name,
  kind: caller.kind,
  near: caller.near,
  operation: action.operation,
  key: isWrite(action) ? action.key : null,
  value: askedFor(action),
  startMs,
  endMs: Date.now(),
  ...result,
});

const sleepUntil = (atMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const waitMs = atMs - Date.now();
    if (waitMs <= 0 || signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done, { once: true });
  });
