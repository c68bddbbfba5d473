import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ProcessGroup, sendToGroup, startGroup } from '../../local/process/group.ts';
import { groupRuns, identityOf, isAlive, type ProcessIdentity } from '../../local/process/identity.ts';
import { AlreadyRunningError, isSupervisor, Register } from '../../local/process/register.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SUPERVISOR = join(import.meta.dirname, 'process', 'supervisor.ts');

describe.each(['linux', 'darwin'] as const)('the identity of a process, as it is found on %s,', (platform) => {
  const asked = process.platform === 'linux' ? platform : 'darwin';

  test('is the same at each look, and another for another process', async () => {
    const other = spawn('/bin/sleep', ['600']);
    onTestFinished(() => void other.kill('SIGKILL'));
    const [first, second] = [await identityOf(process.pid, asked), await identityOf(process.pid, asked)];

    expect(first).toEqual({ pid: process.pid, started: expect.stringMatching(/\S+ \S/) });
    expect(second).toEqual(first);
    expect(await identityOf(other.pid ?? 0, asked)).not.toEqual(first);
  });

  test('is none where no process is, and of one that is dead and that nobody waited for', async () => {
    // Before the child ends, the shell has become a program that waits for none.
    const parent = spawn('/bin/sh', ['-c', 'sleep 1 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const dead = Number(await firstLine(parent));

    await eventually(async () => (await identityOf(dead, asked)) === undefined);
    expect(() => process.kill(dead, 0)).not.toThrow();
    expect(await identityOf(2 ** 22 + 1, asked)).toBeUndefined();
  });
});

describe('a process group', () => {
  test('is killed with everything that its members started', async () => {
    const group = await family();

    await group.kill();

    expect(await groupRuns(group.id)).toBe(false);
  });

  test('may be killed more than once', async () => {
    const group = await family();

    await Promise.all([group.kill(), group.kill()]);
    await group.kill();

    expect(await group.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('loses the rest of its members when its leader ends by itself', async () => {
    const group = await start('sleep 600 & exit 7');

    expect(await group.ended).toEqual({ code: 7, signal: null });
    expect(await groupRuns(group.id)).toBe(false);
  });

  test('that is frozen can still be killed', async () => {
    const group = await family();
    group.signal('SIGSTOP');

    await group.kill();

    expect(await groupRuns(group.id)).toBe(false);
  });

  test('of a program that is not there fails with its name', async () => {
    const started = startGroup({ command: '/nowhere/at-all', args: [], cwd: '/', env: {}, stdio: ['ignore', 'ignore', 'ignore'] });

    await expect(started).rejects.toThrow('cannot start /nowhere/at-all');
  });

  test.each(['running', 'frozen'])('does not outlive a supervisor that gets SIGKILL (%s)', async (how) => {
    const supervisor = spawn(process.execPath, [SUPERVISOR, how], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void supervisor.kill('SIGKILL'));
    const id = Number(await firstLine(supervisor));
    onTestFinished(() => void sendToGroup(id, 'SIGKILL'));
    expect(await groupRuns(id)).toBe(true);

    supervisor.kill('SIGKILL');

    await eventually(async () => !(await groupRuns(id)));
  });
});

describe('the register of what runs', () => {
  test('is readable by its owner only, and gone after the end', async () => {
    const folder = temporaryFolder();
    const register = await Register.open(folder);

    expect((await stat(join(folder, 'processes.json'))).mode & 0o777).toBe(0o600);

    register.close();
    await expect(stat(join(folder, 'processes.json'))).rejects.toThrow('ENOENT');
  });

  test('refuses a second system beside one that runs, and says how to end it', async () => {
    const folder = temporaryFolder();
    await Register.open(folder);

    const second = Register.open(folder);

    await expect(second).rejects.toThrow(AlreadyRunningError);
    await expect(second).rejects.toThrow(`"kill ${process.pid}"`);
  });

  test('kills what an earlier system left', async () => {
    const folder = temporaryFolder();
    const group = await orphan();
    await leave(folder, [{ id: group.id, members: [await identify(group.id)] }]);

    const register = await Register.open(folder);

    expect(register.cleaned).toBe(1);
    await eventually(async () => !(await groupRuns(group.id)));
  });

  test('finds a group whose leader is gone by another member', async () => {
    const folder = temporaryFolder();
    const group = await orphan();
    const dead = { pid: group.id, started: 'before' };
    await leave(folder, [{ id: group.id, members: [dead, await identify(group.id)] }]);

    expect((await Register.open(folder)).cleaned).toBe(1);
  });

  test('spares a stranger who got the number of a dead process', async () => {
    const folder = temporaryFolder();
    const stranger = await family();
    const real = await identify(stranger.id);
    await leave(folder, [{ id: stranger.id, members: [{ pid: real.pid, started: `${real.started}0` }] }]);

    const register = await Register.open(folder);

    expect(register.cleaned).toBe(0);
    expect(await groupRuns(stranger.id)).toBe(true);
  });

  test('knows the process whose system it is, and no stranger who got its number', async () => {
    const folder = temporaryFolder();
    expect(await isSupervisor(folder, process.pid)).toBe(false);
    await Register.open(folder);
    expect(await isSupervisor(folder, process.pid)).toBe(true);
    expect(await isSupervisor(folder, process.ppid)).toBe(false);
    const path = join(folder, 'processes.json');
    const { supervisor } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ supervisor: { ...supervisor, started: `${supervisor.started}0` }, groups: [] }));
    expect(await isSupervisor(folder, process.pid)).toBe(false);
  });

  test('starts anew over a file that cannot be read', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'processes.json'), '{"supervisor":');

    expect((await Register.open(folder)).cleaned).toBe(0);
  });

  test('forgets groups that ended', async () => {
    const folder = temporaryFolder();
    const register = await Register.open(folder);
    const group = await family();

    await register.add(group.id, [group.id]);
    expect(await readFile(join(folder, 'processes.json'), 'utf8')).toContain(`"id":${group.id}`);
    register.remove(group.id);

    expect(await readFile(join(folder, 'processes.json'), 'utf8')).not.toContain(`"id":${group.id}`);
  });
});

