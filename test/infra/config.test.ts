import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHECKER_REGIONS, ConfigError, checkerRegions, loadConfig, parseConfig } from '../../infra/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VALID = { regions: [{ name: 'eu-central-1' }, { name: 'us-east-2' }], auth: 'keys' } as const;
const DOMAIN = { name: 'api.example.com', zoneName: 'example.com', hostedZoneId: 'Z0123456789ABC' } as const;

const LOCK = { mode: 'compliance', minRetentionDays: 7, maxRetentionDays: 365, changeableDays: 3 } as const;

describe('a configuration', () => {
  test('needs regions and a word about access; everything else has a default', () => {
    const config = parseConfig(VALID);

    expect(config.home).toBe('eu-central-1');
    expect(config.regions.map(({ state }) => state)).toEqual(['serving', 'serving']);
    expect(config.health).toEqual({ intervalSeconds: 10, failureThreshold: 2, ttlSeconds: 10, drainSeconds: 30 });
    expect(config.delivery).toEqual({ exposePercent: 5, exposeMinutes: 5, bakeMinutes: 10, ignoreAlarms: false });
    expect(config.domain).toBeUndefined();
    expect(config.backup).toEqual({
      retentionDays: 35,
      everyHours: 24,
      pointInTimeDays: 35,
      lock: 'none',
      restoreTest: { day: 'SUN', hour: 5 },
    });
  });

  test.each([
    [24, 36],
    [12, 18],
    [6, 9],
    [1, 4],
  ])('with a backup each %d h has people told of one that is %d h old', (everyHours, hours) => {
    expect(parseConfig(backup({ everyHours })).objectives.recoveryPointHours).toBe(hours);
  });

  test.each([
    ['with an identity provider', { ...VALID, auth: { issuer: 'https://id.example.com/', audience: 'api' } }],
    ['open to everybody, when that is said', { ...VALID, auth: 'none' }],
    ['with a domain', { ...VALID, domain: DOMAIN }],
    [
      'with a joining region',
      {
        ...VALID,
        regions: [...VALID.regions, { name: 'ap-northeast-1', state: 'joining' }],
        deployedRegions: ['us-east-2', 'eu-central-1'],
      },
    ],
    ['with one region removed', { ...VALID, deployedRegions: ['us-east-2', 'eu-central-1', 'ap-northeast-1'] }],
    ['with the shortest delivery', { ...VALID, delivery: { exposePercent: 1, exposeMinutes: 1, bakeMinutes: 0 } }],
    ['with the longest', { ...VALID, delivery: { exposePercent: 99, exposeMinutes: 2_880, bakeMinutes: 50, ignoreAlarms: true } }],
    [
      'with a backup each hour, copied and locked',
      backup({ everyHours: 1, copyTo: { account: '111122223333', vault: 'copies' }, lock: LOCK }),
    ],
    ['with a lock that can be removed, and no restore tested', backup({ lock: 'governance', restoreTest: false })],
    ['with a key for each region', { ...VALID, encryptionKeys: { 'eu-central-1': key('eu-central-1'), 'us-east-2': key('us-east-2') } }],
  ])('is accepted %s', (_, input) => {
    expect(() => parseConfig(input)).not.toThrow();
  });
});

