import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ROOT } from '../../ops/folders.ts';
import { makeProgram } from '../../ops/program.ts';
import { tellAfterwards } from '../../ops/recovery/tell-aws.ts';
import { adviseWith, inCheckout, quote, tandem, words } from '../../ops/tandem.ts';
import { addCommand, pointInTimeCommand, protectionCommand, removeCommand } from '../../ops/targets/aws-replicas.ts';
import { visible } from '../../ops/visible.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHELLS = ['sh', 'bash', 'zsh'].filter((shell) => {
  try {
    execFileSync(shell, ['-c', ':'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** The words of a line as a shell reads them: it runs nothing but the count. */
const wordsIn = (shell: string, line: string): readonly string[] =>
  execFileSync(shell, ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

const ODD = [
  'plain',
  'a b',
  "it's",
  '"quoted"',
  '$HOME and `id`',
  '$(id); echo pwned',
  "arn:aws:kms:eu-west-1:1:key/a'; echo X; '",
  '*.json',
  '~/config',
  '-rf',
  '--yes',
  '=cmd',
  'a\\nb',
  'back\\slash\\',
  '!history',
  '{a,b}',
  'a#b',
  '# no comment',
  'tab\tbed',
  'two\nlines',
  '\u001b]0;title\u0007',
  'right\u202eleft',
  'ünï–cödé',
  '%d %s',
  '',
];

describe('a printed command', () => {
  it.each(ODD)('has one word for the argument %j, in every shell, and shows it', (odd) => {
    for (const shell of SHELLS) expect(wordsIn(shell, words('program', odd, 'end')), shell).toEqual(['program', odd, 'end']);
    expect(visible(quote(odd))).toBe(quote(odd));
  });

  it('is called by its path in the checkout there, and by the whole path elsewhere, through npm too', () => {
    standing(ROOT);
    expect(tandem('status')).toBe('bin/tandem status');
    standing(join(ROOT, 'ops'));
    expect(wordsIn('sh', tandem('status'))).toEqual([join(ROOT, 'bin', 'tandem'), 'status']);
    standing(ROOT, join(ROOT, 'docs'));
    expect(wordsIn('sh', tandem('status'))).toEqual([join(ROOT, 'bin', 'tandem'), 'status']);
  });

  it('goes on with the configuration and the target of the call that advises it', () => {
    standing(ROOT);
    adviseWith({ config: "my 'odd' config.json", target: 'aws' });
    onTestFinished(() => adviseWith({}));
    expect(wordsIn('sh', tandem('rebuild', 'eu-west-1', '--yes'))).toEqual([
      ...['bin/tandem', 'rebuild', 'eu-west-1', '--yes', '--target', 'aws', '--config', "my 'odd' config.json"],
    ]);
    expect(tandem('drill', '--abort')).not.toContain('--target');
  });

  it('of AWS has one word for each argument, whatever the key is called', () => {
    const arn = "arn:aws:kms:eu-west-1:123456789012:key/a'; echo X; '";
    const last = (line: string) => wordsIn('sh', line).at(-1) ?? '';
    expect(JSON.parse(last(addCommand('us-east-2', 't', 'eu-west-1', arn)))).toEqual([
      { Create: { RegionName: 'eu-west-1', KMSMasterKeyId: arn } },
    ]);
    expect(JSON.parse(last(removeCommand('us-east-2', 't', 'eu-west-1')))).toEqual([{ Delete: { RegionName: 'eu-west-1' } }]);
    expect(wordsIn('sh', protectionCommand('a', 't', true))).toHaveLength(8);
    expect(wordsIn('sh', pointInTimeCommand('a', 't', 35))).toHaveLength(9);
  });

  it('for the checkout goes there first, from elsewhere', () => {
    standing(temporaryFolder());
    const line = inCheckout('sh', '-c', 'pwd -P');
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8', cwd: '/' }).trim()).toBe(ROOT.replace(/\/$/, ''));
    expect(tellAfterwards('eu-west-1', 35)).toContain(`(cd ${quote(ROOT)} && npx cdk drift`);
  });
});

describe('what is printed', () => {
  const VERBS = makeProgram().commands.map((each) => each.name());
  /** `bin/tandem VERB` is where a reader of this file stands; a line of output says where the user stands. */
  const BARE = new RegExp(`(?<!bin/)\\btandem (${VERBS.join('|')})\\b`);
  const bareIn = (text: string): readonly string[] =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => BARE.test(line.replace(/(^|\s)\/\/.*/, '')));

  it('names no program that is in no PATH', () => {
    const files = globSync(['ops/**/*.ts', 'local/**/*.ts', 'infra/**/*.ts', 'functions/**/*.ts', 'client/**/*.ts', 'bin/**/*.mjs'], {
      cwd: ROOT,
    });
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => bareIn(readFileSync(join(ROOT, file), 'utf8')).map((line) => `${file}: ${line.trim()}`))).toEqual([]);
  });

  it.each(["throw new UserError('see `tandem status`');", 'const a = `run tandem rebuild ${region}`;'])('would be found in %s', (text) =>
    expect(bareIn(text)).toHaveLength(1),
  );
});

const standing = (folder: string, calledFrom?: string): void => {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const before = process.env['INIT_CWD'];
  if (calledFrom === undefined) delete process.env['INIT_CWD'];
  else process.env['INIT_CWD'] = calledFrom;
  onTestFinished(() => {
    cwd.mockRestore();
    if (before === undefined) delete process.env['INIT_CWD'];
    else process.env['INIT_CWD'] = before;
  });
};
