/** Rules between fields of the configuration. Each holds only what it can read: the schema refuses the rest. */
import * as z from 'zod';

const text = z.string().optional().catch(undefined);
const strings = z.array(z.string()).optional().catch(undefined);
const namedRegion = z.object({ name: text, state: text });

/** The fields that the rules read; whatever does not fit is as if absent. */
const readable = z
  .object({
    regions: z.array(namedRegion.catch({ name: undefined, state: undefined })).catch([]),
    home: text,
    deployedRegions: strings,
    consistency: text,
    domain: z.object({ name: text, zoneName: text }).optional().catch(undefined),
    encryptionKeys: z.record(z.string(), z.string().catch('')).optional().catch(undefined),
    backup: z
      .object({
        retentionDays: z.number().default(35).catch(35),
        everyHours: z.number().default(24).catch(24),
        lock: z.object({ minRetentionDays: z.number(), maxRetentionDays: z.number() }).optional().catch(undefined),
      })
      .prefault({})
      .catch({ retentionDays: 35, everyHours: 24 }),
    callers: z
      .object({ replicatedDeadlineMs: z.number().default(1_500), tokenWaitMs: z.number().default(500) })
      .optional()
      .catch(undefined),
    objectives: z
      .object({
        recoveryPointHours: z.number().optional().catch(undefined),
        formulaRatio: z
          .object({ min: z.number().default(0.75), max: z.number().default(1.1) })
          .optional()
          .catch(undefined),
      })
      .optional()
      .catch(undefined),
  })
  .catch({
    regions: [],
    home: undefined,
    deployedRegions: undefined,
    consistency: undefined,
    domain: undefined,
    encryptionKeys: undefined,
    backup: { retentionDays: 35, everyHours: 24 },
    callers: undefined,
    objectives: undefined,
  });

/** Hours that a backup may begin and end after it is due, at the least. */
export const SLACK_HOURS = 3;

type Readable = z.output<typeof readable>;

/** Characters of a certificate's first name: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html */
const CERTIFICATE_NAME_LENGTH_MAX = 64;
/** What is left of the function's 10 s when the table has had the time that the store gives it. */
const WAITS_MS_MAX = 5_500;

/** Every rule that is broken: what was given, what is allowed, what to do. */
export const crossProblems = (input: unknown): readonly string[] => {
  const config = readable.parse(input);
  const names = config.regions.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const home = config.home ?? names[0];
  return [
    ...regionProblems(config, names, home),
    ...domainProblems(config, names),
    ...keyProblems(config, names),
    ...changeProblems(config, names, home),
    ...backupProblems(config),
    ...formulaProblems(config),
    ...waitProblems(config),
  ];
};

const regionProblems = (config: Readable, names: readonly string[], home: string | undefined): string[] => {
  const problems: string[] = [];
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index) problems.push(`regions.${index}.name: given "${name}" twice; allowed: each region once; remove one`);
  });
  if (home !== undefined && !names.includes(home)) {
    problems.push(
      `home: given "${home}"; allowed: one of ${names.join(', ')}; keep the home region among the regions: it owns the tables and cannot be removed`,
    );
  }
  if (names.length > 0 && config.regions.every(({ state }) => state === 'joining')) {
    problems.push('regions: given "joining" for every region; allowed: at least one "serving"; let one serve');
  }
  if (config.consistency === 'MRSC') {
    problems.push(
      'consistency: given "MRSC"; allowed: "MREC"; leave it out: tables with multi-region strong consistency have no transactions, and an order is one',
    );
  }
  return problems;
};

const domainProblems = ({ domain }: Readable, names: readonly string[]): string[] => {
  if (domain?.name === undefined) return [];
  const { name, zoneName } = domain;
  const problems: string[] = [];
  if (zoneName !== undefined && name === zoneName) {
    problems.push(
      `domain.name: given "${name}", the apex of the zone, where no CNAME can stand; allowed: a name below it; choose one, such as "api.${zoneName}"`,
    );
  } else if (zoneName !== undefined && !name.endsWith(`.${zoneName}`)) {
    problems.push(`domain.name: given "${name}"; allowed: a name in the zone "${zoneName}"; correct one of them`);
  }
  const long = names.map((region) => `${region}.${name}`).filter((regional) => regional.length > CERTIFICATE_NAME_LENGTH_MAX);
  if (long.length > 0) {
    problems.push(
      `domain.name: given "${name}", which makes ${long.join(', ')}; allowed: ${CERTIFICATE_NAME_LENGTH_MAX} characters with the region's name, the limit of a certificate; choose a shorter one`,
    );
  }
  return problems;
};

