/** Which process an id means: ids are reused, so an id alone is never enough to kill. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PS_MS_MAX = 5_000;
/** Of `/proc/PID/stat`, counted after the command's name, which may contain blanks: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const STATE = 0;
const GROUP = 2;
const START_TICKS = 19;

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time: differs for any other process that ever has this id. */
  readonly started: string;
}

/**
 * Undefined when there is no such process, or only the entry of a dead one that nobody waited for.
 * @param platform what is asked: /proc on Linux, and `ps` elsewhere
 */
export const identityOf = async (pid: number, platform = process.platform): Promise<ProcessIdentity | undefined> => {
  const started = platform === 'linux' ? await startedOnLinux(pid) : await startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
};

/** Whether that very process still runs. */
export const isAlive = async (identity: ProcessIdentity): Promise<boolean> =>
  (await identityOf(identity.pid))?.started === identity.started;

/**
 * Whether a process of the group still runs. Entries of dead ones do not count on Linux, where they stay until process 1
 * has waited for them, which in a container may take seconds.
 */
export const groupRuns = async (id: number): Promise<boolean> => {
  try {
    process.kill(-id, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => statOf(Number(pid))));
  return all.some((stat) => stat !== undefined && stat[STATE] !== 'Z' && stat[GROUP] === String(id));
};

const startedOnLinux = async (pid: number): Promise<string | undefined> => {
  const [stat, boot] = await Promise.all([statOf(pid), readFile('/proc/sys/kernel/random/boot_id', 'utf8')]);
  return stat === undefined || stat[STATE] === 'Z' ? undefined : `${boot.trim()} ${stat[START_TICKS]}`;
};

const statOf = async (pid: number): Promise<readonly string[] | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
};

const startedByPs = async (pid: number): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      timeout: PS_MS_MAX,
      env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
    });
    const [, stat = 'Z', started = ''] = /^\s*(\S+)\s+(.*?)\s*$/s.exec(stdout) ?? [];
    return stat.startsWith('Z') || started === '' ? undefined : started;
  } catch {
    return undefined;
  }
};
