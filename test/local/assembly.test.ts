import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../infra/config.ts';
import { cellOrder, readStacks, writeRegionAssembly } from '../../local/deployment/assembly.ts';
import { CdkError, runCdk } from '../../local/deployment/cdk.ts';
import { readRelease } from '../../local/deployment/release.ts';
import { synthesize } from '../../local/deployment/synthesize.ts';
import { tableSettings } from '../../local/deployment/tables.ts';

const REGIONS = ['eu-central-1', 'us-east-2'] as const;

describe('the assembly that one region gets', () => {
  test('holds the data stack and its own cell, in this order, and nothing of other regions', async () => {
    const { target } = await written('us-east-2');

    expect(Object.keys((await json(target, 'manifest.json'))['artifacts']).sort()).toEqual([
      'Tandem-Cell-us-east-2',
      'Tandem-Cell-us-east-2.assets',
      'Tandem-Data',
      'Tandem-Data.assets',
    ]);
    const { artifacts } = await json(target, 'manifest.json');
    expect(artifacts['Tandem-Cell-us-east-2'].dependencies).toEqual(['Tandem-Data', 'Tandem-Cell-us-east-2.assets']);
    expect(artifacts['Tandem-Data'].dependencies).toEqual(['Tandem-Data.assets']);
  });

  test('moves the data stack, and the places of its files, from the home region', async () => {
    const { target } = await written('us-east-2');

    const { artifacts } = await json(target, 'manifest.json');
    expect(artifacts['Tandem-Data'].environment).toBe('aws://unknown-account/us-east-2');
    expect(JSON.stringify(artifacts)).not.toContain('eu-central-1');
    expect(JSON.stringify(await json(target, 'Tandem-Data.assets.json'))).not.toContain('eu-central-1');
  });

  test('stores an adapted template under another name than the one that AWS gets', async () => {
    const { source, target } = await written('eu-central-1');

    const [before, after] = await Promise.all(
      [source, target].map(async (folder) => JSON.stringify(await json(folder, 'Tandem-Data.assets.json'))),
    );
    expect(before).toContain('hash-of-Tandem-Data');
    expect(after).not.toContain('hash-of-Tandem-Data');
    const { artifacts } = await json(target, 'manifest.json');
    const url: string = artifacts['Tandem-Data'].properties.stackTemplateAssetObjectUrl;
    expect(after).toContain(url.split('/').at(-1));
  });

  test('brings the files of its own stacks', async () => {
    const { target } = await written('us-east-2');

    expect(await readdir(target)).toContain('asset.code-us-east-2');
    expect(await readdir(target)).not.toContain('asset.code-eu-central-1');
  });

  test('leaves what AWS gets as it was', async () => {
    const source = await assembly();
    const before = await contents(source);

    writeRegionAssembly(source, join(source, '..', 'target'), 'us-east-2');

    expect(await contents(source)).toEqual(before);
  });

  test('is refused with the name of a stack that is missing', async () => {
    const source = await assembly();

    expect(() => writeRegionAssembly(source, join(source, '..', 'target'), 'ap-south-1')).toThrow('no stack Tandem-Cell-ap-south-1');
  });
});

test('the stacks of an assembly are read as AWS would get them, with their regions', async () => {
  const stacks = readStacks(await assembly());

  expect(stacks.map(({ name, region }) => `${name} ${region}`)).toEqual([
    'Tandem-Data eu-central-1',
    'Tandem-Cell-eu-central-1 eu-central-1',
    'Tandem-Cell-us-east-2 us-east-2',
  ]);
  expect(stacks[0]?.template).toEqual(template('Tandem-Data'));
});

describe('the order in which regions are deployed', () => {
  test.each([
    ['is that of the stacks’ dependencies', ['Tandem-Cell-us-east-2'], ['us-east-2', 'eu-central-1']],
    ['is that of the assembly where nothing depends on anything', [], ['eu-central-1', 'us-east-2']],
  ])('%s', async (_, before, expected) => {
    const source = await assembly();
    const manifest = await json(source, 'manifest.json');
    manifest.artifacts['Tandem-Cell-eu-central-1'].dependencies.push(...before);
    await put(source, 'manifest.json', manifest);

    expect(cellOrder(source, REGIONS)).toEqual(expected);
  });
});

