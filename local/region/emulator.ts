/** Starts a region's emulator. Its functions inherit its environment, so nothing of the user's gets in. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopbackRequest } from '../loopback-request.ts';

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
  /** Variables for the functions, which inherit them through the emulator. None of the emulator's own can be changed. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A child of this process, in its group. */
export const spawnEmulator = ({ region, python, port, folder, environment }: EmulatorProps): ChildProcess => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(folder, { recursive: true });
  // Functions are unpacked below: the "type" of the checkout's own package.json must not decide how Node reads them.
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  const log = openSync(join(folder, 'emulator.log'), 'a');
  return spawn(python, ['-m', 'ministack'], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      ...environment,
      // This process's own Node first: the functions run on the version that AWS would give them.
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: region,
      LAMBDA_EXECUTOR: 'local',
      MINISTACK_WORKER_THREADS: String(FUNCTIONS_AT_ONCE_MAX),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LOG_LEVEL: 'WARNING',
    },
  });
};

/** @throws when it does not answer within 30 s */
export const untilEmulatorAnswers = async (endpoint: string): Promise<void> => {
  const deadlineMs = Date.now() + READY_MS_MAX;
  for (;;) {
    try {
      const answer = await loopbackRequest(new URL('/_ministack/health', endpoint), { signal: AbortSignal.timeout(HEALTH_MS_MAX) });
      await answer.body.dump();
      if (answer.statusCode === 200) return;
    } catch (cause) {
      if (Date.now() > deadlineMs) throw new Error(`the emulator at ${endpoint} did not answer within ${READY_MS_MAX} ms`, { cause });
    }
    await sleep(POLL_MS);
  }
};
