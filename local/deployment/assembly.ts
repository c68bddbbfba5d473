/** Reads a synthesized cloud assembly and writes, for each region, the adapted part of it that its emulator gets. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { STACKS } from '../../functions/contract/names.ts';
import { adaptTemplate, type Replacement, sumReplacements } from './adapt.ts';
import type { Gate } from './gate.ts';
import type { Json } from './template.ts';

const json = z.record(z.string(), z.unknown());
const artifact = z.looseObject({
  type: z.string(),
  environment: z.string().optional(),
  properties: z.looseObject({ templateFile: z.string().optional() }).optional(),
  dependencies: z.array(z.string()).optional(),
});
const manifest = z.looseObject({ artifacts: z.record(z.string(), artifact) });
const assetManifest = z.looseObject({ files: z.record(z.string(), z.looseObject({ source: z.looseObject({ path: z.string() }) })) });

const STACK = 'aws:cloudformation:stack';

/** A stack as AWS would get it. */
export interface Stack {
  readonly name: string;
  readonly region: string;
  readonly template: Json;
}

/** The stacks of an assembly that `cdk synth` wrote. @throws when the folder holds none */
export const readStacks = (folder: string): readonly Stack[] =>
  Object.entries(readManifest(folder).artifacts).flatMap(([name, { type, environment, properties }]) => {
    if (type !== STACK || properties?.templateFile === undefined) return [];
    return [{ name, region: regionOf(environment), template: readJson(join(folder, properties.templateFile)) }];
  });

/** A stack of an assembly as AWS would get it. @throws when the assembly has none of that name */
export const readTemplate = (folder: string, name: string): Json => {
  const stack = readStacks(folder).find((each) => each.name === name);
  if (stack === undefined) throw new Error(`the assembly in ${folder} has no stack ${name}`);
  return stack.template;
};

/**
 * The regions of an assembly's cells in the order in which \`cdk deploy --all\` takes them: one whose stack depends on
 * another's comes after it.
 */
export const cellOrder = (folder: string, regions: readonly string[]): readonly string[] => {
  const { artifacts } = readManifest(folder);
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (ordered.includes(name)) return;
    for (const before of artifacts[name]?.dependencies ?? []) visit(before);
    ordered.push(name);
  };
  for (const name of Object.keys(artifacts)) visit(name);
  return regions.toSorted((a, b) => ordered.indexOf(STACKS.cell(a)) - ordered.indexOf(STACKS.cell(b)));
};

/**
 * Writes the part of an assembly that one region's emulator gets: the data stack, made this region's own, and its cell.
 * @param gate of the cell, where CloudFormation waits for CodeDeploy
 * @returns what was replaced by stand-ins
 */
export const writeRegionAssembly = (source: string, target: string, region: string, gate?: Gate): readonly Replacement[] => {
  const all = readManifest(source);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const cell = STACKS.cell(region);
  const parts = [
    writeStack({ source, target, all, region, name: STACKS.data, after: [], gate: undefined }),
    writeStack({ source, target, all, region, name: cell, after: [STACKS.data], gate }),
  ];
  const artifacts = Object.assign({}, ...parts.map(({ artifacts: each }) => each));
  writeJson(join(target, 'manifest.json'), { ...pickVersion(all), artifacts });
  writeFileSync(join(target, 'cdk.out'), readFileSync(join(source, 'cdk.out')));
  return sumReplacements(parts.map(({ replaced }) => replaced));
};

type Manifest = z.output<typeof manifest>;

interface Part {
  readonly source: string;
  readonly target: string;
  readonly all: Manifest;
  readonly region: string;
  readonly name: string;
  /** Names of the stacks that come before. */
  readonly after: readonly string[];
  readonly gate: Gate | undefined;
}

const writeStack = ({ source, target, all, region, name, after, gate }: Part) => {
  const stack = all.artifacts[name];
  const assets = all.artifacts[`${name}.assets`];
  const templateFile = stack?.properties?.templateFile;
  if (stack === undefined || assets === undefined || templateFile === undefined)
    throw new Error(`the assembly in ${source} has no stack ${name} with assets`);
  const { template, replaced } = adaptTemplate(readJson(join(source, templateFile)), region, gate);
  const text = JSON.stringify(template);
  writeFileSync(join(target, templateFile), text);

  const assetFile = `${name}.assets.json`;
  const files = assetManifest.parse(readJson(join(source, assetFile))).files;
  for (const {
    source: { path },
  } of Object.values(files))
    if (path !== templateFile) cpSync(join(source, path), join(target, path), { recursive: true });

  // Stored under the hash of what it was, it could be taken for that. The data stack also moves from its home region here;
  // everything else is where it belongs, and no name of the data stack contains a region.
  const [hashBefore = ''] = Object.entries(files).find(([, file]) => file.source.path === templateFile) ?? [];
  const hash = createHash('sha256').update(text).digest('hex');
  const moved = (value: unknown): Json =>
    json.parse(
      JSON.parse(
        JSON.stringify(value)
          .replaceAll(regionOf(stack.environment), region)
          .replaceAll(hashBefore || hash, hash),
      ),
    );
  writeJson(join(target, assetFile), moved(readJson(join(source, assetFile))));
  const { additionalMetadataFile: _, metadata: __, ...kept } = stack;
  return {
    replaced,
    artifacts: { [name]: { ...moved(kept), dependencies: [...after, `${name}.assets`] }, [`${name}.assets`]: moved(assets) },
  };
};

const pickVersion = ({ artifacts: _, ...rest }: Manifest): Json => rest;

const regionOf = (environment: string | undefined): string => {
  const region = environment?.split('/').at(-1);
  if (region === undefined || region === 'unknown-region')
    throw new Error(`given a stack for ${environment ?? 'no environment'}; allowed: stacks of a region`);
  return region;
};

const readManifest = (folder: string): Manifest => manifest.parse(readJson(join(folder, 'manifest.json')));
const readJson = (path: string): Json => json.parse(JSON.parse(readFileSync(path, 'utf8')));
const writeJson = (path: string, value: unknown): void => writeFileSync(path, JSON.stringify(value));
