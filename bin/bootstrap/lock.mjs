/** A lock among processes of one checkout: held by a living process, or by a child that outlived its killed parent. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { Stop, say, sleep } from './process.mjs';

const POLL_MS = 200;
const WAIT_MINUTES_MAX = 30;

/** When a process started, as the system tells it: a process id alone may be another program's by now. */
const startOf = (pid) => {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold blanks. Then: state is field 3, the start in clock ticks is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (_) {
    return undefined;
  }
};

const identify = (pid) => ({ pid, start: startOf(pid) });
const lives = ({ pid, start }) => start !== undefined && startOf(pid) === start;

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (_) {
    return undefined;
  }
};

const remove = (path) => {
  try {
    unlinkSync(path);
  } catch (_) {
    // Somebody else removed it.
  }
};

/** Whether somebody still works under the lock. Another machine's or container's processes cannot be seen: they count as alive. */
const isHeld = (text) => {
  try {
    const { host, processes } = JSON.parse(text);
    return host !== hostname() || processes.some(lives);
  } catch (_) {
    return false; // never whole: a lock appears with its content
  }
};

/** Creates the lock with its content in one step. */
const take = (path, text) => {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    remove(draft);
  }
};

/** Removes a dead holder's lock, and only that one: what was moved aside is looked at again. */
const clear = (path, text) => {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (_) {
    return; // gone already
  }
  const moved = read(aside);
  if (moved !== text && moved !== undefined) take(path, moved);
  remove(aside);
};

/**
 * Runs `work` while no other process of this checkout does. `work` gets `{ add(pid) }`, which names a child that also
 * holds the lock: should this process be killed, the next one waits for the child's end.
 */
export const withLock = async (path, work) => {
  mkdirSync(dirname(path), { recursive: true });
  const mine = [identify(process.pid)];
  const text = () => JSON.stringify({ host: hostname(), processes: mine });
  const until = Date.now() + WAIT_MINUTES_MAX * 60_000;
  for (let told = false; !take(path, text()); ) {
    const theirs = read(path);
    if (theirs !== undefined && !isHeld(theirs)) clear(path, theirs);
    else {
      if (!told) say(`another run is preparing this checkout (${path}); waiting for it`);
      told = true;
      if (Date.now() > until)
        throw new Stop(
          `waited ${WAIT_MINUTES_MAX} minutes for the run that holds ${path}: ${theirs}; end it, or delete that file if it runs nowhere`,
        );
      await sleep(POLL_MS);
    }
  }
  let held = true;
  const release = () => {
    // Once only: afterwards it is another process's lock.
    if (held) remove(path);
    held = false;
  };
  process.on('exit', release);
  try {
    return await work({
      add: (pid) => {
        mine.push(identify(pid));
        writeFileSync(`${path}.${process.pid}`, text());
        renameSync(`${path}.${process.pid}`, path);
      },
    });
  } finally {
    release();
  }
};