const keyProblems = ({ encryptionKeys }: Readable, names: readonly string[]): string[] => {
  if (encryptionKeys === undefined) return [];
  const given = Object.entries(encryptionKeys);
  const missing = names.filter((name) => !Object.hasOwn(encryptionKeys, name));
  return [
    ...(missing.length > 0 ? [`encryptionKeys: given none for ${missing.join(', ')}; allowed: one for each region; add it`] : []),
    ...given
      .filter(([region]) => names.length > 0 && !names.includes(region))
      .map(
        ([region]) =>
          `encryptionKeys.${region}: given a key for a region that is not configured; allowed: one of ${names.join(', ')}; remove it`,
      ),
    ...given
      .filter(([region, arn]) => arn.startsWith('arn:') && arn.split(':')[3] !== region)
      .map(
        ([region, arn]) =>
          `encryptionKeys.${region}: given "${arn}", a key of another region; allowed: a key in ${region}, which its replica can use; correct it`,
      ),
  ];
};

const changeProblems = ({ deployedRegions }: Readable, names: readonly string[], home: string | undefined): string[] => {
  if (deployedRegions === undefined) return [];
  const changed = [...names.filter((name) => !deployedRegions.includes(name)), ...deployedRegions.filter((name) => !names.includes(name))];
  const problems: string[] = [];
  if (changed.length > 1) {
    problems.push(
      `regions: given a change of ${changed.join(' and ')} against deployedRegions; allowed: one region added or removed at a time, because DynamoDB changes one replica per update; deploy one after the other`,
    );
  }
  if (home !== undefined && !deployedRegions.includes(home)) {
    problems.push(
      `home: given "${home}", which is not deployed; allowed: the home region of the first deployment, one of ${deployedRegions.join(', ')}; name it`,
    );
  }
  return problems;
};

const backupProblems = ({ backup, objectives }: Readable): string[] => {
  const { retentionDays, everyHours, lock } = backup;
  const problems: string[] = [];
  if (lock !== undefined && (retentionDays < lock.minRetentionDays || retentionDays > lock.maxRetentionDays)) {
    problems.push(
      `backup.lock: given minRetentionDays ${lock.minRetentionDays} and maxRetentionDays ${lock.maxRetentionDays} with retentionDays ${retentionDays}; allowed: a retention within the lock's, because every other backup fails; correct one of them`,
    );
  }
  const hours = objectives?.recoveryPointHours;
  if (hours !== undefined && hours < everyHours + SLACK_HOURS) {
    problems.push(
      `objectives.recoveryPointHours: given ${hours} with a backup each ${everyHours} h; allowed: ${everyHours + SLACK_HOURS} or more, or it is missed while all is well; back up more often, or raise it`,
    );
  }
  return problems;
};

const formulaProblems = ({ objectives }: Readable): string[] => {
  const ratio = objectives?.formulaRatio;
  if (ratio === undefined || ratio.min < ratio.max) return [];
  return [`objectives.formulaRatio: given min ${ratio.min} and max ${ratio.max}; allowed: min below max; correct one of them`];
};

const waitProblems = ({ callers }: Readable): string[] => {
  if (callers === undefined) return [];
  const { tokenWaitMs, replicatedDeadlineMs } = callers;
  if (tokenWaitMs + replicatedDeadlineMs <= WAITS_MS_MAX) return [];
  return [
    `callers: given tokenWaitMs ${tokenWaitMs} and replicatedDeadlineMs ${replicatedDeadlineMs}; allowed: up to ${WAITS_MS_MAX} together, because one request may wait for both; lower one of them`,
  ];
};
