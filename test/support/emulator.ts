/** A real MiniStack process for tests: own process group, own port, own folders; nothing of it is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { spawnEmulator, untilEmulatorAnswers } from '../../local/region/emulator.ts';
import { freePort } from './free-port.ts';

const START_MS_MAX = 120_000;
/** Of tests' calls: a busy machine must not fail one that is right. */
export const PATIENT = { attemptsMax: 3, connectMs: 10_000, requestMs: 60_000 } as const;
const PYTHON = resolve(import.meta.dirname, '../../.venv/bin/python');
const FOREIGN = resolve(import.meta.dirname, '../../.venv/bin/ministack');
/** Of all emulators of this process, whose functions may call each other's. */
const SECRET = randomBytes(32).toString('base64url');

/** Those that run. A test that fails before it could stop its own, or is ended, leaves none behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});
// Vitest ends its workers by it, and without this nobody would hear of the exit.
process.once('SIGTERM', () => process.exit());

export interface TestEmulator {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** SIGSTOP to the whole group. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGKILL: state is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port, after `kill`. */
  restart(): Promise<void>;
  /** Kills it and removes its folders. */
  stop(): Promise<void>;
}

/** Starts an emulator for a region on a free port and waits until it answers: to who knows its secret, or, as a foreign one, to all. */
export const startEmulator = async (region: string, kind: 'own' | 'foreign' = 'own'): Promise<TestEmulator> => {
  const home = await mkdtemp(join(tmpdir(), 'tandem-test-emulator-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let child = await launch(region, port, home, kind === 'foreign');
  const kill = async (): Promise<void> => {
    signal(child, 'SIGKILL');
    await gone(child);
  };
  return {
    region,
    endpoint,
    accessKeyId: `test-${region}`,
    secretAccessKey: SECRET,
    freeze: () => signal(child, 'SIGSTOP'),
    thaw: () => signal(child, 'SIGCONT'),
    kill,
    restart: async () => {
      child = await launch(region, port, home, kind === 'foreign');
    },
    stop: async () => {
      await kill();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

/** As somebody else would have it: open to all. */
const launchForeign = (region: string, port: number, home: string): ChildProcess =>
  spawn(FOREIGN, [], {
    cwd: home,
    detached: true,
    stdio: 'ignore',
    env: {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: home,
      TMPDIR: home,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: region,
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LOG_LEVEL: 'ERROR',
    },
  });

const launch = async (region: string, port: number, home: string, foreign: boolean): Promise<ChildProcess> => {
  const own = { region, python: PYTHON, port, folder: join(home, 'emulator'), secretAccessKey: SECRET, environment: {}, detached: true };
  const child = foreign ? launchForeign(region, port, home) : spawnEmulator(own);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const endedEarly = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the emulator ended with ${code} before it answered`)));
  });
  try {
    await Promise.race([untilEmulatorAnswers(`http://127.0.0.1:${port}`, SECRET, START_MS_MAX), endedEarly]);
  } catch (error) {
    signal(child, 'SIGKILL');
    throw error;
  }
  endedEarly.catch(() => undefined);
  return child;
};

/** To the whole process group, which may be gone already. */
const signal = (child: ChildProcess, name: NodeJS.Signals): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, name);
};

const gone = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
};
