/**
 * The configuration: data under `context.tandem` of cdk.json (or in the JSON file that `-c tandem=FILE` names), parsed
 * once. Unknown keys are refused, and every problem is named at once: what was given, what is allowed, what to do.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { crossProblems, SLACK_HOURS } from './config-rules.ts';

/**
 * Regions from which Route 53 can check, one continent after the other, so that the first ones never share a trouble:
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
 */
export const CHECKER_REGIONS = [
  'us-east-1',
  'eu-west-1',
  'ap-southeast-1',
  'us-west-2',
  'sa-east-1',
  'ap-northeast-1',
  'us-west-1',
  'ap-southeast-2',
] as const;

/** A rule's refusal: what was given, what is allowed, what to do. */
const refusal = (allowed: string, todo: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    `${issue.input === undefined ? 'missing' : `given ${show(issue.input)}`}; allowed: ${allowed}; ${todo}`,
});

const pattern = (regex: RegExp, allowed: string) => {
  const rule = refusal(allowed, 'correct it');
  return z.string(rule).regex(regex, rule);
};
const regionName = pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, 'the name of an AWS region, such as "eu-central-1"');
const arn = pattern(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//, 'the ARN of a KMS key');
const hostname = pattern(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'a lower-case domain name, such as "api.example.com"');
const hostedZoneId = pattern(/^Z[A-Z0-9]{1,31}$/, 'the id of a Route 53 hosted zone, such as "Z0123456789ABC"');
const whole = (minimum: number, maximum: number) => {
  const rule = refusal(`a whole number from ${minimum} to ${maximum}`, 'choose one of these');
  return z.int(rule).min(minimum, rule).max(maximum, rule);
};
const positive = (() => {
  const rule = refusal('a number above 0', 'choose one');
  return z.number(rule).positive(rule);
})();
const oneOf = <const T extends string | number>(...values: readonly [T, ...T[]]) =>
  z.literal(values, refusal(values.map((value) => JSON.stringify(value)).join(', '), 'choose one of these'));
const flag = z.boolean(refusal('true or false', 'choose one'));
/** A nested object, which refuses keys that it does not know. */
const section = <T extends z.ZodRawShape>(shape: T) => {
  const keys = Object.keys(shape).join(', ');
  const rule = refusal(`an object of ${keys}`, 'write one');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `given ${issue.keys.map(show).join(', ')}, which is unknown; allowed: ${keys}; remove or correct it`
        : rule.error(issue),
  });
};

const region = section({
  name: regionName,
  /**
   * `joining`: deployed and replicated, not yet in DNS (its switch checks start unhealthy). `serving`: gets traffic.
   */
  state: oneOf('joining', 'serving').default('serving'),
});

const throttle = section({
  /** Requests per second. */
  rate: whole(1, 10_000),
  /** Requests at once above the rate. */
  burst: whole(1, 5_000),
});

const TWO_OR_MORE = refusal(
  'a list of two or more regions, such as [{"name": "eu-central-1"}, {"name": "us-east-2"}]',
  'add one; a single region cannot be lost',
);
const ISSUER = refusal('the https address of an OpenID Connect issuer', 'correct it');
const AUDIENCE = refusal('the audience that the tokens name', 'add it');
const identityProvider = section({ issuer: z.url({ protocol: /^https$/, ...ISSUER }), audience: z.string(AUDIENCE).min(1, AUDIENCE) });
const AUTH = refusal('"keys", {"issuer": "https://...", "audience": "..."}, or "none" to let everybody in', 'choose one of these');

/** Days: a hundred years, the longest that AWS Backup keeps anything. */
const MAX_RETENTION_DAYS = 36_500;
const LOCK = refusal(
  '"none", "governance", or {"mode": "compliance", "minRetentionDays", "maxRetentionDays", "changeableDays"}, all of them written out',
  'choose one of these; after its cooling-off period a compliance lock can be removed by nobody',
);
const complianceLock = section({
  mode: oneOf('compliance'),
  /** Days that recovery points are kept at least, and at most: jobs that ask for less or more fail. */
  minRetentionDays: whole(1, MAX_RETENTION_DAYS),
  maxRetentionDays: whole(1, MAX_RETENTION_DAYS),
  /** Days until the lock is for good. AWS wants three or more. */
  changeableDays: whole(3, MAX_RETENTION_DAYS),
});
const RESTORE_TEST = refusal('{"day": "SUN", "hour": 5} in UTC, or false to test no restore', 'choose one of these');
const restoreTest = section({
  day: oneOf('MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN').default('SUN'),
  hour: whole(0, 23).default(5),
});