test('a region’s release is its own cell, as AWS would get it', async () => {
  const source = await assembly();

  expect(readRelease(source, 'us-east-2')).toEqual({
    stack: { name: 'Tandem-Cell-us-east-2', region: 'us-east-2', template: template('Tandem-Cell-us-east-2') },
    tables: [],
  });
  expect(() => readRelease(source, 'ap-south-1')).toThrow('no stack Tandem-Cell-ap-south-1');
});

test('what the emulator drops of a table is read from the replica of its region', () => {
  const table = (Replicas: readonly unknown[]) => ({
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: { TableName: 't', TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true }, Replicas },
  });
  const settings = tableSettings(
    {
      Resources: {
        Table: table([
          {
            Region: 'eu-central-1',
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
          { Region: 'us-east-2' },
        ]),
      },
    },
    'eu-central-1',
  );

  expect(settings).toEqual([{ name: 't', ttl: 'expires', pointInTimeRecovery: true, deletionProtection: true }]);
  expect(tableSettings({ Resources: { Table: table([{ Region: 'us-east-2' }]) } }, 'us-east-2')).toEqual([
    { name: 't', ttl: 'expires', pointInTimeRecovery: false, deletionProtection: false },
  ]);
});

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

const CONFIG = parseConfig({ regions: REGIONS.map((name) => ({ name })), auth: 'keys' });

const template = (name: string) => ({ Resources: { Thing: { Type: 'AWS::Route53::HealthCheck', Properties: { name } } } });

/** As `cdk synth` writes it, with what matters. */
const assembly = async (): Promise<string> => {
  const folder = join(await temporaryFolder(), 'source');
  const stacks = [
    { name: 'Tandem-Data', region: 'eu-central-1', after: [] },
    ...REGIONS.map((region) => ({ name: `Tandem-Cell-${region}`, region, after: ['Tandem-Data'] })),
  ];
  await mkdir(folder, { recursive: true });
  const artifacts: Record<string, unknown> = { Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } } };
  for (const { name, region, after } of stacks) {
    const bucket = `cdk-assets-${region}`;
    artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      environment: `aws://unknown-account/${region}`,
      properties: { templateFile: `${name}.template.json`, stackTemplateAssetObjectUrl: `s3://${bucket}/hash-of-${name}.json` },
      dependencies: [...after, `${name}.assets`],
    };
    const asset = (path: string, key: string) => ({
      source: { path },
      destinations: { [`account-${region}`]: { bucketName: bucket, objectKey: key, region } },
    });
    const code = after.length === 0 ? {} : { [`hash-of-code-${region}`]: asset(`asset.code-${region}`, 'code.zip') };
    await put(folder, `${name}.template.json`, template(name));
    await put(folder, `${name}.assets.json`, {
      files: { [`hash-of-${name}`]: asset(`${name}.template.json`, `hash-of-${name}.json`), ...code },
    });
    if (after.length > 0) {
      await mkdir(join(folder, `asset.code-${region}`));
      await writeFile(join(folder, `asset.code-${region}`, 'index.mjs'), region);
    }
  }
  await put(folder, 'manifest.json', { version: '1', artifacts });
  await put(folder, 'cdk.out', { version: '1' });
  return folder;
};

const written = async (region: string) => {
  const source = await assembly();
  const target = join(source, '..', 'target');
  writeRegionAssembly(source, target, region);
  return { source, target };
};

/** A checkout whose `cdk` notes how it was called and writes an output folder. */
const stubProject = async () => {
  const folder = await temporaryFolder();
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

const put = async (folder: string, file: string, value: unknown): Promise<void> => {
  await writeFile(join(folder, file), JSON.stringify(value));
};

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

const contents = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
};

const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-test-assembly-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};
