/**
 * `npm run prove:durability`: kills a region again and again while callers write to it, and looks into the survivor for
 * every write that was answered as `replicated`. Ends with 1 when one is missing, or when too few were answered.
 * `--kills N`, `--times N` (answered writes at least; kills go on until there are so many), `--writers N`; `--credulous`
 * breaks the rule on purpose, and the proof must fail.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiBundle, credulousBundle } from './durability-bundle.ts';
import { type Acknowledged, type Killed, killOnce } from './durability-proof.ts';
import { startSurvivor } from './durability-region.ts';

const PROGRESS_EVERY = 10;
/** Kills for each one that was asked for, where answers are too few. */
const KILLS_RATIO_MAX = 4;

export interface ProofProps {
  readonly kills: number;
  /** Writes that must have been answered as replicated, over all kills. */
  readonly times: number;
  readonly writers: number;
  readonly replicatedDeadlineMs: number;
  readonly credulous: boolean;
  readonly onKill?: (number: number, killed: Killed) => void;
}

export interface Proof extends Killed {
  readonly kills: number;
}

/** Leaves nothing behind. */
export const proveDurability = async (props: ProofProps): Promise<Proof> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-durability-'));
  try {
    const bundle = props.credulous ? await credulousBundle(folder) : apiBundle();
    const survivor = await startSurvivor(folder, await freePort());
    try {
      const all: Killed[] = [];
      const acknowledged = () => all.reduce((sum, each) => sum + each.acknowledged.length, 0);
      while (all.length < props.kills || (acknowledged() < props.times && all.length < KILLS_RATIO_MAX * props.kills)) {
        const killed = await killOnce({ ...props, folder, bundle, survivor, port: await freePort(), number: all.length });
        all.push(killed);
        props.onKill?.(all.length, killed);
      }
      return {
        kills: all.length,
        acknowledged: all.flatMap((each) => each.acknowledged),
        missing: all.flatMap((each) => each.missing),
        local: all.reduce((sum, each) => sum + each.local, 0),
        unanswered: all.reduce((sum, each) => sum + each.unanswered, 0),
      };
    } finally {
      await survivor.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

/** A port that was free a moment ago: an emulator cannot choose one by itself. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (at === null || typeof at === 'string') throw new Error('no port was given');
  return at.port;
};

const within = (acknowledged: readonly Acknowledged[], ms: number): number =>
  acknowledged.filter(({ beforeKillMs }) => beforeKillMs <= ms).length;

const tell = ({ kills, acknowledged, missing, local, unanswered }: Proof): string[] => {
  const routes = [...new Set(acknowledged.map(({ route }) => route))].sort();
  const some = (of: readonly Acknowledged[]) =>
    routes.map((each) => `${of.filter(({ route }) => route === each).length} ${each}`).join(', ');
  return [
    `${kills} regions killed; ${acknowledged.length} writes answered as replicated before it (${some(acknowledged)})`,
    `of these ${within(acknowledged, 5)} at most 5 ms before the kill, ${within(acknowledged, 50)} at most 50 ms`,
    `${local} answered as local, ${unanswered} cut off by the kill`,
    `${acknowledged.length - missing.length} of ${acknowledged.length} are in the survivor; missing: ${missing.length === 0 ? 'none' : some(missing)}`,
  ];
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '60' },
      times: { type: 'string', default: '1000' },
      writers: { type: 'string', default: '16' },
      credulous: { type: 'boolean', default: false },
    },
  });
  const [kills, times, writers] = [values.kills, values.times, values.writers].map(Number);
  if (![kills, times, writers].every((each) => Number.isSafeInteger(each) && Number(each) > 0))
    throw new Error(`given --kills ${values.kills} --times ${values.times} --writers ${values.writers}; allowed: whole numbers above 0`);
  // Whoever read the output may be gone: what was started must still be ended.
  process.stdout.on('error', () => {});
  const startedMs = performance.now();
  const seen = { kills: 0, answers: 0, missing: 0 };
  const progress = (): string =>
    `${seen.kills} kills, ${seen.answers} answers, ${seen.missing} missing, ${Math.round((performance.now() - startedMs) / 1_000)} s`;
  const proof = await proveDurability({
    kills: kills ?? 1,
    times: times ?? 1,
    writers: writers ?? 1,
    credulous: values.credulous,
    replicatedDeadlineMs: 1_500,
    onKill: (kills, { acknowledged, missing }) => {
      seen.kills = kills;
      seen.answers += acknowledged.length;
      seen.missing += missing.length;
      if (kills % PROGRESS_EVERY === 0) process.stdout.write(`${progress()}\n`);
    },
  }).catch((error: unknown) => {
    throw new Error(`the proof ended early, after ${progress()}`, { cause: error });
  });
  process.stdout.write(`${tell(proof).join('\n')}\n`);
  process.exitCode = proof.missing.length === 0 && proof.acknowledged.length >= Number(times) ? 0 : 1;
};

if (import.meta.main) await main();
