/**
 * A program as the leader of a process group of its own, so that everything it starts can be killed, frozen and counted
 * as one. Nothing of a group outlives this process, however it ends: a guard, a shell that holds one end of a pipe, kills
 * the group when the pipe closes. A guard works for a frozen group too, which could not watch a pipe itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupRuns } from './identity.ts';

/** `read` fails at the end of the pipe, which comes when its writer is gone, in whatever way. */
const GUARD = 'read -r word || kill -s KILL -- "-$1"';
const GONE_MS_MAX = 2_000;
const GONE_POLL_MS = 10;

export interface GroupProps {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of it: nothing of this process's environment is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Of standard input, output and error. */
  readonly stdio: readonly ['ignore' | 'pipe', number | 'ignore' | 'pipe', number | 'ignore' | 'pipe'];
}

/** How the leader ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ProcessGroup {
  /** Process id of the leader, and id of the group. */
  readonly id: number;
  readonly leader: ChildProcess;
  /** The leader ended, and whatever was left of the group is killed. Never rejects. */
  readonly ended: Promise<Ended>;
  readonly #guard: ChildProcess;
  #isOver = false;

  constructor(id: number, leader: ChildProcess) {
    this.id = id;
    this.leader = leader;
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'tandem-guard', String(id)], {
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    for (const each of [this.#guard, this.#guard.stdin]) each?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      leader.once('exit', (code, signal) => {
        const tell = (): void => resolve({ code, signal });
        this.#sweep().then(tell, tell);
      });
    });
  }

  /** SIGKILL to all of it. Resolves when nobody is left. May be called more than once. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** To every process of the group; nothing when it is over, because its id may belong to a stranger by then. */
  signal(name: NodeJS.Signals): void {
    if (this.#isOver) return;
    sendToGroup(this.id, name);
  }

  async #sweep(): Promise<void> {
    sendToGroup(this.id, 'SIGKILL');
    this.#isOver = true;
    this.#guard.stdin?.end('ended\n');
    const deadlineMs = Date.now() + GONE_MS_MAX;
    while (Date.now() < deadlineMs && (await groupRuns(this.id))) await sleep(GONE_POLL_MS);
  }
}

/** @throws when the program cannot be started */
export const startGroup = async (props: GroupProps): Promise<ProcessGroup> => {
  const leader = spawn(props.command, [...props.args], { cwd: props.cwd, env: { ...props.env }, detached: true, stdio: [...props.stdio] });
  if (leader.pid !== undefined) return new ProcessGroup(leader.pid, leader);
  const cause = await new Promise((resolve) => leader.once('error', resolve));
  throw new Error(`cannot start ${props.command}`, { cause });
};

/** @returns whether the group had a process that the signal could go to */
export const sendToGroup = (id: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(-id, signal);
    return true;
  } catch {
    return false;
  }
};
