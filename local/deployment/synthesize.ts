/** Synthesizes the app for AWS, as `cdk deploy` would; and not again while nothing that goes into it has changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../infra/config.ts';
import { runCdk } from './cdk.ts';

/** What a synth reads of the checkout. */
const SOURCES = ['infra', 'functions', 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'];
const STAMP = 'tandem-sources';

export interface SynthesisProps {
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly config: Config;
  readonly signal: AbortSignal;
  /** Where the assembly goes, with a configuration of its own. @default the state folder */
  readonly folder?: string;
  /** Further context, by its key. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface Synthesis {
  /** The assembly, as AWS would get it. */
  readonly folder: string;
  /** Nothing had changed. */
  readonly reused: boolean;
}

/** @throws {CdkError} */
export const synthesize = async (props: SynthesisProps): Promise<Synthesis> => {
  const { projectFolder, stateFolder, config, signal, folder: parent = stateFolder, context = {} } = props;
  const folder = join(parent, 'cdk.out');
  const configFile = join(parent, 'config.json');
  const text = JSON.stringify(config, undefined, 2);
  const stamp = digest(projectFolder, JSON.stringify([text, context]));
  if (readStamp(folder) === stamp) return { folder, reused: true };
  mkdirSync(parent, { recursive: true });
  writeFileSync(configFile, text);
  rmSync(folder, { recursive: true, force: true });
  await runCdk({
    projectFolder,
    args: ['synth', '--quiet', '--output', folder, ...contextArgs({ tandem: configFile, ...context })],
    cwd: projectFolder,
    home: join(stateFolder, 'home', 'synth'),
    logFile: join(stateFolder, 'logs', parent === stateFolder ? 'synth.log' : 'synth-delivery.log'),
    signal,
  });
  writeFileSync(join(folder, STAMP), stamp);
  return { folder, reused: false };
};

const contextArgs = (context: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]);

const readStamp = (folder: string): string | undefined => {
  const path = join(folder, STAMP);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
};

const digest = (root: string, config: string): string => {
  const hash = createHash('sha256').update(process.version).update('\0').update(config);
  for (const source of SOURCES) for (const path of filesOf(root, source)) hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
};

/** Itself when it is a file; else all files below, in a fixed order. */
const filesOf = (root: string, path: string): readonly string[] => {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  try {
    return readdirSync(absolute, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => (entry.isDirectory() ? filesOf(root, join(path, entry.name)) : [join(path, entry.name)]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
};
