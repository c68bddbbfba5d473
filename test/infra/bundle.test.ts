import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Bundle, bundle, HANDLERS } from '../../infra/bundle.ts';
import { ConfigError } from '../../infra/config.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const names = [
  'api',
  'housekeeping',
  'stream-lookup',
  'canary',
  'before-traffic',
  'after-traffic',
  'deployment-events',
  'canary-identity',
  'first-journey',
  'backup-watch',
  'restore-validation',
] as const;

describe('a bundle', () => {
  const root = project();
  afterAll(() => rmSync(root, { recursive: true }));
  const built = bundle({ root });

  test('is readable by whoever runs it, whatever the umask of who makes it', () => {
    const before = process.umask(0o077);
    try {
      const made = bundle({ root, marker: 'private' });
      expect(names.map((name) => statSync(made.module(name)).mode & 0o777)).toEqual(names.map(() => 0o644));
    } finally {
      process.umask(before);
    }
  });

  test('has one folder for each handler with one module in it, which says what it is, and the source maps elsewhere', () => {
    expect(Object.keys(HANDLERS)).toEqual(names);
    for (const name of names) {
      expect(readdirSync(built.folder(name))).toEqual(['index.js', 'package.json']);
      expect(contentOf(built, name)).not.toContain('sourceMappingURL');
      expect(existsSync(join(built.folder(name), '..', 'maps', name, 'index.js.map'))).toBe(true);
    }
  });

  test('holds what it needs, the AWS SDK too, and loads as a module', async () => {
    // given a folder without any node_modules above it
    const alone = mkdtempSync(join(tmpdir(), 'tandem-alone-'));
    onTestFinished(() => rmSync(alone, { recursive: true }));
    cpSync(built.folder('api'), alone, { recursive: true });

    const { handler } = await import(pathToFileURL(join(alone, 'index.js')).href);

    expect(await handler()).toBe('DynamoDBClient node:os');
  });

  test('is the same for the same source, in any folder, and again', () => {
    const elsewhere = project();
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));

    const kept = () => readdirSync(join(root, '.tandem', 'bundle'));
    const before = kept();

    const again = bundle({ root: elsewhere });

    expect(again.hash).toBe(built.hash);
    expect(bundle({ root }).folder('api')).toBe(built.folder('api'));
    for (const name of names) expect(contentOf(again, name)).toBe(contentOf(built, name));
    expect(kept()).toEqual(before);
  });

  test('changes with the code of any handler, and not with its comments', () => {
    const changed = project("export const handler = async () => 'changed';");
    const commented = project("// because\nexport const handler = async () => 'other';");
    onTestFinished(() => {
      rmSync(changed, { recursive: true });
      rmSync(commented, { recursive: true });
    });

    expect(bundle({ root: changed }).hash).not.toBe(built.hash);
    expect(bundle({ root: commented }).hash).toBe(built.hash);
  });
});

describe('a broken version', () => {
  const root = project();
  mkdirSync(join(root, 'functions', 'faulty'));
  writeFileSync(join(root, 'functions', 'faulty', 'errors.handler.ts'), "export const handler = async () => 'the fault';");
  writeFileSync(join(root, 'functions', 'faulty', 'helper.ts'), 'export const x = 1;');
  writeFileSync(join(root, 'functions', 'faulty', 'slow.handler.ts'), "export const handler = async () => 'slow';");
  afterAll(() => rmSync(root, { recursive: true }));
  const right = bundle({ root });

  test('has the fault in the API, and every other handler as it was', () => {
    const broken = bundle({ root, fault: 'errors' });

    expect([broken.fault, right.fault]).toEqual(['errors', undefined]);
    expect(broken.hash).not.toBe(right.hash);
    expect(contentOf(broken, 'api')).toContain('the fault');
    for (const name of names.filter((each) => each !== 'api')) expect(contentOf(broken, name)).toBe(contentOf(right, name));
  });

  test.each([['nonsense'], ['helper'], ['../api'], ['']])('of a fault that does not exist is refused: "%s"', (fault) => {
    const build = () => bundle({ root, fault });

    expect(build).toThrow(ConfigError);
    expect(build).toThrow(`fault: given "${fault}"; allowed: errors, slow; `);
  });

  test('is refused where there are no faults at all', () => {
    const without = project();
    onTestFinished(() => rmSync(without, { recursive: true }));

    expect(() => bundle({ root: without, fault: 'errors' })).toThrow('allowed: none');
  });
});

describe('a marked version', () => {
  const root = project();
  afterAll(() => rmSync(root, { recursive: true }));
  const plain = bundle({ root });

  test('is another version of the API, and of nothing else, each marker its own', () => {
    const [one, two] = [bundle({ root, marker: 'one' }), bundle({ root, marker: 'two' })];

    expect(new Set([plain.hash, one.hash, two.hash]).size).toBe(3);
    expect(bundle({ root, marker: 'one' }).hash).toBe(one.hash);
    expect(contentOf(one, 'api')).not.toBe(contentOf(plain, 'api'));
    for (const name of names.filter((each) => each !== 'api')) expect(contentOf(one, name)).toBe(contentOf(plain, name));
  });

  test.each([
    ['a word', 'word'],
    ['code in quotes', '"; throw new Error("quoted") //'],
    ['what ends comments, templates, lines and scripts', '*/ ` ${x} \n \u2028 </script>'],
  ])('does the same as without: %s', async (_, marker) => {
    const { handler } = await import(pathToFileURL(bundle({ root, marker }).module('api')).href);

    expect(await handler()).toBe('DynamoDBClient node:os');
  });
});

/** A project with every handler, one of which needs the SDK and a CommonJS module that requires one of Node's. */
function project(other = "export const handler = async () => 'other';"): string {
  const root = mkdtempSync(join(tmpdir(), 'tandem-bundle-'));
  mkdirSync(join(root, 'functions'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'functions', 'legacy.cjs'), "module.exports = require('node:os').EOL === '\\n' ? 'node:os' : '';");
  writeFileSync(
    join(root, HANDLERS.api),
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nimport legacy from './legacy.cjs';\nexport const handler = async () => `${new DynamoDBClient({}).constructor.name.length > 0 ? 'DynamoDBClient' : ''} ${legacy}`;",
  );
  for (const name of names.filter((each) => each !== 'api')) writeFileSync(join(root, HANDLERS[name]), `export const name = '${name}';`);
  writeFileSync(join(root, HANDLERS.housekeeping), other);
  return root;
}

function contentOf(built: Bundle, name: (typeof names)[number]): string {
  return readFileSync(built.module(name), 'utf8');
}
