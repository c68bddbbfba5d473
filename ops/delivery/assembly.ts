/** What the CDK's assembly says of the stacks: names, places, and the order in which `cdk deploy --all` takes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Template } from './uncovered.ts';

const artifact = z.looseObject({
  type: z.string(),
  environment: z.string().optional(),
  dependencies: z.array(z.string()).optional(),
  properties: z.looseObject({ templateFile: z.string().optional(), stackName: z.string().optional() }).optional(),
});
const manifest = z.looseObject({ artifacts: z.record(z.string(), artifact) });
const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).optional(),
      UpdatePolicy: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

export interface AssembledStack {
  readonly name: string;
  readonly region: string;
  readonly template: Template;
}

/** The stacks of an assembly, each after those that it depends on. */
export const readAssembly = (folder: string): readonly AssembledStack[] => {
  const { artifacts } = manifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  const ordered: string[] = [];
  const visit = (id: string): void => {
    const found = artifacts[id];
    if (found === undefined || ordered.includes(id)) return;
    for (const dependency of found.dependencies ?? []) visit(dependency);
    ordered.push(id);
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return ordered.flatMap((id) => {
    const { type, environment = '', properties } = artifacts[id] ?? { type: '' };
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) return [];
    const region = environment.split('/').at(-1) ?? '';
    return [
      { name: properties.stackName ?? id, region, template: parseTemplate(readFileSync(join(folder, properties.templateFile), 'utf8')) },
    ];
  });
};

/** @throws {Error} for what is no template in JSON */
export const parseTemplate = (text: string): Template => template.parse(JSON.parse(text));
