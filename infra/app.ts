import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { STACKS } from '../functions/contract/names.ts';
import manifest from '../package.json' with { type: 'json' };
import { type Bundle, bundle } from './bundle.ts';
import { CellStack } from './cell-stack.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { GlobalStack } from './global-stack.ts';
import { makeStrict } from './strict.ts';

/** The whole system: the tables, then cell by cell in the order of the config, then routing. */
export const build = (app: App, config: Config, code: Bundle): void => {
  const env = (region: string) => ({ region, account: process.env['CDK_DEFAULT_ACCOUNT'] });
  const release = `${manifest.version}-${code.hash.slice(0, 8)}`;

  const stacks = [
    new DataStack(app, STACKS.data, { config, env: env(config.home) }),
    ...config.regions.map(({ name }) => new CellStack(app, STACKS.cell(name), { config, bundle: code, release, env: env(name) })),
    ...(config.domain ? [new GlobalStack(app, STACKS.global, { config, domain: config.domain, env: env('us-east-1') })] : []),
  ];
  // The order of `cdk deploy --all`. Stacks share names, never values, so this is the only tie between them.
  stacks.reduce((before, stack) => {
    stack.addStackDependency(before);
    return stack;
  });
};

/** A text of the context (`-c NAME=TEXT`); an empty one is none. */
const textOf = (app: App, name: string): string | undefined => {
  const given: unknown = app.node.tryGetContext(name);
  return given === undefined || given === '' ? undefined : String(given);
};

const main = (): void => {
  const outdir = process.env['CDK_OUTDIR'];
  // A report of an earlier, strict synth would fail the CLI.
  if (outdir) rmSync(join(outdir, 'validation-report.json'), { force: true });
  const strict = process.env['TANDEM_STRICT'] === '1';
  const app = new App({ builtinCloudFormationValidation: strict });
  if (strict) makeStrict(app);
  try {
    const config = loadConfig(app.node.tryGetContext('tandem'));
    build(app, config, bundle({ fault: textOf(app, 'fault'), marker: textOf(app, 'marker') }));
  } catch (error: unknown) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
};

if (import.meta.main) main();
