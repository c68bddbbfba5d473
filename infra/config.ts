/**
 * The configuration: data under `context.tandem` of cdk.json (or in the JSON file that `-c tandem=FILE` names), parsed
 * once. Unknown keys are refused, and every problem is named at once: what was given, what is allowed, what to do.
 */
import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import { crossProblems, SLACK_HOURS } from './config-rules.ts';
import { configSchema } from './config-schema.ts';

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

/** The parsed configuration. `home` and the objective for backups are always set. */
export type Config = z.output<typeof configSchema> & {
  readonly home: string;
  readonly objectives: { readonly recoveryPointHours: number };
};

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
  const result = configSchema.safeParse(input);
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

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const describe = (issue: z.core.$ZodIssue): readonly string[] => {
  const place = issue.path.length === 0 ? 'tandem' : issue.path.map(String).join('.');
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${place}: ${message}`);
  return [`${place}: ${issue.message}`];
};