const schema = section({
  /** Two or more. The order is the order of deployment. */
  regions: z.array(region, TWO_OR_MORE).min(2, TWO_OR_MORE),
  /** The region whose stack owns the global tables. No run-time meaning; cannot be changed later. Default: the first. */
  home: regionName.optional(),
  /** The regions of the last deployment, in any order. When given, more than one added or removed region is refused. */
  deployedRegions: z.array(regionName, refusal('a list of names of regions', 'list what was deployed last, or leave it out')).optional(),
  consistency: oneOf('MREC', 'MRSC').default('MREC'),
  /**
   * Who may call. `keys`: tokens signed by keys registered with `tandem keys add`. `{issuer, audience}`: those, and
   * tokens of that OpenID Connect issuer. `none`: everybody, as one subject; for experiments only.
   */
  auth: z.union([z.enum(['keys', 'none']), identityProvider], AUTH),
  /** Without it there is no Global stack, and callers use the failover client on the regional URLs. */
  domain: section({ name: hostname, hostedZoneId, zoneName: hostname }).optional(),
  health: section({
    /** Seconds between the probes of one checker. Immutable after creation. */
    intervalSeconds: oneOf(10, 30).default(10),
    /** Probes in a row that turn a deep check. */
    failureThreshold: whole(1, 10).default(2),
    /** TTL of the shared name's records. */
    ttlSeconds: whole(1, 300).default(10),
    /** Seconds from an evacuation until user routes answer 503, so that callers with open connections move. */
    drainSeconds: whole(0, 900).default(30),
  }).prefault({}),
  /** What callers may ask of the other regions: see docs/data.md. */
  callers: section({
    /** Milliseconds that a write with `Tandem-Durability: replicated` waits for a peer to hold it, before it is answered 202. */
    replicatedDeadlineMs: whole(100, 5_000).default(1_500),
    /** Milliseconds that a request with a `Tandem-Token` waits for this region to hold what it names, before it is answered as stale. */
    tokenWaitMs: whole(0, 5_000).default(500),
  }).prefault({}),
  /** How a new version of the API reaches callers, region by region. */
  delivery: section({
    /** Percent of a region's calls that the new version gets while it is exposed. */
    exposePercent: whole(1, 99).default(5),
    /** Minutes of exposure, watched by the alarms on the new version. CodeDeploy allows 2,880. */
    exposeMinutes: whole(1, 2_880).default(5),
    /** Minutes that the version is watched with all calls, inside the alias update, before the next region begins. */
    bakeMinutes: whole(0, 50).default(10),
    /** Deploys although alarms fire: to ship a fix while its fault is on. Audited. */
    ignoreAlarms: flag.default(false),
  }).prefault({}),
  throttling: section({
    user: throttle.default({ rate: 1_000, burst: 2_000 }),
    probes: throttle.default({ rate: 100, burst: 200 }),
  }).prefault({}),
  /** Customer-managed keys, one for each region, fixed when the tables are created. Default: keys owned by AWS. */
  encryptionKeys: z
    .record(regionName, arn, refusal('an object that gives each region the ARN of a KMS key', 'write one, or leave it out'))
    .optional(),
  alarms: section({
    /** Addresses that get the cell's alarms. */
    emails: z.array(z.email(refusal('an e-mail address', 'correct it')), refusal('a list of e-mail addresses', 'write one')).default([]),
  }).prefault({}),
  logRetentionDays: oneOf(1, 3, 5, 7, 14, 30, 60, 90, 180, 365).default(30),
  /** Backups of every region's own replicas into its own vault: see docs/backup.md. */
  backup: section({
    /** Days that a recovery point is kept. */
    retentionDays: whole(1, MAX_RETENTION_DAYS).default(35),
    /** Hours from one backup to the next. Each is a full copy, and paid for as one. */
    everyHours: oneOf(1, 2, 3, 4, 6, 8, 12, 24).default(24),
    /** Days that any second can be restored of. */
    pointInTimeDays: whole(1, 35).default(35),
    /** Copies every backup into a vault of another account, in the same region. That vault is not this system's to make. */
    copyTo: section({
      account: pattern(/^\d{12}$/, 'the 12 digits of an account'),
      vault: pattern(/^(?!Default$)[a-zA-Z0-9_-]{2,50}$/, 'the name of a vault that is not "Default", the same in every region'),
      /** Days that a copy is kept. Default: `retentionDays`. */
      retentionDays: whole(1, MAX_RETENTION_DAYS).optional(),
    }).optional(),
    /**
     * What keeps recovery points from being deleted before their time. `governance`: whoever may remove the lock may.
     * `compliance`: after `changeableDays` nobody can, AWS and the account's owner included, for as long as the vault exists.
     */
    lock: z.union([z.enum(['none', 'governance']), complianceLock], LOCK).default('none'),
    /** When a backup of each table is restored and checked, in UTC; or `false`. */
    restoreTest: z.union([restoreTest, z.literal(false)], RESTORE_TEST).prefault({}),
  }).prefault({}),
  /** Sets the account's API Gateway log role in each region: a singleton, so `false` where another stack owns it. */
  apiGatewayAccountRole: flag.default(true),
  /** What drills measure against. */
  objectives: section({
    /** Seconds from the fault until callers succeed for good, by kind of caller. */
    rtoSeconds: section({ dns: positive.default(60), client: positive.default(10) }).prefault({}),
    /** Failed requests allowed to callers that use the failover client. */
    failedRequests: section({ client: whole(0, 1_000_000).default(0) }).prefault({}),
    /** Milliseconds that the slowest request of a failover-client caller may exceed the slowest normal one. */
    slowestExtraMs: section({ client: whole(0, 60_000).default(1_000) }).prefault({}),
    /** Age at the fault, in milliseconds, of the oldest acknowledged write that may be lost with a region for good. */
    rpoMilliseconds: whole(0, 3_600_000).default(5_000),
    /** Age of a table's newest recovery point, in hours, from which people are told. Default: half as much again as `backup.everyHours`, three hours more at least. */
    recoveryPointHours: whole(2, 24 * 365).optional(),
    /** Of deliveries: what a version may do to callers before it is taken back. */
    delivery: section({
      /** Answers of a bad version that callers may get where a canary's journey can see its fault. */
      spoiledAnswers: whole(0, 1_000_000).default(0),
      /** Percent of all callers' requests during the exposure that one may spoil whose fault no journey sees. */
      spoiledPercent: positive.default(5),
      /** Seconds from the first answer that it spoils to the last. */
      spoiledSeconds: positive.default(300),
      /** Milliseconds over the slowest normal one above which an answer counts as spoiled. */
      slowExtraMs: whole(0, 60_000).default(1_000),
    }).prefault({}),
    /** While replication is paused between all regions, and once it is resumed. */
    partition: section({
      /** Requests that may fail: each region serves alone. */
      failedRequests: whole(0, 1_000_000).default(0),
      /** Seconds from resuming until every region holds the same of all that was in conflict. */
      agreeSeconds: positive.default(30),
    }).prefault({}),
    /** When a faulty client has corrupted the tables. */
    badWrites: section({
      /** Age in seconds of the newest acknowledged write that may stay lost: 0, none at all. */
      rpoSeconds: whole(0, 3_600).default(0),
      /** Requests that may fail once all is repaired. */
      failedRequests: whole(0, 1_000_000).default(0),
      /** Seconds from the first bad write until every item is repaired in every region. */
      repairSeconds: positive.default(300),
    }).prefault({}),
    /** Measured over computed time to fail over: outside these bounds the model of the system is wrong. */
    formulaRatio: section({ min: positive.default(0.75), max: positive.default(1.1) }).prefault({}),
  }).prefault({}),
});

