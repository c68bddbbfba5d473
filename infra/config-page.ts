/** docs/configuration.md, made of the configuration's schema: `npm run docs` writes it, and a test holds it equal. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { parseConfig } from './config.ts';
import { configSchema } from './config-schema.ts';

/** One key, as the page shows it. */
export interface Key {
  /** `health.ttlSeconds`; `[]` for each of a list, `REGION` for a key of yours. */
  readonly path: string;
  readonly allowed: string;
  readonly default: string;
  readonly means: string;
  readonly change: string;
  /** Has keys of its own, and no value beside them. */
  readonly isSection: boolean;
}

/** What must be given, and nothing else: all other keys have their defaults. */
const MINIMAL = { regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }], auth: 'keys' } as const;

/** Without what makes a key optional or gives its default. */
const bare = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? bare(schema.unwrap()) : schema;

const shapesOf = (schema: z.core.$ZodType): readonly z.ZodObject[] => {
  const value = bare(schema);
  if (value instanceof z.ZodObject) return [value];
  return value instanceof z.ZodUnion ? value.options.flatMap(shapesOf) : [];
};

/** What a refusal says is allowed: the page and the error are of one mind. */
const allowedOf = (schema: z.core.$ZodType): string => {
  const message = z.safeParse(schema, null).error?.issues[0]?.message ?? '';
  return /allowed: (.*?); /.exec(message)?.[1] ?? '';
};

const dig = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whether `schema` takes nothing at all; and where it does not, what stands there when only the rest of its section is given. */
const defaultOf = (schema: z.core.$ZodType, path: string, isSection: boolean): string => {
  const { default: said } = z.globalRegistry.get(schema) ?? {};
  if (text(said) !== '') return text(said);
  if (isSection) return '';
  const needed = !z.safeParse(schema, undefined).success;
  const [top = ''] = path.split(/[.[]/);
  const value = dig(parseConfig(MINIMAL), path.replace('[]', '.0').split('.'));
  if (needed && (value === undefined || Object.hasOwn(MINIMAL, top))) return '**must be given**';
  return value === undefined ? 'none' : `\`${JSON.stringify(value)}\``;
};

const keyOf = (schema: z.core.$ZodType, path: string): Key => {
  const { description, change } = z.globalRegistry.get(schema) ?? {};
  const isSection = bare(schema) instanceof z.ZodObject;
  return {
    path,
    allowed: allowedOf(schema),
    default: defaultOf(schema, path, isSection),
    means: text(description),
    change: text(change),
    isSection,
  };
};

/** Every key, in the order of the schema, each before the keys within it. */
export const keysOf = (schema: z.core.$ZodType, place = ''): readonly Key[] =>
  shapesOf(schema).flatMap(({ shape }) =>
    Object.entries(shape).flatMap(([name, value]) => {
      const path = place === '' ? name : `${place}.${name}`;
      const inner = bare(value);
      return [keyOf(value, path), ...(inner instanceof z.ZodArray ? keysOf(inner.element, `${path}[]`) : keysOf(inner, path))];
    }),
  );

export const allKeys = (): readonly Key[] => keysOf(configSchema);

const linked = (value: string): string => value.replaceAll(/\bdocs\/([\w-]+\.md)/g, '[$1]($1)');
const cell = (value: string): string => linked(value.replaceAll('|', '\\|'));

const rowOf = ({ path, allowed, default: standard, means, change }: Key): string =>
  `| \`${path}\` | ${cell(allowed)} | ${standard} | ${cell(means)}. | ${change === '' ? '' : `${cell(change)}.`} |`;

const tableOf = (keys: readonly Key[]): string =>
  ['| key | allowed | default | what it means | what a change does |', '|---|---|---|---|---|', ...keys.map(rowOf)].join('\n');

const INTRODUCTION = `# Configuration

Every key there is. This page is made of the schema that reads the configuration: \`npm run docs\` writes it anew.

The configuration is data under \`context.tandem\` of [cdk.json](../cdk.json), or in a JSON file that you name: \`bin/tandem --config FILE status\`, \`npx cdk deploy -c tandem=FILE --all\`. Two keys must be given:

\`\`\`json
${JSON.stringify(MINIMAL)}
\`\`\`

A key that is not on this page is refused, and every mistake is named at once, with what was given and what is allowed. *What a change does* is about a system that is deployed; every change is deployed by \`bin/tandem deploy --target aws --yes\` or \`npx cdk deploy --all\`.
`;

/** A heading for each section of the top, and one for the keys beside them. */
export const configurationPage = (): string => {
  const keys = allKeys();
  const topOf = ({ path }: Key): string => path.split(/[.[]/)[0] ?? '';
  const groups = Map.groupBy(keys, topOf);
  const single = keys.filter((key) => !key.isSection && groups.get(topOf(key))?.length === 1);
  const sections = [...groups].filter(([, group]) => group.length > 1);
  const said = (group: readonly Key[]): string => (group[0]?.isSection === true ? `${linked(group[0].means)}.\n\n` : '');
  const rows = (group: readonly Key[]): readonly Key[] => group.filter((key) => !key.isSection);
  return `${[
    INTRODUCTION,
    ...sections.map(([name, group]) => `## ${name}\n\n${said(group)}${tableOf(rows(group))}\n`),
    `## Others\n\n${tableOf(single)}`,
  ].join('\n')}\n`;
};

if (import.meta.main) writeFileSync(resolve(import.meta.dirname, '../docs/configuration.md'), configurationPage());