test('a process is known by more than its number', async () => {
  const own = await identify(process.pid);

  expect(await isAlive(own)).toBe(true);
  expect(await isAlive({ ...own, started: 'another time' })).toBe(false);
  expect(await isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
});

const start = async (script: string): Promise<ProcessGroup> => {
  const group = await startGroup({
    command: '/bin/sh',
    args: ['-c', script],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  onTestFinished(() => group.kill());
  return group;
};

/** A leader and its children. */
const family = (): Promise<ProcessGroup> => start('sleep 600 & sleep 600; true');

/** A group without a guard, as it is left when both the supervisor and the guard were killed. */
const orphan = async (): Promise<{ readonly id: number }> => {
  const child = spawn('/bin/sh', ['-c', 'sleep 600 & sleep 600; true'], { detached: true, stdio: 'ignore' });
  const id = child.pid;
  if (id === undefined) throw new Error('/bin/sh did not start');
  onTestFinished(() => void sendToGroup(id, 'SIGKILL'));
  return { id };
};

const leave = async (folder: string, groups: readonly unknown[]): Promise<void> => {
  const supervisor = { pid: process.pid, started: 'a time before this process' };
  await writeFile(join(folder, 'processes.json'), JSON.stringify({ supervisor, groups }));
};

const identify = async (pid: number): Promise<ProcessIdentity> => {
  const identity = await identityOf(pid);
  if (identity === undefined) throw new Error(`process ${pid} is gone`);
  return identity;
};

const firstLine = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error('no output');
  const [chunk] = await once(child.stdout, 'data');
  return String(chunk).trim();
};
