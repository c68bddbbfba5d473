import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addressProblems } from './architecture/addresses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = globSync('{bench,bin,client,functions,infra,local,ops,sim,test}/**/*.{ts,mjs}', {
  cwd: root,
  exclude: ['**/node_modules'],
});

describe('other addresses of loopback than 127.0.0.1, which macOS does not have,', () => {
  it('are bound and called by nobody by itself', () => {
    const own = sources.filter((path) => path !== 'test/addresses.test.ts');
    expect(own).toEqual(expect.arrayContaining(['local/network.ts', 'local/region/function-network.mjs', 'test/local/route53.test.ts']));
    expect(own.flatMap((path) => addressProblems(path, readFileSync(`${root}/${path}`, 'utf8')))).toEqual([]);
  });

  it.each([
    "server.listen(80, '127.0.1.1');",
    "const door = 'http://127.0.2.1:8080';",
    'const near = `127.0.${index + 1}.1`;',
    'const net = `127.${64 + index}.0.1`;',
    "connect({ host: '127.0.0.10' });",
    'const door = /^127\\.0\\.[1-9]/;',
  ])('are found in %s', (text) => expect(addressProblems('ops/a.ts', text)).toHaveLength(1));

  it('may stand in comments, and in the table itself', () => {
    expect(addressProblems('ops/a.ts', "/** 127.0.1.1 */ const a = ['127.0.0.1', 'http://127.0.0.1:80', '10.127.0.2'];")).toEqual([]);
    expect(addressProblems('local/network.ts', "const a = '127.0.1.1';")).toEqual([]);
  });
});