describe('a refusal', () => {
  test.each([
    ['nothing at all', undefined, 'tandem: missing'],
    ['a word instead of an object', 5, 'tandem: given 5'],
    ['no regions', { auth: 'keys' }, 'regions: missing'],
    ['one region', { ...VALID, regions: [{ name: 'eu-central-1' }] }, 'regions: given [{"name":"eu-central-1"'],
    ['what is no region', regions('europe', 'us-east-2'), 'regions.0.name: given "europe"'],
    ['a region twice', regions('us-east-2', 'us-east-2'), 'regions.1.name: given "us-east-2" twice'],
    [
      'a state that is none',
      { ...VALID, regions: [{ name: 'eu-central-1', state: 'up' }, { name: 'us-east-2' }] },
      'regions.0.state: given "up"; allowed: "joining", "serving"',
    ],
    [
      'only joining regions',
      { ...VALID, regions: VALID.regions.map((each) => ({ ...each, state: 'joining' })) },
      'regions: given "joining" for every region',
    ],
    ['a home elsewhere', { ...VALID, home: 'us-west-1' }, 'home: given "us-west-1"'],
    ['a home that was never deployed', { ...VALID, deployedRegions: ['us-east-2'] }, 'home: given "eu-central-1", which is not deployed'],
    [
      'two regions changed at once',
      { ...VALID, deployedRegions: ['eu-central-1', 'us-west-1'] },
      'regions: given a change of us-east-2 and us-west-1',
    ],
    ['strong consistency', { ...VALID, consistency: 'MRSC' }, 'consistency: given "MRSC"'],
    ['no word about access', { regions: VALID.regions }, 'auth: missing'],
    ['an unknown kind of access', { ...VALID, auth: 'open' }, 'auth: given "open"'],
    [
      'an issuer without TLS',
      { ...VALID, auth: { issuer: 'http://id.example.com', audience: 'api' } },
      'auth.issuer: given "http://id.example.com"',
    ],
    ['a domain at the apex', { ...VALID, domain: { ...DOMAIN, name: 'example.com' } }, 'domain.name: given "example.com", the apex'],
    [
      'a domain of another zone',
      { ...VALID, domain: { ...DOMAIN, name: 'api.example.org' } },
      'domain.name: given "api.example.org"; allowed: a name in the zone',
    ],
    [
      'a domain whose regional names no certificate can hold',
      { ...VALID, domain: { ...DOMAIN, name: `${'a'.repeat(50)}.example.com` } },
      'allowed: 64 characters',
    ],
    ['a zone by name', { ...VALID, domain: { ...DOMAIN, hostedZoneId: 'example.com' } }, 'domain.hostedZoneId: given "example.com"'],
    [
      'an interval that Route 53 does not know',
      { ...VALID, health: { intervalSeconds: 20 } },
      'health.intervalSeconds: given 20; allowed: 10, 30',
    ],
    [
      'a threshold out of range',
      { ...VALID, health: { failureThreshold: 0 } },
      'health.failureThreshold: given 0; allowed: a whole number from 1 to 10',
    ],
    ['a fraction', backup({ retentionDays: 1.5 }), 'backup.retentionDays: given 1.5; allowed: a whole number'],
    ['backups at odd hours', backup({ everyHours: 5 }), 'backup.everyHours: given 5; allowed: 1, 2, 3, 4, 6, 8, 12, 24'],
    [
      'more days than DynamoDB keeps',
      backup({ pointInTimeDays: 36 }),
      'backup.pointInTimeDays: given 36; allowed: a whole number from 1 to 35',
    ],
    [
      'an account by name',
      backup({ copyTo: { account: 'vault', vault: 'copies' } }),
      'backup.copyTo.account: given "vault"; allowed: the 12 digits',
    ],
    [
      'a vault that takes no copies',
      backup({ copyTo: { account: '111122223333', vault: 'Default' } }),
      'backup.copyTo.vault: given "Default"',
    ],
    [
      'a lock in passing',
      backup({ lock: 'compliance' }),
      'backup.lock: given "compliance"; allowed: "none", "governance", or {"mode": "compliance"',
    ],
    ['a lock without its terms', backup({ lock: { mode: 'compliance' } }), 'backup.lock: given {"mode":"compliance"}; allowed:'],
    [
      'a lock without time to think',
      backup({ lock: { ...LOCK, changeableDays: 2 } }),
      'backup.lock.changeableDays: given 2; allowed: a whole number from 3',
    ],
    [
      'a lock under which every backup fails',
      backup({ lock: { ...LOCK, minRetentionDays: 36 } }),
      'backup.lock: given minRetentionDays 36 and maxRetentionDays 365 with retentionDays 35',
    ],
    [
      'a restore test on no day',
      backup({ restoreTest: { day: 'sunday' } }),
      'backup.restoreTest: given {"day":"sunday"}; allowed: {"day": "SUN"',
    ],
    [
      'an objective that is missed while all is well',
      { ...VALID, objectives: { recoveryPointHours: 24 } },
      'objectives.recoveryPointHours: given 24 with a backup each 24 h; allowed: 27 or more',
    ],
    ['what is called otherwise now', { ...VALID, backupRetentionDays: 35 }, 'tandem: given "backupRetentionDays", which is unknown'],
    [
      'all callers at once',
      { ...VALID, delivery: { exposePercent: 100 } },
      'delivery.exposePercent: given 100; allowed: a whole number from 1 to 99',
    ],
    [
      'exposure to nobody',
      { ...VALID, delivery: { exposePercent: 0 } },
      'delivery.exposePercent: given 0; allowed: a whole number from 1 to 99',
    ],
    [
      'an exposure longer than CodeDeploy waits',
      { ...VALID, delivery: { exposeMinutes: 2_881 } },
      'delivery.exposeMinutes: given 2881; allowed: a whole number from 1 to 2880',
    ],
    [
      'a bake longer than a hook may take',
      { ...VALID, delivery: { bakeMinutes: 51 } },
      'delivery.bakeMinutes: given 51; allowed: a whole number from 0 to 50',
    ],
    ['half a minute of baking', { ...VALID, delivery: { bakeMinutes: 0.5 } }, 'delivery.bakeMinutes: given 0.5'],
    ['a word for a flag', { ...VALID, delivery: { ignoreAlarms: 'yes' } }, 'delivery.ignoreAlarms: given "yes"; allowed: true or false'],
    [
      'an unknown setting of delivery',
      { ...VALID, delivery: { percent: 5 } },
      'delivery: given "percent", which is unknown; allowed: exposePercent, exposeMinutes, bakeMinutes, ignoreAlarms',
    ],
    ['half a throttle', { ...VALID, throttling: { user: { rate: 5 } } }, 'throttling.user.burst: missing'],
    [
      'a key for one region only',
      { ...VALID, encryptionKeys: { 'us-east-2': key('us-east-2') } },
      'encryptionKeys: given none for eu-central-1',
    ],
    [
      'a key of another region',
      { ...VALID, encryptionKeys: { 'eu-central-1': key('us-east-2'), 'us-east-2': key('us-east-2') } },
      'encryptionKeys.eu-central-1: given "arn:aws:kms:us-east-2',
    ],
    [
      'what is no key',
      { ...VALID, encryptionKeys: { 'eu-central-1': 'alias/x', 'us-east-2': key('us-east-2') } },
      'encryptionKeys.eu-central-1: given "alias/x"',
    ],
    [
      'a pattern of keys',
      { ...VALID, encryptionKeys: { 'eu-central-1': 'arn:aws:kms:eu-central-1:123456789012:key/*', 'us-east-2': key('us-east-2') } },
      'encryptionKeys.eu-central-1: given "arn:aws:kms:eu-central-1:123456789012:key/*"; allowed: the ARN of a KMS key',
    ],
    [
      'a key with words of a shell',
      { ...VALID, encryptionKeys: { 'eu-central-1': `${key('eu-central-1')}'; echo x; '`, 'us-east-2': key('us-east-2') } },
      'encryptionKeys.eu-central-1: given',
    ],
    ['what is no address', { ...VALID, alarms: { emails: ['ops'] } }, 'alarms.emails.0: given "ops"'],
    ['a retention that CloudWatch does not know', { ...VALID, logRetentionDays: 31 }, 'logRetentionDays: given 31; allowed: 1, 3, 5'],
    [
      'bounds the wrong way round',
      { ...VALID, objectives: { formulaRatio: { min: 2 } } },
      'objectives.formulaRatio: given min 2 and max 1.1',
    ],
    [
      'waits that end after the function',
      { ...VALID, callers: { tokenWaitMs: 4_500 } },
      'callers: given tokenWaitMs 4500 and replicatedDeadlineMs 1500; allowed: up to 5500 together',
    ],
    ['an unknown key', { ...VALID, region: 'eu-central-1' }, 'tandem: given "region", which is unknown; allowed: regions, home'],
    [
      'an unknown key inside',
      { ...VALID, health: { interval: 10 } },
      'health: given "interval", which is unknown; allowed: intervalSeconds',
    ],
  ])('of %s says what was given, what is allowed and what to do', (_, input, expected) => {
    const problems = problemsOf(input);

    const about = problems.find((problem) => problem.includes(expected));
    expect(about, problems.join('\n')).toBeDefined();
    expect(about).toMatch(/(given|missing).*; allowed: .+; .+/);
  });

  test.each([
    'http://id.example.com/',
    'https://user:secret@id.example.com/',
    'https://id.example.com/?tenant=1',
    'https://id.example.com/#x',
    'https://localhost/',
    'https://id.localhost/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'https://[fe80::1]/',
  ])('does not take the issuer %s', (issuer) => {
    expect(problemsOf({ ...VALID, auth: { issuer, audience: 'api' } }).join()).toMatch(/^auth\.issuer: given .*; allowed: .*a public name/);
  });

  test.each(['https://id.example.com', 'https://id.example.com/realms/shop', 'https://id.example.com:8443/'])(
    'takes the issuer %s',
    (issuer) => {
      expect(problemsOf({ ...VALID, auth: { issuer, audience: 'api' } })).toEqual([]);
    },
  );

  test('names every problem at once, also rules between fields when another field is broken', () => {
    // given one misspelt key, one value out of range, and two broken rules between fields
    const input = { ...VALID, colour: 'red', health: { ttlSeconds: -1 }, home: 'us-west-1', consistency: 'MRSC' };

    const problems = problemsOf(input);

    expect(problems).toHaveLength(4);
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual(['consistency', 'health.ttlSeconds', 'home', 'tandem']);
  });
});

