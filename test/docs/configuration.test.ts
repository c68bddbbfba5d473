/** docs/configuration.md has every key of the schema, as the schema has it. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ConfigError, parseConfig } from '../../infra/config.ts';
import { allKeys, configurationPage, keysOf } from '../../infra/config-page.ts';
import { configSchema } from '../../infra/config-schema.ts';
import { pageAt } from './pages.ts';

const VALID = { regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }], auth: 'keys' } as const;

/** Paths of all keys, as another reader of the schema finds them: JSON Schema. */
const pathsIn = (value: unknown, place = ''): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { properties, items, anyOf, oneOf } = z.record(z.string(), z.unknown()).parse(value);
  const own = Object.entries(z.record(z.string(), z.unknown()).parse(properties ?? {})).flatMap(([name, inner]) => {
    const path = place === '' ? name : `${place}.${name}`;
    return [path, ...pathsIn(inner, path)];
  });
  const others = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : [])).flatMap((each) => pathsIn(each, place));
  return [...own, ...pathsIn(items, `${place}[]`), ...others];
};

/** An object with one value deep inside. */
const nested = (path: string, value: unknown): Readonly<Record<string, unknown>> => {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : nested(rest.join('.'), value) };
};

const problemsOf = (input: unknown): readonly string[] => {
  try {
    parseConfig(input);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('docs/configuration.md', () => {
  test('is what the schema makes: `npm run docs` writes it', () => {
    expect(pageAt('docs/configuration.md').text).toBe(configurationPage());
  });

  test('has every key of the schema, and no other', () => {
    const keys = allKeys().map(({ path }) => path);
    expect(keys.toSorted()).toEqual(pathsIn(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })).toSorted());
    expect(keys.length).toBeGreaterThan(60);
    const { text } = pageAt('docs/configuration.md');
    for (const { path, isSection } of allKeys()) if (!isSection) expect(text).toContain(`| \`${path}\` |`);
  });

  test.each(allKeys().filter(({ isSection }) => !isSection))(
    'says of $path what is allowed, what it means, and what a change does',
    (key) => {
      expect(key).toMatchObject({ allowed: expect.stringMatching(/./), default: expect.stringMatching(/./) });
      expect(key.means).toMatch(/^(?:[A-Z`]).*[^.]$/);
      expect(key.change).toMatch(/^[A-Z].*[^.]$/);
    },
  );

  test('gives the defaults that are in force', () => {
    const given = allKeys().filter(({ path, default: value }) => !path.includes('[') && /^`(?!backup\.)/.test(value));
    expect(given.length).toBeGreaterThan(30);
    const standard = parseConfig(VALID);
    for (const { path, default: value } of given) {
      const found = path
        .split('.')
        .reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined), standard);
      expect(JSON.stringify(found), path).toBe(value.slice(1, -1));
    }
  });

  test('says what is allowed in the words of the refusal', () => {
    for (const { path, allowed, isSection } of allKeys()) {
      if (isSection || path.includes('[') || path.includes('lock.') || path.includes('restoreTest.') || path.startsWith('auth.')) continue;
      expect(problemsOf({ ...VALID, ...nested(path, null) }).join('\n'), path).toContain(`allowed: ${allowed}; `);
    }
  });

  test('would show a key that is new', () => {
    const more = configSchema.extend({ colour: z.literal('red').default('red').meta({ description: 'Of the doors', change: 'Paint' }) });
    expect(keysOf(more).map(({ path }) => path)).toContain('colour');
  });
});
