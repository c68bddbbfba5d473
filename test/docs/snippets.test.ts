/** Data that pages show: it parses, and where it is a configuration, it is one that is taken. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '../../infra/config.ts';
import { type Page, pageOf, pages } from './pages.ts';

/** JSON with comments at the ends of lines, as pages explain it. */
const parsed = (text: string): unknown => JSON.parse(text.replace(/(^|[\s,{[])\/\/.*$/gm, '$1'));

const dataIn = (page: Page) =>
  page.blocks.filter(({ language }) => language.startsWith('json')).map((block) => ({ where: `${page.path}:${block.line}`, ...block }));

const isConfig = (value: unknown): boolean => z.object({ regions: z.array(z.unknown()) }).safeParse(value).success;

const problemOf = (text: string): string | undefined => {
  try {
    const value = parsed(text);
    if (isConfig(value)) parseConfig(value);
    return undefined;
  } catch (error) {
    return String(error);
  }
};

describe('a block of JSON', () => {
  const all = pages().flatMap(dataIn);

  test('is there, one of them a configuration', () => {
    expect(all.filter(({ text }) => isConfig(parsed(text))).length).toBeGreaterThan(0);
  });

  test.each(all)('at $where parses, and is taken as what it is', ({ text }) => {
    expect(problemOf(text)).toBeUndefined();
  });

  test.each([
    ['that is none', '{ "a": 1, }'],
    [
      'with a key that the configuration does not have',
      '{ "regions": [{ "name": "eu-west-1" }, { "name": "us-east-2" }], "auth": "keys", "colour": 1 } // x',
    ],
  ])('%s is red', (_what, text) => {
    expect(dataIn(pageOf('PLANTED.md', `\`\`\`jsonc\n${text}\n\`\`\`\n`)).map((block) => problemOf(block.text))).toEqual([
      expect.any(String),
    ]);
  });
});

describe('a value in JSON within a line', () => {
  const spans = pages().flatMap(({ path, spans: all }) =>
    all.filter((span) => /^[{[].*"[\w-]+":.*[}\]]$/.test(span)).map((span) => ({ path, span })),
  );

  test.each(spans)('of $path, $span, parses', ({ span }) => {
    expect(() => parsed(span.replaceAll('"https://..."', '"https://x"').replaceAll('...', '"x"'))).not.toThrow();
  });
});
