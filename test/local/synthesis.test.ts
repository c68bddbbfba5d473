import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../infra/config.ts';
import { CdkError, runCdk } from '../../local/deployment/cdk.ts';
import { synthesize } from '../../local/deployment/synthesize.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CONFIG = parseConfig({ regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }], auth: 'keys' });

describe('synthesis', () => {
  test('is done once while nothing changes', async () => {
    const project = await stubProject();

    expect((await project.synthesize()).reused).toBe(false);
    expect((await project.synthesize()).reused).toBe(true);
    expect(await project.runs()).toBe(1);
  });

  test.each(['infra/app.ts', 'functions/core/deep/rule.ts', 'cdk.json', 'package-lock.json'])(
    'is done again when %s changes',
    async (path) => {
      const project = await stubProject();
      await project.synthesize();

      await project.write(path, 'changed');

      expect((await project.synthesize()).reused).toBe(false);
    },
  );

  test('is done again when the configuration changes', async () => {
    const project = await stubProject();
    await project.synthesize();

    expect((await project.synthesize({ ...CONFIG, logRetentionDays: 7 })).reused).toBe(false);
  });

  test('gets the configuration as a file, and nothing of the environment', async () => {
    const project = await stubProject();

    await project.synthesize();

    const { args, env } = await json(project.folder, 'state', 'cdk.out', 'run.json');
    expect(args).toEqual(expect.arrayContaining(['synth', '--context', `tandem=${join(project.folder, 'state', 'config.json')}`]));
    expect(parseConfig(await json(project.folder, 'state', 'config.json'))).toEqual(CONFIG);
    expect(Object.keys(env).filter((name) => name.startsWith('AWS_'))).toEqual(['AWS_EC2_METADATA_DISABLED']);
  });

  test('for a delivery goes to a folder of its own, with its context, and leaves the other as it is', async () => {
    const project = await stubProject();
    await project.synthesize();
    const folder = join(project.folder, 'state', 'delivery');

    const delivered = await synthesize({
      projectFolder: project.folder,
      stateFolder: join(project.folder, 'state'),
      folder,
      context: { fault: 'slow' },
      config: CONFIG,
      signal: new AbortController().signal,
    });

    expect(delivered).toEqual({ folder: join(folder, 'cdk.out'), reused: false });
    const { args } = await json(delivered.folder, 'run.json');
    expect(args).toEqual(expect.arrayContaining(['--context', `tandem=${join(folder, 'config.json')}`, 'fault=slow']));
    expect((await project.synthesize()).reused).toBe(true);
  });

  test('that failed is told with the command, its last lines and the file with all of them, and tried anew', async () => {
    const project = await stubProject();
    await project.write('fails', '');

    const failed = project.synthesize();

    await expect(failed).rejects.toThrow(CdkError);
    await expect(failed).rejects.toThrow(/"cdk synth .*" ended with exit code 3/);
    await expect(failed).rejects.toThrow('the reason why');
    await expect(failed).rejects.toThrow(join('logs', 'synth.log'));
    await rm(join(project.folder, 'fails'));
    expect((await project.synthesize()).reused).toBe(false);
  });

  test('ends when it is told to', async () => {
    const project = await stubProject();
    await project.write('hangs', '');
    const controller = new AbortController();

    const hanging = project.synthesize(CONFIG, controller.signal);
    controller.abort(new Error('enough'));

    await expect(hanging).rejects.toThrow('enough');
  });
});

test('a command that was aborted before is not started', async () => {
  const project = await stubProject();
  const home = join(project.folder, 'home');

  const run = runCdk({
    projectFolder: project.folder,
    args: ['ls'],
    cwd: home,
    home,
    logFile: join(home, 'log'),
    signal: AbortSignal.abort(new Error('before')),
  });

  await expect(run).rejects.toThrow('before');
  expect(await project.runs()).toBe(0);
});

/** A checkout whose `cdk` notes how it was called and writes an output folder. */
const stubProject = async () => {
  const folder = temporaryFolder();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('node_modules/aws-cdk/bin/cdk', STUB);
  await write('node_modules/aws-cdk/package.json', '{"type":"commonjs"}');
  for (const path of ['infra/app.ts', 'functions/core/deep/rule.ts', 'cdk.json', 'package.json', 'package-lock.json'])
    await write(path, 'as it was');
  return {
    folder,
    write,
    synthesize: (config = CONFIG, signal = new AbortController().signal) =>
      synthesize({ projectFolder: folder, stateFolder: join(folder, 'state'), config, signal }),
    runs: async () => (await readFile(join(folder, 'runs'), 'utf8').catch(() => '')).length,
  };
};

const STUB = `
const fs = require('node:fs');
const path = require('node:path');
const root = path.resolve(__dirname, '../../..');
fs.appendFileSync(path.join(root, 'runs'), '.');
if (fs.existsSync(path.join(root, 'hangs'))) setInterval(() => {}, 1000);
else if (fs.existsSync(path.join(root, 'fails'))) { console.error('the reason why'); process.exit(3); }
else {
  const out = process.argv[process.argv.indexOf('--output') + 1];
  fs.mkdirSync(out, { recursive: true });
  fs.writeFileSync(path.join(out, 'run.json'), JSON.stringify({ args: process.argv.slice(2), env: process.env }));
}
`;

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(...path), 'utf8'));
