import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { welcome } from '../../ops/commands/welcome.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const regions = [
  { name: 'eu-central-1', url: 'http://127.0.0.1:8080', host: 'eu-central-1.api.tandem.test' },
  { name: 'us-east-2', url: 'http://127.0.0.1:8081', host: 'us-east-2.api.tandem.test' },
];
const dns = {
  name: 'api.tandem.test',
  server: { address: '127.0.0.1', port: 8053 },
  doorAt: (address: string) => ({ address, port: 8080 }),
  subnetNear: (region: string) => (region === 'eu-central-1' ? '192.0.2.0' : '198.51.100.0'),
};
const text = welcome({ regions, dns }, true);
const lines = text.split('\n');

describe('the welcome', () => {
  it('is one screen of 100 columns, and begins with what is up and where', () => {
    expect(lines.length).toBeLessThan(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    for (const [index, { name, url, host }] of regions.entries())
      expect(lines[index + 1]).toMatch(new RegExp(`^  ${name} +${url}.*${host}$`));
  });

  it('says how to see more, and how to end', () => {
    for (const part of ['bin/tandem status', 'bin/tandem drill', '--stand-ins', 'Ctrl-C', '--no-drill']) expect(text).toContain(part);
    expect(welcome({ regions, dns }, false)).not.toContain('--no-drill');
  });

  it('asks the DNS server as a caller near each region would', () => {
    expect(text).toContain('dig @127.0.0.1 -p 8053 api.tandem.test +subnet=198.51.100.0/24 +short   # near us-east-2');
  });

  it.each(['sh', 'bash', 'zsh'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0))(
    'holds one call that works as it is pasted into %s, while the first drill has the first region too, and hands the token to nobody but curl’s standard input',
    (shell) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'bin'));
      program(join(folder, 'bin', 'tandem'), `printf 'header = "authorization: Bearer SECRET of %s"\\n' "$*"`);
      // Its arguments, then what came by the pipe.
      program(join(folder, 'curl'), `printf '<%s>\\n' "$@"; cat`);
      const call = text.split('\n\n').find((part) => part.includes('curl')) ?? '';
      const output = execFileSync(shell, ['-c', call], {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
      });
      const [args = '', piped = ''] = output.split('header = ');
      expect(piped).toContain('SECRET of token --curl');
      expect(args).not.toContain('SECRET');
      expect(args.trim().split('\n')).toEqual([
        ...['<-sS>', '<--config>', '<->', '<-H>', '<host: us-east-2.api.tandem.test>', '<-H>', '<idempotency-key: first-receipt>', '<-H>'],
        ...['<content-type: application/json>', '<-d>', '<{"quantity":10}>'],
        '<http://127.0.0.1:8081/stock/book/regions/us-east-2/receipts>',
      ]);
    },
  );

  it('says nothing of DNS where there is none', () => expect(welcome({ regions, dns: undefined }, true)).not.toContain('dig'));
});

const program = (path: string, script: string): void => {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
};
