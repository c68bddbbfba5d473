import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Bundle, bundle, HANDLERS } from '../../infra/bundle.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const names = ['api', 'housekeeping', 'stream-lookup'] as const;

describe('a bundle', () => {
  const root = project();
  afterAll(() => rmSync(root, { recursive: true }));
  const built = bundle({ root });

  test('has one folder for each handler with one module in it, and the source maps elsewhere', () => {
    expect(Object.keys(HANDLERS)).toEqual(names);
    for (const name of names) {
      expect(readdirSync(built.folder(name))).toEqual(['index.mjs']);
      expect(readFileSync(join(built.folder(name), 'index.mjs'), 'utf8')).not.toContain('sourceMappingURL');
      expect(existsSync(join(built.folder(name), '..', 'maps', name, 'index.mjs.map'))).toBe(true);
    }
  });

  test('holds what it needs, the AWS SDK too, and loads as a module', async () => {
    // given a folder without any node_modules above it
    const alone = mkdtempSync(join(tmpdir(), 'tandem-alone-'));
    onTestFinished(() => rmSync(alone, { recursive: true }));
    cpSync(built.folder('api'), alone, { recursive: true });

    const { handler } = await import(pathToFileURL(join(alone, 'index.mjs')).href);

    expect(await handler()).toBe('DynamoDBClient node:os');
  });

  test('is the same for the same source, in any folder, and again', () => {
    const elsewhere = project();
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));

    const again = bundle({ root: elsewhere });

    expect(again.hash).toBe(built.hash);
    expect(bundle({ root }).folder('api')).toBe(built.folder('api'));
    for (const name of names) expect(contentOf(again, name)).toBe(contentOf(built, name));
    expect(readdirSync(join(root, '.tandem', 'bundle'))).toHaveLength(1);
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

/** A project with three handlers, one of which needs the SDK and a CommonJS module that requires one of Node's. */
function project(other = "export const handler = async () => 'other';"): string {
  const root = mkdtempSync(join(tmpdir(), 'tandem-bundle-'));
  mkdirSync(join(root, 'functions'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'functions', 'legacy.cjs'), "module.exports = require('node:os').EOL === '\\n' ? 'node:os' : '';");
  writeFileSync(
    join(root, HANDLERS.api),
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nimport legacy from './legacy.cjs';\nexport const handler = async () => `${new DynamoDBClient({}).constructor.name.length > 0 ? 'DynamoDBClient' : ''} ${legacy}`;",
  );
  writeFileSync(join(root, HANDLERS.housekeeping), other);
  writeFileSync(join(root, HANDLERS['stream-lookup']), "export const handler = async () => 'lookup';");
  return root;
}

function contentOf(built: Bundle, name: (typeof names)[number]): string {
  return readFileSync(join(built.folder(name), 'index.mjs'), 'utf8');
}
