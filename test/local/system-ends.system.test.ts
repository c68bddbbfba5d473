import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkListeners, listenersOf, type Ports } from '../../local/loopback.ts';
import { networkHere } from '../../local/network.ts';
import { startSystem } from '../../local/system.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts, PROJECT, quietly } from './local-system.ts';

describe('the end of a local system', () => {
  let folder: string;
  let ports: Ports;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-test-end-'));
    ports = await freePorts();
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('leaves no process behind when its own process is killed in the middle of a start', async () => {
    // given a start that runs commands of the CDK against two emulators
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', STARTS, folder, JSON.stringify(ports)], { stdio: 'ignore' });
    const started = await eventually(
      () => descendantsOf(holder.pid),
      (processes) =>
        processes.filter(({ args }) => args.includes('region/emulator.py')).length === 2 &&
        processes.some(({ args }) => args.includes('bin/cdk bootstrap')),
    );
    // when it is killed, so that it can clean up nothing
    holder.kill('SIGKILL');
    // then nothing of it is left, and a new one can start
    await eventually(
      () => alive(started.map(({ pid }) => pid)),
      (left) => left.length === 0,
    );
    await checkListeners(listenersOf(ports, await networkHere(ports, 2), true));
  });

  it('leaves nothing behind when the start is ended early', async () => {
    const stop = new AbortController();
    const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
    const starting = startSystem({
      ...quietly(folder, ports),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === 'region' && event.state === 'starting') setTimeout(() => stop.abort(new Error('enough')), 1_000);
      },
    });
    await expect(starting).rejects.toThrow('enough');
    expect(descendantsOf(process.pid).filter(({ pid, args }) => !before.has(pid) && !args.includes('ps -eo'))).toEqual([]);
    expect(['system.json', 'processes.json', 'ca.pem'].filter((name) => existsSync(join(folder, name)))).toEqual([]);
    await checkListeners(listenersOf(ports, await networkHere(ports, 2), true));
  });

  it('shows the command of the CDK that failed, its last lines and its log', async () => {
    // given a checkout whose app ends with a complaint
    const project = join(folder, 'project');
    execFileSync('mkdir', [project]);
    for (const name of ['node_modules', '.venv']) symlinkSync(join(PROJECT, name), join(project, name));
    writeFileSync(join(project, 'package.json'), '{}');
    writeFileSync(join(project, 'cdk.json'), JSON.stringify({ app: 'node app.cjs' }));
    writeFileSync(join(project, 'app.cjs'), "console.error('the roof is on fire'); process.exit(3);");
    // when a system is started from it
    const starting = startSystem({ ...quietly(folder, ports), projectFolder: project });
    // then the error says which command it was, what it said, and where all of it is
    await expect(starting).rejects.toThrow(/"cdk synth.*" ended with exit code 1.*logs\/synth\.log[\s\S]*the roof is on fire/);
    await checkListeners(listenersOf(ports, await networkHere(ports, 2), true));
  });
});

/** Starts a system and stays, to be killed. */
const STARTS = `
  const { quietly } = await import(${JSON.stringify(join(import.meta.dirname, 'local-system.ts'))});
  const { startSystem } = await import(${JSON.stringify(join(PROJECT, 'local/system.ts'))});
  const [folder, ports] = process.argv.slice(1);
  await startSystem(quietly(folder, JSON.parse(ports)));
`;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

const processes = (): readonly Process[] =>
  execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [pid, parent, state = '', ...args] = line.trim().split(/\s+/);
      // A zombie has ended; whoever started it has not looked yet.
      return state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent), args: args.join(' ') }];
    });

const descendantsOf = (pid: number | undefined): readonly Process[] => {
  const all = processes();
  const below = (parent: number): readonly Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return pid === undefined ? [] : below(pid);
};

const alive = (pids: readonly number[]): readonly number[] => {
  const running = new Set(processes().map(({ pid }) => pid));
  return pids.filter((pid) => running.has(pid));
};
