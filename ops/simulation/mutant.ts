/** Builds the simulator with a deliberate defect: the same sources, one of them edited on its way into the bundle. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Mutation } from '../../sim/mutations/mutation.ts';

export type Simulator = typeof import('../../sim/simulator.ts');

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @throws Error when the text that a mutation edits does not stand in its file exactly once */
export const mutant = async (mutation: Mutation): Promise<Simulator> => {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}sim/simulator.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [edited(mutation)],
  });
  const text = outputFiles[0]?.text ?? '';
  const simulator: Simulator = await import(
    `data:text/javascript;base64,${Buffer.from(`${text}\n// ${mutation.name}`).toString('base64')}`
  );
  return simulator;
};

const edited = (mutation: Mutation): Plugin => ({
  name: 'edited',
  setup: ({ onLoad }) => {
    const path = `${ROOT}${mutation.file}`;
    onLoad({ filter: /\.ts$/ }, async (args) => {
      if (args.path !== path) return undefined;
      return {
        contents: `import { instead } from '${ROOT}sim/probe.ts';\n${editedText(mutation, await readFile(path, 'utf8'))}`,
        loader: 'ts',
      };
    });
  },
});

export const editedText = (mutation: Mutation, source: string): string =>
  mutation.edits.reduce((text, { from, to }) => {
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(
        `mutation ${mutation.name}: given a text that stands ${parts.length - 1} times in ${mutation.file}, allowed: once; the rule has moved, so move the mutation: ${from}`,
      );
    return parts.join(to);
  }, source);
