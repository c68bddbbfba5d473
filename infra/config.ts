/**
 * The configuration: data under `context.tandem` of cdk.json (or in the JSON file that `-c tandem=FILE` names), parsed
 * once. Unknown keys are refused, and every problem is named at once: what was given, what is allowed, what to do.
 */
import * as z from 'zod';

/** Regions from which Route 53 can check: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html */
export const CHECKER_REGIONS = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
] as const;

const regionName = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: (issue) => `given ${show(issue.input)}; allowed: the name of an AWS region, such as "eu-central-1"` });
const arn = z.string().regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//, { error: (issue) => `given ${show(issue.input)}; allowed: the ARN of a KMS key` });
const hostname = z.string().regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, { error: (issue) => `given ${show(issue.input)}; allowed: a lower-case domain name, such as "api.example.com"` });
const whole = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

const region = z.strictObject({
  name: regionName,
  /**
   * `joining`: deployed and replicated, not yet in DNS (its switch checks start unhealthy). `serving`: gets traffic.
   */
  state: z.enum(['joining', 'serving']).default('serving'),
});

const throttle = z.strictObject({
  /** Requests per second. */
  rate: whole(1, 10_000),
  /** Requests at once above the rate. */
  burst: whole(1, 5_000),
});

const schema = z
  .strictObject({
    /** Two or more. The order is the order of deployment. */
    regions: z.array(region).min(2, { error: 'allowed: two or more regions; one region cannot be lost' }),
    /** The region whose stack owns the global tables. No run-time meaning; cannot be changed later. Default: the first. */
    home: regionName.optional(),
    /** The regions of the last deployment, in any order. When given, more than one added or removed region is refused. */
    deployedRegions: z.array(regionName).optional(),
    consistency: z.enum(['MREC', 'MRSC']).default('MREC'),
    /**
     * Who may call. `keys`: tokens signed by keys registered with `tandem keys add`. `{issuer, audience}`: those, and
     * tokens of that OpenID Connect issuer. `none`: everybody, as one subject; for experiments only.
     */
    auth: z.union([z.enum(['keys', 'none']), z.strictObject({ issuer: z.url({ protocol: /^https$/ }), audience: z.string().min(1) })], {
      error: (issue) =>
        issue.input === undefined
          ? 'missing; allowed: "keys", {"issuer": "https://...", "audience": "..."}, or "none" to let everybody in'
          : `given ${show(issue.input)}; allowed: "keys", {"issuer": "https://...", "audience": "..."} or "none"`,
    }),
    /** Without it there is no Global stack, and callers use the failover client on the regional URLs. */
    domain: z.strictObject({ name: hostname, hostedZoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/, { error: (issue) => `given ${show(issue.input)}; allowed: the id of a Route 53 hosted zone, such as "Z0123456789ABC"` }), zoneName: hostname }).optional(),
    health: z
      .strictObject({
        /** Seconds between the probes of one checker. Immutable after creation. */
        intervalSeconds: z.union([z.literal(10), z.literal(30)], { error: (issue) => `given ${show(issue.input)}; allowed: 10 or 30` }).default(10),
        /** Probes in a row that turn a deep check. */
        failureThreshold: whole(1, 10).default(2),
        /** TTL of the shared name's records. */
        ttlSeconds: whole(1, 300).default(10),
        /** Seconds from an evacuation until user routes answer 503, so that callers with open connections move. */
        drainSeconds: whole(0, 900).default(30),
      })
      .prefault({}),
    throttling: z
      .strictObject({
        user: throttle.default({ rate: 1_000, burst: 2_000 }),
        probes: throttle.default({ rate: 100, burst: 200 }),
      })
      .prefault({}),
    /** Customer-managed keys, one for each region, fixed when the tables are created. Default: keys owned by AWS. */
    encryptionKeys: z.record(regionName, arn).optional(),
    alarms: z
      .strictObject({
        /** Addresses that get the cell's alarms. */
        emails: z.array(z.email()).default([]),
      })
      .prefault({}),
    logRetentionDays: z.union([1, 3, 5, 7, 14, 30, 60, 90, 180, 365].map((days) => z.literal(days))).default(30),
    /** Days that daily backups are kept in each region's vault. */
    backupRetentionDays: whole(1, 365).default(35),
    /** Sets the account's API Gateway log role in each region: a singleton, so `false` where another stack owns it. */
    apiGatewayAccountRole: z.boolean().default(true),
    /** What drills measure against. */
    objectives: z
      .strictObject({
        /** Seconds from the fault until callers succeed for good, by kind of caller. */
        rtoSeconds: z.strictObject({ dns: z.number().positive().default(60), client: z.number().positive().default(10) }).prefault({}),
        /** Failed requests allowed to callers that use the failover client. */
        failedRequests: z.strictObject({ client: whole(0, 1_000_000).default(0) }).prefault({}),
        /** Milliseconds that the slowest request of a failover-client caller may exceed the slowest normal one. */
        slowestExtraMs: z.strictObject({ client: whole(0, 60_000).default(1_000) }).prefault({}),
        /** Age at the fault, in milliseconds, of the oldest acknowledged write that may be lost with a region for good. */
        rpoMilliseconds: whole(0, 3_600_000).default(5_000),
        /** Measured over computed time to fail over: outside these bounds the model of the system is wrong. */
        formulaRatio: z.strictObject({ min: z.number().default(0.75), max: z.number().default(1.1) }).prefault({}),
      })
      .prefault({}),
  })
  .check((context) => {
    const config = context.value;
    const names = config.regions.map((each) => each.name);
    const refuse = (path: (string | number)[], message: string) => context.issues.push({ code: 'custom', path, message, input: config });
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index) refuse(['regions', index, 'name'], `given "${name}" twice; allowed: each region once`);
    });
    const home = config.home ?? names[0];
    if (home !== undefined && !names.includes(home)) refuse(['home'], `given "${home}"; allowed: one of ${names.join(', ')}; the home region owns the tables and cannot be removed`);
    if (config.regions.every((each) => each.state === 'joining')) refuse(['regions'], 'every region is "joining"; allowed: at least one "serving"');
    if (config.consistency === 'MRSC') {
      refuse(['consistency'], 'given "MRSC"; allowed: "MREC". Tables with multi-region strong consistency have no transactions, and an order is one');
    }
    if (config.domain && config.domain.name !== config.domain.zoneName && !config.domain.name.endsWith(`.${config.domain.zoneName}`)) {
      refuse(['domain', 'name'], `given "${config.domain.name}"; allowed: a name in the zone "${config.domain.zoneName}"`);
    }
    if (config.domain && config.domain.name === config.domain.zoneName) {
      refuse(['domain', 'name'], `given "${config.domain.name}"; allowed: a name below the zone's apex, where a CNAME can stand, such as "api.${config.domain.zoneName}"`);
    }
    if (config.encryptionKeys) {
      const missing = names.filter((name) => !config.encryptionKeys?.[name]);
      if (missing.length > 0) refuse(['encryptionKeys'], `no key for ${missing.join(', ')}; allowed: one for each region`);
    }
    if (config.deployedRegions) {
      const before = new Set(config.deployedRegions);
      const changed = [...names.filter((name) => !before.has(name)), ...config.deployedRegions.filter((name) => !names.includes(name))];
      if (changed.length > 1) refuse(['regions'], `${changed.join(' and ')} differ from deployedRegions; allowed: one region added or removed at a time (DynamoDB changes one replica per update)`);
      if (home !== undefined && !before.has(home)) refuse(['home'], `given "${home}", which is not deployed; allowed: the home region of the first deployment, one of ${config.deployedRegions.join(', ')}`);
    }
  });

/** The parsed configuration. `home` is always set. */
export type Config = z.output<typeof schema> & { readonly home: string };

/** Thrown with every problem of a configuration at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'} (context "tandem" of cdk.json):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** @throws {ConfigError} naming every problem */
export const parseConfig = (input: unknown): Config => {
  const result = schema.safeParse(input);
  if (!result.success) throw new ConfigError(result.error.issues.map(describe));
  const [first] = result.data.regions;
  return { ...result.data, home: result.data.home ?? first?.name ?? '' };
};

/** Route 53 checker regions for a set of served ones: three, and none of them served where that is possible. */
export const checkerRegions = (served: readonly string[]): readonly string[] => {
  const [free, busy] = [CHECKER_REGIONS.filter((each) => !served.includes(each)), CHECKER_REGIONS.filter((each) => served.includes(each))];
  return [...free, ...busy].slice(0, 3);
};

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

const describe = (issue: z.core.$ZodIssue): string => {
  const place = issue.path.length === 0 ? 'tandem' : issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') return `${place}: unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}; remove or correct it`;
  return `${place}: ${issue.message}`;
};
