/** A real MiniStack process for tests: own process group, own port, own folders; nothing of it is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { freePort } from './free-port.ts';

const START_MS_MAX = 120_000;
/** Of tests' calls: a busy machine must not fail one that is right. */
export const PATIENT = { attemptsMax: 3, connectMs: 10_000, requestMs: 60_000 } as const;
const PROGRAM = resolve(import.meta.dirname, '../../.venv/bin/ministack');

export interface TestEmulator {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
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

/** Starts an emulator for a region on a free port and waits until it answers. */
export const startEmulator = async (region: string): Promise<TestEmulator> => {
  const home = await mkdtemp(join(tmpdir(), 'tandem-test-emulator-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let child = await launch(region, port, home);
  const kill = async (): Promise<void> => {
    signal(child, 'SIGKILL');
    await gone(child);
  };
  return {
    region,
    endpoint,
    accessKeyId: `test-${region}`,
    freeze: () => signal(child, 'SIGSTOP'),
    thaw: () => signal(child, 'SIGCONT'),
    kill,
    restart: async () => {
      child = await launch(region, port, home);
    },
    stop: async () => {
      await kill();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

const launch = async (region: string, port: number, home: string): Promise<ChildProcess> => {
  const child = spawn(PROGRAM, [], {
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
  const endedEarly = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the emulator ended with ${code} before it answered`)));
  });
  try {
    await Promise.race([answered(port), endedEarly]);
  } catch (error) {
    signal(child, 'SIGKILL');
    throw error;
  }
  endedEarly.catch(() => undefined);
  return child;
};

const answered = async (port: number): Promise<void> => {
  const deadlineMs = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/_ministack/health`, { signal: AbortSignal.timeout(1_000) });
      if (answer.ok) return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw new Error(`the emulator did not answer within ${START_MS_MAX} ms`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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
