/**
 * What is waited for, so that no wait is silent: a clock on a terminal; in a pipe a line when nothing was said for a while.
 * A wait may stand inside another: the innermost is told.
 */
import { draw, printError, silentMs } from './print.ts';

/** Tells what a step is doing now. */
export type Say = (line: string) => void;

interface Wait {
  readonly what: string;
  readonly sinceMs: number;
  readonly untilMs: number | undefined;
  readonly say: Say | undefined;
}

export interface WaitOptions {
  /** When it ends at the latest. */
  readonly withinMs?: number;
  /** Gets the lines of a pipe. @default that of the wait around it, else standard error */
  readonly say?: Say;
}

const TICK_MS = 500;
/** Silence in a pipe that is broken. */
const SILENT_MS_MAX = 10_000;
/** On standard error, where nothing else is told, a person looks at a cursor. */
const ALONE_MS_MAX = 4_000;

const waits = new Set<Wait>();
let ticker: NodeJS.Timeout | undefined;

/** Runs `work`, and says that it goes on. */
export const waitingFor = async <T>(what: string, work: () => Promise<T>, { withinMs, say }: WaitOptions = {}): Promise<T> => {
  const sinceMs = Date.now();
  const wait = { what, sinceMs, untilMs: withinMs === undefined ? undefined : sinceMs + withinMs, say };
  waits.add(wait);
  ticker ??= setInterval(tick, TICK_MS).unref();
  try {
    return await work();
  } finally {
    waits.delete(wait);
    if (waits.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
      draw('');
    }
  }
};

/** Those that have been told. */
const told = new WeakSet<Wait>();
let resting = 0;

/** Waits for a person, who needs no clock. */
export const atRest = async <T>(work: () => Promise<T>): Promise<T> => {
  resting += 1;
  draw('');
  try {
    return await work();
  } finally {
    resting -= 1;
  }
};

const tick = (): void => {
  const open = [...waits];
  const innermost = open.at(-1);
  if (innermost === undefined || resting > 0 || draw(text(innermost))) return;
  const say = open.findLast((each) => each.say !== undefined)?.say;
  // Nobody is kept waiting while a program is still being loaded.
  const quietMs = Math.min(silentMs(), Date.now() - Math.min(...open.map(({ sinceMs }) => sinceMs)));
  if (quietMs < (say === undefined && !told.has(innermost) ? ALONE_MS_MAX : SILENT_MS_MAX)) return;
  told.add(innermost);
  (say ?? printError)(text(innermost));
};

const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

const text = ({ what, sinceMs, untilMs }: Wait): string =>
  `${what}: ${Math.floor((Date.now() - sinceMs) / 1_000)} s${untilMs === undefined ? '' : `, until ${clock(untilMs)} at the latest`}`;
