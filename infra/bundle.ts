import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Entry points, by the folder that each becomes. */
export const HANDLERS = {
  api: 'functions/api.handler.ts',
  housekeeping: 'functions/housekeeping.handler.ts',
  'stream-lookup': 'functions/stream-lookup.handler.ts',
} as const;
export type HandlerName = keyof typeof HANDLERS;

/** How handlers become what Lambda loads; the benchmark bundles what it compares them with alike, but for the alias. */
export const BUNDLE_OPTIONS = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
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
  // CommonJS packages inside an ES module still call `require` for Node's own modules.
  banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
} as const satisfies BuildOptions;

export interface Bundle {
  /** Changes exactly when the code does. */
  readonly hash: string;
  /** A handler's folder. The source maps stay out of the assets, in `maps` beside it. */
  readonly folder: (handler: HandlerName) => string;
  /** The asset; a new one on each call, because an asset belongs to one stack. */
  readonly code: (handler: HandlerName) => AssetCode;
}

/**
 * Bundles all handlers in one call. The AWS SDK goes in: what runs is then the version that was tested, and a bundled,
 * minified client starts faster than the one that the runtime brings.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
 *
 * Bundles are addressed by their content and renamed into place, so that parallel synths do not meet.
 */
export const bundle = (root: string = ROOT): Bundle => {
  const built = buildSync({
    absWorkingDir: root,
    entryPoints: Object.entries(HANDLERS).map(([name, path]) => ({ in: path, out: `${name}/index` })),
    outdir: 'bundle',
    write: false,
    ...BUNDLE_OPTIONS,
  });
  const files = built.outputFiles
    .map(({ path, contents }) => ({ handler: basename(dirname(path)), file: basename(path), contents }))
    .sort((a, b) => (`${a.handler}/${a.file}` < `${b.handler}/${b.file}` ? -1 : 1));
  const target = join(root, '.tandem', 'bundle', digest(files));
  if (!existsSync(target)) store(target, files);
  const folder = (handler: HandlerName): string => join(target, handler);
  return { hash: digest(files.filter(({ file }) => !isMap(file))), folder, code: (handler) => Code.fromAsset(folder(handler)) };
};

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
