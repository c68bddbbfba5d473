import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cellOrder, readStacks, writeRegionAssembly } from '../../local/deployment/assembly.ts';
import { readRelease } from '../../local/deployment/release.ts';
import { tableSettings } from '../../local/deployment/tables.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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

const template = (name: string) => ({ Resources: { Thing: { Type: 'AWS::Route53::HealthCheck', Properties: { name } } } });

/** As `cdk synth` writes it, with what matters. */
const assembly = async (): Promise<string> => {
  const folder = join(temporaryFolder(), 'source');
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

const put = async (folder: string, file: string, value: unknown): Promise<void> => {
  await writeFile(join(folder, file), JSON.stringify(value));
};

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(...path), 'utf8'));

const contents = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
};
