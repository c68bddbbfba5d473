import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../ops/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tandem } from './tandem.ts';

const withConfig = async <T>(content: string, work: (file: string) => Promise<T>): Promise<T> => {
  const file = join(temporaryFolder(), 'config.json');
  writeFileSync(file, content);
  return work(file);
};

const allOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(allOf)];

describe('the command line', () => {
  it('explains itself', async () => {
    const { code, stdout } = await tandem(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'drill', 'status', 'rebuild', 'stock', 'lose', 'keys', 'token'])
      expect(stdout).toContain(`\n  ${command} `);
  });

  it('shows no default of what is off or empty unless it is given, and none as code', () => {
    const helps = allOf(makeProgram()).map((command) => command.helpInformation().replaceAll(/\s+/g, ' '));
    expect(helps.length).toBeGreaterThan(15);
    expect(helps.filter((help) => /default: (false|\[)/.test(help))).toEqual([]);
  });

  it('prints the version of the package', async () => {
    expect(await tandem(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it.each([
    ['an unknown command', ['stauts'], /unknown command 'stauts'\n\(Did you mean status\?\)/],
    ['an unknown option', ['start', '--exti'], /unknown option '--exti'\n\(Did you mean --exit\?\)/],
    ['a region that is not configured', ['drill', '--region', 'mars'], /given region "mars"; allowed: eu-central-1, us-east-2/],
    ['a drill that does not exist', ['drill', 'flood'], /'flood' is invalid.*Allowed choices are region-loss/],
    ['a bad deployment without its fault', ['drill', 'bad-deploy'], /bad-deploy needs --fault; allowed: errors, slow, /],
    ['a fault that does not exist', ['drill', 'bad-deploy', '--fault', 'fire'], /'fire' is invalid.*Allowed choices are errors, slow, /],
    ['an option of another drill', ['drill', 'good-deploy', '--how', 'kill'], /given --how with good-deploy; allowed: with region-loss/],
    ['seconds of no partition', ['drill', 'bad-writes', '--seconds', '9'], /given --seconds with bad-writes; allowed: with partition/],
    ['a port out of range', ['start', '--dns-port', '70000'], /'70000' is invalid\. allowed: a whole number from 1 to 65535/],
    [
      'a port that no fetch calls',
      ['drill', '--edge-port', '10080'],
      /'10080' is invalid\. no browser and no fetch calls that port; allowed: /,
    ],
    ['a number that is none', ['drill', '--rate', '1e1'], /'1e1' is invalid\. allowed: a whole number from 1 to 60/],
    [
      'an option given twice',
      ['drill', '--region', 'eu-central-1', '--region', 'us-east-2'],
      /'us-east-2' is invalid\. given twice; allowed: once/,
    ],
    ['an empty value', ['keys', 'list', '--region', ''], /'' is invalid\. allowed: a value that is not empty/],
    ['a blank one', ['--config', ' ', 'token'], /' ' is invalid\. allowed: a value that is not empty/],
    ['stand-ins of AWS', ['status', '--stand-ins', '--target', 'aws'], /given --stand-ins with --target aws; allowed: without --target/],
    ['an endpoint that is no URL', ['start', '--endpoint', 'localhost'], /allowed: a URL such as/],
    [
      'an endpoint where nothing answers',
      ['start', '--endpoint', 'http://127.0.0.1:1'],
      /given --endpoint http:\/\/127\.0\.0\.1:1: no answer \(.+\); start the emulator there, or leave --endpoint out/,
    ],
    ['a scope that does not exist', ['token', '--scope', 'orders:eat'], /allowed: orders:read, /],
    ['a rebuild on AWS of no region', ['rebuild', 'mars', '--target', 'aws'], /given region "mars"; allowed: eu-central-1, us-east-2/],
    ['another loss on the laptop', ['rebuild', 'us-east-2', '--also-lost', 'mars'], /given --also-lost; allowed: with --target aws/],
    ['a reclaim from nobody', ['stock', 'reclaim'], /required option '--from <region>' not specified/],
    ['a restore of no past', ['restore'], /given no past; allowed: one of --at TIME, --from RECOVERY_POINT_ARN, --table NAME/],
    ['a restore of two', ['restore', '--at', '1 hour ago', '--table', 'copy'], /given --at and --table; allowed: one of --at TIME, /],
    [
      'a restore from what is no recovery point',
      ['restore', '--from', 'yesterday'],
      /'yesterday' is invalid\. allowed: the ARN of a recovery point/,
    ],
    [
      'a role where nothing is restored under one',
      ['restore', '--table', 'copy', '--role', 'r'],
      /given --role; allowed: with --from and --target aws/,
    ],
    ['a file that is not there, though nothing of it is needed', ['-c', '/nonexistent.json', 'status'], /nonexistent\.json/],
    ['a word too many', ['status', 'now'], /too many arguments/],
  ])('refuses %s with what is allowed, exit code 2', async (_what, args, message) => {
    const { code, stdout, stderr } = await tandem(args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
  });

  it('names every problem of a bad configuration, without a stack', () =>
    withConfig('{"regions":[{"name":"Mars"}],"colour":"red"}', async (file) => {
      const { code, stderr } = await tandem(['--config', file, 'status', '--target', 'aws']);
      expect(code).toBe(2);
      for (const part of ['Mars', 'colour', 'auth']) expect(stderr).toContain(part);
      expect(stderr).not.toContain('    at ');
    }));

  it('shows the stack when it is asked for', async () => {
    const { stderr } = await tandem(['--config', '/nonexistent.json', 'status', '--target', 'aws'], { TANDEM_DEBUG: '1' });
    expect(stderr).toContain('    at ');
  });

  it('asks AWS’s regions by the names of the configured domain', () =>
    withConfig(
      '{"regions":[{"name":"eu-west-1"},{"name":"us-east-2"}],"auth":"keys","domain":{"name":"api.tandem.invalid","hostedZoneId":"Z1","zoneName":"tandem.invalid"}}',
      async (file) => {
        const { code, stdout } = await tandem(['--config', file, 'status', '--target', 'aws', '--json']);
        expect(code).toBe(1);
        expect(JSON.parse(stdout)).toEqual([
          expect.objectContaining({ region: 'eu-west-1', state: 'silent', url: 'https://eu-west-1.api.tandem.invalid' }),
          expect.objectContaining({ region: 'us-east-2', state: 'silent', url: 'https://us-east-2.api.tandem.invalid' }),
        ]);
      },
    ));
});
