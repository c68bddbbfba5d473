/** The API as Lambda gets it; or one that answers `replicated` without having asked anybody, to see the proof fail. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { BUNDLE_OPTIONS, bundle } from '../infra/bundle.ts';

const ROOT = resolve(import.meta.dirname, '..');
const RULES = join(ROOT, 'functions/core/consistency.ts');
const [RULE, DEFECT] = ['if (turns.length === 0) return false;', 'return true;'] as const;

/** @returns the URL of the handler's module */
export const apiBundle = (): string => pathToFileURL(bundle().module('api')).href;

/**
 * @param folder where it goes
 * @returns the URL of the handler's module
 * @throws when the rule that it breaks is not where it was
 */
export const credulousBundle = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'credulous.cjs');
  await build({ ...BUNDLE_OPTIONS, entryPoints: [join(ROOT, 'functions/api.handler.ts')], outfile, plugins: [credulous] });
  return pathToFileURL(outfile).href;
};

const credulous: Plugin = {
  name: 'credulous',
  setup: ({ onLoad }) => {
    onLoad({ filter: /consistency\.ts$/ }, async ({ path }) => {
      if (path !== RULES) return undefined;
      const parts = (await readFile(path, 'utf8')).split(RULE);
      if (parts.length !== 2) throw new Error(`"${RULE}" stands ${parts.length - 1} times in ${path}, allowed: once; move the defect`);
      return { contents: parts.join(DEFECT), loader: 'ts' };
    });
  },
};
