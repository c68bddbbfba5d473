/** Child processes that end with this one, and what the user gets to read. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const CHILD_MINUTES_MAX = 20;
const KILL_AFTER_MS = 5000;
const LAUNCHER_POLL_MS = 250;

/** One line to the user. */
export const say = (line) => process.stderr.write(`bootstrap: ${line}\n`);

/** Ends the run with one line that names the fix. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

let ending;
const children = new Set();
const endings = new Set();

/** Signals end the children first, then this process with 128 + the signal's number; locks are released on the way. */
export const endOnSignals = () => {
  const endBy = (signal) => {
    if (ending !== undefined) return;
    ending = new Stop(`ended by ${signal}; run it again to finish`, 128 + constants.signals[signal]);
    for (const child of children) {
      // A terminal's Ctrl-C reached the child already; a `kill` of this process alone did not.
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    }
    for (const end of endings) end(ending);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => endBy(signal));
  // A launcher that is killed takes this process along: a shell does not pass signals on to what it waits for.
  const launcher = process.ppid;
  setInterval(() => process.ppid !== launcher && endBy('SIGHUP'), LAUNCHER_POLL_MS).unref();
};

/** @throws {Stop} when a signal arrives, or has arrived */
export const sleep = (milliseconds) =>
  new Promise((resolve, reject) => {
    if (ending !== undefined) return reject(ending);
    const timer = setTimeout(() => {
      endings.delete(reject);
      resolve();
    }, milliseconds);
    endings.add((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });

/**
 * Runs a program to its end. `show`: its output goes to stderr as it comes; else it is collected.
 *
 * @returns `{ ok, output, problem }`; a program that is not there is `ok: false`
 * @throws {Stop} when a signal ended this run
 */
export const run = async (program, args, { cwd, env, show = false, onStart } = {}) => {
  if (ending !== undefined) throw ending;
  const child = spawn(program, args, { cwd, env, stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let output = '';
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGTERM');
  }, CHILD_MINUTES_MAX * 60_000);
  for (const stream of [child.stdout, child.stderr]) if (stream) stream.on('data', (chunk) => (output += chunk));
  const problem = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    if (onStart && child.pid !== undefined) onStart(child.pid);
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : signal === null ? `exit code ${code}` : signal));
  });
  clearTimeout(timer);
  children.delete(child);
  if (ending !== undefined) throw ending;
  return { ok: problem === undefined, output: output.trim(), problem: timedOut ? `no end within ${CHILD_MINUTES_MAX} minutes` : problem };
};
