/** Builds Porcupine's program where it is not built yet, and lets it judge. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import type { History, Verdict } from './history.ts';

const SOURCE = join(import.meta.dirname, 'porcupine');
const FILES = ['main.go', 'go.mod', 'go.sum'] as const;
const BUILD_MS_MAX = 300_000;
/** Go's own by their names: others begin with these letters too. What the program is built for is not among them. */
const GO_SETTINGS =
  /^(PATH|HOME|TMPDIR|LANG|LC_\w+|XDG_CACHE_HOME|XDG_CONFIG_HOME|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy|GO(PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|VCS|AUTH|ENV|PATH|ROOT|CACHE|MODCACHE|TMPDIR|TOOLCHAIN))$/i;
/** Above what all histories of a drill may take together. */
const JUDGE_MS_MAX = 900_000;

const verdict = z.strictObject({
  name: z.string(),
  verdict: z.enum(['Ok', 'Illegal', 'Unknown']),
  unexplained: z.array(z.int()),
});

/** @returns a verdict for each history, in their order. @throws {UserError} when the checker cannot be built or run */
export const judge = async (histories: readonly History[]): Promise<readonly Verdict[]> => {
  const program = await built();
  const child = spawn(program, [], { env: {}, stdio: ['pipe', 'pipe', 'inherit'], timeout: JUDGE_MS_MAX });
  child.stdin.on('error', () => undefined);
  child.stdin.end(histories.map((each) => `${JSON.stringify(each)}\n`).join(''));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await endOf(child);
  const verdicts = output
    .split('\n')
    .filter(Boolean)
    .map((line) => verdict.parse(JSON.parse(line)));
  if (code !== 0 || verdicts.length !== histories.length)
    throw new UserError(`the checker ended with ${code} and judged ${verdicts.length} of ${histories.length} histories`);
  return verdicts;
};

/** Named by what it is built from: a changed source is built anew, and runs that overlap do not meet. */
const built = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(await readFile(join(SOURCE, file)));
  const folder = join(STATE, 'checkers');
  const program = join(folder, `porcupine-${hash.digest('hex').slice(0, 16)}`);
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return program;
  await mkdir(folder, { recursive: true });
  const made = `${program}.${process.pid}`;
  const child = spawn('go', ['build', '-trimpath', '-buildvcs=false', '-o', made, '.'], {
    cwd: SOURCE,
    env: { ...goSettings(process.env), CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    stdio: ['ignore', 2, 2],
    timeout: BUILD_MS_MAX,
  });
  const code = await endOf(child).catch((cause: unknown) => {
    throw new UserError(
      'the checker is written in Go, and there is no `go` on the PATH: run bin/install-tools, or install Go 1.19 or newer',
      { cause },
    );
  });
  if (code !== 0) throw new UserError(`building the checker in ${SOURCE} ended with ${code}; the message is above`);
  await rename(made, program);
  return program;
};

/** What Go gets of the user's environment: where programs, files and modules are, and no credentials. */
export const goSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => GO_SETTINGS.test(name)));

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
