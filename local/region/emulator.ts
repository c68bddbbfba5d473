/** Starts a region's emulator. Its functions inherit its environment, so nothing of the user's gets in. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SECRET_HEADER } from '../emulator-access.ts';
import { loopbackRequest } from '../loopback-request.ts';

/** Who does not know the secret gets 403 from it. */
const GUARDED = fileURLToPath(new URL('./emulator.py', import.meta.url));

const READY_MS_MAX = 30_000;
const POLL_MS = 25;
const HEALTH_MS_MAX = 1_000;
/**
 * Functions that run at once. The emulator starts a process for each call beyond those it has (64 by default), and on a
 * laptop a burst of cold starts slows down everything that would have ended it.
 */
const FUNCTIONS_AT_ONCE_MAX = 16;

export interface EmulatorProps {
  readonly region: string;
  /** Python that has the emulator. */
  readonly python: string;
  readonly port: number;
  /** Made empty: home and temporary folder of the emulator, and of the functions it runs. */
  readonly folder: string;
  /** Of this run, and of all its regions, whose functions call each other's: who signs with it gets in. */
  readonly secretAccessKey: string;
  /** Variables for the functions, which inherit them through the emulator. None of the emulator's own can be changed. */
  readonly environment: Readonly<Record<string, string>>;
  /** In a group of its own. @default false: in this process's */
  readonly detached?: boolean;
}

/** A child of this process. */
export const spawnEmulator = (props: EmulatorProps): ChildProcess => {
  const { region, python, port, folder, secretAccessKey, environment, detached = false } = props;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(folder, { recursive: true });
  // Functions are unpacked below: the "type" of the checkout's own package.json must not decide how Node reads them.
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  const log = openSync(join(folder, 'emulator.log'), 'a');
  const child = spawn(python, ['-I', GUARDED], {
    cwd: folder,
    detached,
    stdio: ['ignore', log, log],
    env: {
      ...environment,
      // This process's own Node first: the functions run on the version that AWS would give them.
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      // What it tells others as its own name is the only one it answers to.
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: region,
      LAMBDA_EXECUTOR: 'local',
      MINISTACK_WORKER_THREADS: String(FUNCTIONS_AT_ONCE_MAX),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LOG_LEVEL: 'WARNING',
      // Functions get it too, and sign with it.
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
  closeSync(log);
  return child;
};

/** @throws when it does not answer in time: by default, 30 s */
export const untilEmulatorAnswers = async (endpoint: string, secretAccessKey: string, msMax = READY_MS_MAX): Promise<void> => {
  const deadlineMs = Date.now() + msMax;
  for (;;) {
    try {
      const { statusCode } = await loopbackRequest(new URL('/_ministack/health', endpoint), {
        headers: { [SECRET_HEADER]: secretAccessKey },
        withinMs: HEALTH_MS_MAX,
      });
      if (statusCode === 200) return;
    } catch (cause) {
      if (Date.now() > deadlineMs) throw new Error(`the emulator at ${endpoint} did not answer within ${msMax} ms`, { cause });
    }
    await sleep(POLL_MS);
  }
};
