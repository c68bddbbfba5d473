import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { welcome } from '../../ops/commands/welcome.ts';

const regions = [
  { name: 'eu-west-1', url: 'http://127.0.0.1:8080', host: 'eu-west-1.api.test' },
  { name: 'us-east-2', url: 'http://127.0.0.1:8081', host: 'us-east-2.api.test' },
];
const dns = {
  name: 'api.test',
  server: { address: '127.0.0.1', port: 8053 },
  doorAt: (address: string) => ({ address, port: 8080 }),
  subnetNear: (region: string) => (region === 'eu-west-1' ? '192.0.2.0' : '198.51.100.0'),
};
const text = welcome({ target: { regions, dns }, token: 'abc.def', tokenMinutes: 60 });

/** The words of a line as a shell reads them. */
const words = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trim()
    .split('\n');

describe('the welcome', () => {
  it('names every front door and its host', () => {
    for (const { name, url, host } of regions) expect(text).toContain(`${name}  ${url}  (Host: ${host})`);
  });

  it('asks the DNS server as a caller near each region would', () => {
    expect(text).toContain('dig @127.0.0.1 -p 8053 api.test +subnet=198.51.100.0/24 +short   # near us-east-2');
  });

  it('holds curl lines that a shell reads as they are meant', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('curl'));
    expect(lines.map((line) => words(line).at(-1))).toEqual(['{"quantity":10}', '{"lines":[{"sku":"book","quantity":1}]}']);
    for (const line of lines)
      expect(words(line)).toEqual(
        expect.arrayContaining(['authorization: Bearer abc.def', 'host: eu-west-1.api.test', 'content-type: application/json']),
      );
  });

  it('says nothing of DNS where there is none', () =>
    expect(welcome({ target: { regions, dns: undefined }, token: 'x', tokenMinutes: 1 })).not.toContain('dig'));
});