/** The parsed configuration. `home` and the objective for backups are always set. */
export type Config = z.output<typeof schema> & { readonly home: string; readonly objectives: { readonly recoveryPointHours: number } };

/** Thrown with every problem of a configuration at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  /** @param where the configuration is */
  constructor(problems: readonly string[], where = 'context "tandem" of cdk.json') {
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'} (${where}):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** A backup may begin an hour late, and takes its time; a table whose backup failed once is told of before the next is due twice. */
const defaultRecoveryPointHours = (everyHours: number): number => Math.max(everyHours * 1.5, everyHours + SLACK_HOURS);

/** @throws {ConfigError} naming every problem, and where the configuration is */
export const parseConfig = (input: unknown, where?: string): Config => {
  const result = schema.safeParse(input);
  // Rules between fields are held against what can be read, so that one misspelt key hides no other problem.
  const problems = [...(result.error?.issues.flatMap(describe) ?? []), ...crossProblems(input)];
  if (!result.success || problems.length > 0) throw new ConfigError(problems, where);
  const { regions, home = regions[0]?.name ?? '', objectives, backup } = result.data;
  const recoveryPointHours = objectives.recoveryPointHours ?? defaultRecoveryPointHours(backup.everyHours);
  return { ...result.data, home, objectives: { ...objectives, recoveryPointHours } };
};

/**
 * The configuration as CDK's context gives it: the object itself, or the name of a JSON file that holds it, relative to
 * the working directory.
 * @throws {ConfigError} naming every problem
 */
export const loadConfig = (context: unknown): Config => {
  if (typeof context !== 'string') return parseConfig(context);
  let text: string;
  try {
    text = readFileSync(context, 'utf8');
  } catch (error: unknown) {
    throw new ConfigError([`given a file that cannot be read (${reason(error)}); allowed: a JSON file; name another, or make it`], context);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error: unknown) {
    throw new ConfigError([`given a file that is not JSON (${reason(error)}); allowed: a JSON file; correct it`], context);
  }
  return parseConfig(input, context);
};

/** Route 53 checker regions for a set of served ones: three, and none of them served where that is possible. */
export const checkerRegions = (served: readonly string[]): readonly string[] => {
  const [free, busy] = [CHECKER_REGIONS.filter((each) => !served.includes(each)), CHECKER_REGIONS.filter((each) => served.includes(each))];
  return [...free, ...busy].slice(0, 3);
};

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const describe = (issue: z.core.$ZodIssue): readonly string[] => {
  const place = issue.path.length === 0 ? 'tandem' : issue.path.map(String).join('.');
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${place}: ${message}`);
  return [`${place}: ${issue.message}`];
};
