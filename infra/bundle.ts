import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';
import { ConfigError } from './config.ts';

const ROOT = join(import.meta.dirname, '..');

/** Entry points, by the folder that each becomes. */
export const HANDLERS = {
  api: 'functions/api.handler.ts',
  housekeeping: 'functions/housekeeping.handler.ts',
  'stream-lookup': 'functions/stream-lookup.handler.ts',
  canary: 'functions/canary.handler.ts',
  'before-traffic': 'functions/before-traffic.handler.ts',
  'after-traffic': 'functions/after-traffic.handler.ts',
  'deployment-events': 'functions/deployment-events.handler.ts',
  'canary-identity': 'functions/canary-identity.handler.ts',
  'first-journey': 'functions/first-journey.handler.ts',
  'backup-watch': 'functions/backup-watch.handler.ts',
  'restore-validation': 'functions/restore-validation.handler.ts',
} as const;
export type HandlerName = keyof typeof HANDLERS;

/** How handlers become what Lambda loads; the benchmark bundles what it compares them with alike, but for the alias. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  // As CommonJS a cold start takes a fifth less: an ES module that imports `node:http` makes Node fill all of its exports
  // first, among them those for which it loads its whole fetch (`npm run bench`).
  format: 'cjs',
  supported: { 'dynamic-import': false },
  platform: 'node',
  target: 'node24',
  // Packages that have both are smaller and start faster as ES modules.
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  logLevel: 'warning',
  // In Lambda credentials come by the environment; the rest of the SDK's chain is a third of the code to load.
  alias: { '@aws-sdk/credential-provider-node': join(ROOT, 'functions/aws/lambda-credentials.ts') },
} as const satisfies BuildOptions;

const MODULE = 'index.js';
const READABLE = 0o644;
/** Beside each module, so that it is CommonJS wherever it is loaded. */
const PACKAGE = { file: 'package.json', contents: Buffer.from('{"type":"commonjs"}\n') } as const;

/** Where the deliberately broken versions of the API are, one handler a fault. */
const FAULTS = 'functions/faulty';
const HANDLER_SUFFIX = '.handler.ts';

export interface BundleOptions {
  /** The checkout. @default this one */
  readonly root?: string;
  /** The API is the broken version of this name: for drills, which deliver it to see it taken back. */
  readonly fault?: string;
  /** Any text: makes the API another version that does the same. */
  readonly marker?: string;
}

export interface Bundle {
  /** Changes exactly when the code does. */
  readonly hash: string;
  /** The fault that is compiled into the API; undefined for a right one. */
  readonly fault?: string;
  /** A handler's folder. The source maps stay out of the assets, in `maps` beside it. */
  readonly folder: (handler: HandlerName) => string;
  /** The path of a handler's module. */
  readonly module: (handler: HandlerName) => string;
  /** The asset; a new one on each call, because an asset belongs to one stack. */
  readonly code: (handler: HandlerName) => AssetCode;
}

/**
 * Bundles all handlers in one call. The AWS SDK goes in: what runs is then the version that was tested, and a bundled,
 * minified client starts faster than the one that the runtime brings.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
 *
 * Bundles are addressed by their content and renamed into place, so that parallel synths do not meet.
 *
 * @throws {ConfigError} naming the faults that there are, when asked for another
 */
export const bundle = ({ root = ROOT, fault, marker }: BundleOptions = {}): Bundle => {
  const entries = fault === undefined ? HANDLERS : { ...HANDLERS, api: faultyApi(root, fault) };
  const built = buildSync({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: path, out: `${name}/index` })),
    outdir: 'bundle',
    write: false,
    ...BUNDLE_OPTIONS,
  });
  const files = built.outputFiles
    .map(({ path, contents }) => ({ handler: basename(dirname(path)), file: basename(path), contents }))
    .concat(Object.keys(entries).map((handler) => ({ handler, ...PACKAGE })))
    .map((file) => (marker !== undefined && file.handler === 'api' && file.file === MODULE ? marked(file, marker) : file))
    .sort((a, b) => (`${a.handler}/${a.file}` < `${b.handler}/${b.file}` ? -1 : 1));
  const target = join(root, '.tandem', 'bundle', digest(files));
  if (!existsSync(target)) store(target, files);
  // Modes go into the archives, and whoever runs a function is not who wrote it: whatever this user's umask is.
  for (const { handler, file } of files) chmodSync(join(target, isMap(file) ? 'maps' : '', handler, file), READABLE);
  const folder = (handler: HandlerName): string => join(target, handler);
  return {
    hash: digest(files.filter(({ file }) => !isMap(file))),
    fault,
    folder,
    module: (handler) => join(folder(handler), MODULE),
    code: (handler) => Code.fromAsset(folder(handler)),
  };
};

/** Looked for among what there is, so that no name leads out of the folder. */
const faultyApi = (root: string, fault: string): string => {
  const folder = join(root, FAULTS);
  const known = existsSync(folder)
    ? readdirSync(folder).flatMap((file) => (file.endsWith(HANDLER_SUFFIX) ? [file.slice(0, -HANDLER_SUFFIX.length)] : []))
    : [];
  if (known.includes(fault)) return `${FAULTS}/${fault}${HANDLER_SUFFIX}`;
  throw new ConfigError([
    `fault: given "${fault}"; allowed: ${known.length === 0 ? `none, because ${FAULTS} has no handler` : known.sort().join(', ')}; correct "-c fault=NAME", or leave it out`,
  ]);
};

/** At the end, where it moves no line of the source map: a statement without effect, so that the bytes differ and nothing else. */
const marked = (file: BundledFile, marker: string): BundledFile => ({
  ...file,
  contents: Buffer.concat([file.contents, Buffer.from(`${JSON.stringify(`marker: ${marker}`)};\n`)]),
});

const isMap = (file: string): boolean => file.endsWith('.map');

const digest = (files: readonly BundledFile[]): string => {
  const hash = createHash('sha256');
  for (const { handler, file, contents } of files) hash.update(`${handler}/${file}\0${contents.byteLength}\0`).update(contents);
  return hash.digest('hex').slice(0, 16);
};

interface BundledFile {
  readonly handler: string;
  readonly file: string;
  readonly contents: Uint8Array;
}

const store = (target: string, files: readonly BundledFile[]): void => {
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(`${target}.`);
  for (const { handler, file, contents } of files) {
    const folder = join(draft, isMap(file) ? 'maps' : '', handler);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), contents);
  }
  try {
    renameSync(draft, target);
  } catch (error: unknown) {
    rmSync(draft, { recursive: true });
    // Another synth of the same source was first: its files are the same.
    if (!existsSync(target)) throw error;
  }
};
