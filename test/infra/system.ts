/** Synthesizes the system in process, with stand-ins for the handlers: what is tested here is what AWS is told. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { build } from '../../infra/app.ts';
import type { Bundle } from '../../infra/bundle.ts';
import { parseConfig } from '../../infra/config.ts';
import { makeStrict } from '../../infra/strict.ts';

export const REGIONS = ['eu-central-1', 'us-east-2', 'ap-northeast-1'] as const;
export const DOMAIN = { name: 'api.example.com', zoneName: 'example.com', hostedZoneId: 'Z0123456789ABC' } as const;

/** The configuration of so many regions, all serving. */
export const configOf = (count: 2 | 3, more: Readonly<Record<string, unknown>> = {}) => ({
  regions: REGIONS.slice(0, count).map((name) => ({ name })),
  auth: 'keys',
  ...more,
});

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: unknown;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: unknown;
  readonly Metadata?: unknown;
}

export interface Template {
  readonly stack: string;
  readonly text: string;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly ofType: (type: string) => readonly Resource[];
}

export interface Synthesized {
  /** The folder of the assembly, until `remove`. */
  readonly folder: string;
  readonly templates: readonly Template[];
  /** Names of the stacks that a stack waits for. */
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
  /** What synth warns of. */
  readonly warnings: readonly string[];
  readonly stack: (name: string) => Template;
  readonly remove: () => void;
}

export interface SynthesisOptions {
  readonly strict?: boolean;
  /** Another hash is another release, and so another version of every function. */
  readonly codeHash?: string;
  /** That the bundle says is compiled into the API. */
  readonly fault?: string;
  /** As `-c NAME=VALUE` gives it. */
  readonly context?: Readonly<Record<string, string>>;
}

export const synthesize = (config: unknown, options: SynthesisOptions = {}): Synthesized => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-synth-'));
  const strict = options.strict ?? false;
  const outdir = join(folder, 'cdk.out');
  try {
    const app = new App({
      outdir,
      builtinCloudFormationValidation: strict,
      analyticsReporting: false,
      context: { 'aws:cdk:enable-path-metadata': true, ...options.context },
    });
    if (strict) makeStrict(app);
    build(app, parseConfig(config), standIns(join(folder, 'code'), options));
    const assembly = app.synth();
    const templates = assembly.stacks.map(({ stackName, templateFullPath }) =>
      readTemplate(stackName, readFileSync(templateFullPath, 'utf8')),
    );
    return {
      folder: outdir,
      templates,
      dependencies: Object.fromEntries(
        assembly.stacks.map((stack) => [stack.stackName, stack.dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets'))]),
      ),
      warnings: assembly.stacks.flatMap(({ messages }) => messages.map(({ entry }) => String(entry.data))),
      stack: (name) => {
        const found = templates.find(({ stack }) => stack === name);
        if (found === undefined) throw new Error(`no stack ${name} among ${templates.map(({ stack }) => stack).join(', ')}`);
        return found;
      },
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  } catch (error: unknown) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
};

/** Walks into a value by keys and indices; undefined where there is nothing. */
export const dig = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value);

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A string that CloudFormation would join; references stand as `{Ref}` or `{Id.Attribute}`. */
export const joined = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const parts = dig(value, 'Fn::Join', 1);
  if (parts !== undefined) return list(parts).map(joined).join('');
  const [id, attribute] = list(dig(value, 'Fn::GetAtt'));
  return id === undefined ? `{${dig(value, 'Ref')}}` : `{${id}.${attribute}}`;
};

/** Every value inside a value, itself first. */
export function* within(value: unknown): Generator<unknown> {
  yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* within(inner);
}

const readTemplate = (stack: string, text: string): Template => {
  const parsed: { Resources: Record<string, Omit<Resource, 'id'>>; Outputs?: Template['outputs'] } = JSON.parse(text);
  const resources = Object.entries(parsed.Resources).map(([id, resource]) => ({ id, ...resource }));
  return { stack, text, resources, outputs: parsed.Outputs ?? {}, ofType: (type) => resources.filter(({ Type }) => Type === type) };
};

const standIns = (folder: string, { codeHash = '0123456789abcdef', fault }: SynthesisOptions): Bundle => {
  const at = (handler: string): string => join(folder, handler);
  const module = (handler: string): string => join(at(handler), 'index.js');
  return {
    hash: codeHash,
    fault,
    folder: at,
    module,
    code: (handler) => {
      mkdirSync(at(handler), { recursive: true });
      writeFileSync(module(handler), `exports.handler = async () => '${handler}';`);
      return Code.fromAsset(at(handler));
    },
  };
};
