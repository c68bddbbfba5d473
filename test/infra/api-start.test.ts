import { resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { BUNDLE_OPTIONS, HANDLERS } from '../../infra/bundle.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

test.each([
  ['the schema library', 'node_modules/zod/'],
  ['the OpenAPI document', 'functions/contract/openapi.ts'],
  ['the shapes of answers', 'functions/contract/answers.ts'],
])('a start of the API does not load %s, which only some requests need', (_what, path) => {
  const { atStart, bundled } = modules();
  expect(bundled.some((each) => each.startsWith(path))).toBe(true);
  expect(atStart.filter((each) => each.startsWith(path))).toEqual([]);
});

/** Of the API's bundle: what is loaded by statements, and all. */
function modules(): { readonly atStart: readonly string[]; readonly bundled: readonly string[] } {
  const { metafile } = buildSync({
    ...BUNDLE_OPTIONS,
    absWorkingDir: REPOSITORY,
    entryPoints: [HANDLERS.api],
    outdir: 'unwritten',
    write: false,
    metafile: true,
  });
  const atStart = new Set<string>([HANDLERS.api]);
  for (const path of atStart)
    for (const each of metafile.inputs[path]?.imports ?? []) if (each.kind !== 'dynamic-import') atStart.add(each.path);
  return { atStart: [...atStart], bundled: Object.keys(metafile.inputs) };
}
