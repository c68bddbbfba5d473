/**
 * The configuration: data under `context.tandem` of cdk.json (or in the JSON file that `-c tandem=FILE` names), parsed
 * once. Unknown keys are refused, and every problem is named at once: what was given, what is allowed, what to do.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { crossProblems } from './config-rules.ts';

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
  /** Days that daily backups are kept in each region's vault. */
  backupRetentionDays: whole(1, 365).default(35),
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
    /** Measured over computed time to fail over: outside these bounds the model of the system is wrong. */
    formulaRatio: section({ min: positive.default(0.75), max: positive.default(1.1) }).prefault({}),
  }).prefault({}),
});

/** The parsed configuration. `home` is always set. */
export type Config = z.output<typeof schema> & { readonly home: string };

/** Thrown with every problem of a configuration at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'} (context "tandem" of cdk.json):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** @throws {ConfigError} naming every problem */
export const parseConfig = (input: unknown): Config => {
  const result = schema.safeParse(input);
  // Rules between fields are held against what can be read, so that one misspelt key hides no other problem.
  const problems = [...(result.error?.issues.flatMap(describe) ?? []), ...crossProblems(input)];
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  const [first] = result.data.regions;
  return { ...result.data, home: result.data.home ?? first?.name ?? '' };
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
    throw new ConfigError([
      `tandem: given the file "${context}", which cannot be read (${reason(error)}); allowed: a JSON file; correct "-c tandem=FILE"`,
    ]);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error: unknown) {
    throw new ConfigError([`tandem: given the file "${context}", which is not JSON (${reason(error)}); allowed: a JSON file; correct it`]);
  }
  return parseConfig(input);
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