describe('the configuration in the context', () => {
  test('may be the name of a file', () => {
    const file = temporary('config.json', JSON.stringify(VALID));

    expect(loadConfig(file).home).toBe('eu-central-1');
  });

  test.each([
    ['absent', () => 'no/such/file.json', 'cannot be read'],
    ['not JSON', () => temporary('config.json', '{'), 'is not JSON'],
    ['wrong', () => temporary('config.json', '{}'), 'auth: missing'],
  ])('is refused by its name when the file is %s', (_, fileOf, expected) => {
    const file = fileOf();
    expect(() => loadConfig(file)).toThrow(expected);
    expect(() => loadConfig(file)).toThrow(`(${file})`);
    expect(() => loadConfig(file)).toThrow(ConfigError);
  });
});

describe('the checkers', () => {
  test('are three, in regions that are not served, on different continents', () => {
    expect(checkerRegions(['eu-central-1', 'us-east-2'])).toEqual(['us-east-1', 'eu-west-1', 'ap-southeast-1']);
    expect(checkerRegions(['us-east-1', 'eu-west-1'])).toEqual(['ap-southeast-1', 'us-west-2', 'sa-east-1']);
  });

  test('are three even when every region they could be in is served', () => {
    expect(checkerRegions(CHECKER_REGIONS)).toHaveLength(3);
  });
});

function key(region: string): string {
  return `arn:aws:kms:${region}:123456789012:key/11111111-2222-3333-4444-555555555555`;
}

function regions(...names: string[]) {
  return { ...VALID, regions: names.map((name) => ({ name })) };
}

function problemsOf(input: unknown): readonly string[] {
  try {
    parseConfig(input);
  } catch (error: unknown) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function temporary(name: string, content: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

function backup(settings: Readonly<Record<string, unknown>>) {
  return { ...VALID, backup: settings };
}
