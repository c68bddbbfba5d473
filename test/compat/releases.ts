/**
 * The releases that serve beside the one in this checkout: the one before, by the newest tag `v1.2.3` in the history, and
 * one that could come after it, made of this checkout's sources and what `later.ts` adds to all that is written.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../infra/bundle.ts';
import { present, RULES_SOURCE, type Rules } from './rules.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const NEXT = resolve(import.meta.dirname, 'next');

export interface Release {
  /** `this release`, `the next release`, or a tag. */
  readonly name: string;
  /** Files of its bundles. */
  readonly api: string;
  readonly housekeeping: string;
  readonly rules: Rules;
}

export const THIS = 'this release';
export const THE_NEXT = 'the next release';

/** The newest tag of a release before the commit that is checked out; undefined without one, or without a history. */
export const previousTag = (root: string = REPOSITORY): string | undefined => {
  const before = ['tag', '--list', 'v*', '--merged', 'HEAD', '--no-contains', 'HEAD', '--sort=-version:refname'];
  try {
    const tags = execFileSync('git', before, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return tags.split('\n').find((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
  } catch {
    return undefined;
  }
};

/** Names of the releases that serve beside this one. */
export const otherReleases = (): readonly string[] => [previousTag() ?? [], THE_NEXT].flat();

/** A folder for releases that are built, and removed with it. */
export class Workshop implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tandem-releases-'));
  readonly #root: string;
  readonly #built = new Map<string, Promise<Release>>();

  constructor(root: string = REPOSITORY) {
    this.#root = root;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  /**
   * Builds a release once.
   * @throws {Error} when a tagged one does not have its handlers or rules where `rules.ts` looks for them
   */
  build(name: string): Promise<Release> {
    const release = this.#built.get(name) ?? this.#build(name);
    this.#built.set(name, release);
    return release;
  }

  async #build(name: string): Promise<Release> {
    const folder = join(this.#folder, name.replaceAll(' ', '-'));
    mkdirSync(folder);
    if (name === THIS) return { ...(await bundles(name, this.#root, folder)), rules: present };
    if (name === THE_NEXT) {
      const api = join(NEXT, 'api.handler.ts');
      return { ...(await bundles(name, this.#root, folder, { api, plugins: [laterFiles] })), rules: present };
    }
    const sources = join(folder, 'sources');
    this.#unpack(name, sources);
    return { ...(await bundles(name, sources, folder)), rules: await rulesOf(sources, folder) };
  }

  #unpack(tag: string, target: string): void {
    mkdirSync(target);
    const archive = `${target}.tar`;
    execFileSync('git', ['archive', '--format=tar', `--output=${archive}`, tag, 'functions'], { cwd: this.#root });
    execFileSync('tar', ['-xf', archive, '-C', target]);
    symlinkSync(join(REPOSITORY, 'node_modules'), join(target, 'node_modules'));
  }
}

/** Puts the next release's files where this one's are asked for, but for the places where they ask for them. */
const laterFiles: Plugin = {
  name: 'later-files',
  setup: ({ onResolve }) => {
    for (const file of ['dynamo-store.ts', 'token.ts']) {
      const path = join(NEXT, file);
      const filter = new RegExp(`/${file.replace('.', '\\.')}$`);
      onResolve({ filter }, ({ importer }) => (importer === path ? undefined : { path }));
    }
  },
};

const optionsFor = (root: string): BuildOptions => ({
  ...BUNDLE_OPTIONS,
  sourcemap: 'inline',
  absWorkingDir: root,
  alias: { '@aws-sdk/credential-provider-node': join(root, 'functions/aws/lambda-credentials.ts') },
});

const bundles = async (
  name: string,
  root: string,
  folder: string,
  changed: { readonly api?: string; readonly plugins?: Plugin[] } = {},
): Promise<Omit<Release, 'rules'>> => {
  const { api = join(root, 'functions/api.handler.ts'), plugins = [] } = changed;
  const entryPoints = { api, housekeeping: join(root, 'functions/housekeeping.handler.ts') };
  await build({ ...optionsFor(root), entryPoints, outdir: folder, plugins });
  return { name, api: join(folder, 'api.js'), housekeeping: join(folder, 'housekeeping.js') };
};

const rulesOf = async (root: string, folder: string): Promise<Rules> => {
  const outfile = join(folder, 'rules.mjs');
  await build({ ...optionsFor(root), format: 'esm', stdin: { contents: RULES_SOURCE, resolveDir: root, loader: 'ts' }, outfile });
  const rules: Rules = await import(pathToFileURL(outfile).href);
  return rules;
};
