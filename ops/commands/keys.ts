import { type Command, Option } from 'commander';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { KEY_AGE_MS_MAX } from '../../functions/aws/registered-keys.ts';
import { SCOPES, type Scope } from '../../functions/contract/routes.ts';
import { isKid } from '../../functions/core/keys.ts';
import { deleteKey, makeKey, readKeys, saveKey } from '../access/key-file.ts';
import { knownKeys, type Replica, registerKey, revokeKey } from '../access/registry.ts';
import { readConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import { KEYS_FOLDER } from '../folders.ts';
import { collect, oneOf, whole } from '../options.ts';
import { asText, print, printText } from '../print.ts';
import { table } from '../table.ts';
import { tandem } from '../tandem.ts';
import { runningLocal } from '../targets/local.ts';
import { tellingWhere } from '../unanswered.ts';
import { changing, NOTHING_DONE, reading } from './effect.ts';
import { configFileOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly region?: string;
}

interface AddOptions extends Options {
  readonly subject: readonly string[];
  readonly scope: readonly Scope[];
  readonly expiresDays: number;
  readonly yes: boolean;
}

interface RemoveOptions extends Options {
  readonly yes: boolean;
}

const YEARS_DAYS = 3_650;

/** `tandem keys`: which signatures the API trusts. */
export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .summary('add, list and remove the keys that sign tokens')
    .description(
      'Keys that sign tokens. Their public halves stand in the control table, so that every region knows every key without calling anything.',
    );
  const addCommon = (command: Command) =>
    addTargetOption(command).option(
      '--region <region>',
      'the region to speak to, when another is in trouble; the others learn of it by replication (default: the home region)',
    );

  addCommon(
    changing(keys.command('add'), 'make and register it')
      .summary('make a key and register it')
      .description('Makes a key pair, keeps the private half in .tandem/keys (mode 0600), and registers the public half.'),
  )
    .addOption(
      new Option('--subject <subject>', 'whom its tokens may speak for, repeatable; a prefix when it ends with *')
        .argParser(collect(String))
        .default(['developer'], 'developer'),
    )
    .addOption(
      new Option('--scope <scope>', `what they may do, repeatable: ${SCOPES.join(', ')}`)
        .argParser(collect(oneOf(SCOPES)))
        .default([...SCOPES], 'all'),
    )
    .option('--expires-days <n>', 'days until it ends', whole(1, YEARS_DAYS), 90)
    .action((options: AddOptions, self: Command) => withReplica(options, self, (replica) => add(replica, options)));

  addCommon(
    reading(keys.command('list'))
      .summary('list the registered keys')
      .description('Lists the registered keys, and whether this machine has their private half.'),
  ).action((options: Options, self: Command) => withReplica(options, self, list));

  addCommon(
    changing(keys.command('remove'), 'remove it')
      .summary('remove a key for ever')
      .description('Removes a key for ever, here and in every region: none of its tokens is accepted any more.'),
  )
    .argument('<kid>', 'the id of the key')
    .action((kid: string, options: RemoveOptions, self: Command) =>
      withReplica(options, self, (replica) => remove(replica, kid, options.yes)),
    );
};

/** A region's replica of the control table, of the local system or with the AWS credentials of the environment. */
const withReplica = async ({ target, region }: Options, command: Command, work: (replica: Replica) => Promise<void>): Promise<void> => {
  if (target === 'local') {
    const local = await runningLocal('use the one on AWS with `--target aws`');
    try {
      const name = region ?? local.regions[0]?.name ?? '';
      return await work({ region: name, client: local.dynamo(name) });
    } finally {
      local.close();
    }
  }
  const { home, regions } = readConfig(configFileOf(command));
  const names = regions.map((each) => each.name);
  const name = region ?? home;
  if (!names.includes(name)) throw new UserError(`given region "${name}"; allowed: ${names.join(', ')}`);
  return work({ region: name, client: tellingWhere(dynamoClient({ region: name }), name) });
};

const add = async (replica: Replica, { target, subject, scope, expiresDays, yes }: AddOptions): Promise<void> => {
  if (!yes) {
    const until = new Date(Date.now() + expiresDays * 86_400_000).toISOString().slice(0, 10);
    print(`A key would be made here and registered through ${replica.region} of target ${target}, until ${until}.`);
    print(`Its tokens could speak for ${subject.join(', ')}, and do ${scope.join(', ')}.`);
    printText(`\n${NOTHING_DONE}`);
    return;
  }
  const key = makeKey({ target, subjects: subject, scopes: scope, days: expiresDays }, Date.now());
  // First the file: a key whose private half nobody has would be trusted for nothing.
  const path = saveKey(KEYS_FOLDER, key);
  await registerKey(replica, key, Date.now());
  print(`key ${key.kid} is registered through ${replica.region} until ${key.expiresAt}; its private half is ${path}`);
  print(`a token:  ${tandem('token', '--key', key.kid, '--target', target)}`);
};

const list = async (replica: Replica): Promise<void> => {
  const mine = new Set(readKeys(KEYS_FOLDER).map((key) => key.kid));
  const rows = (await knownKeys(replica)).map((key) => [
    key.kid,
    new Date(key.expiresAtMs).toISOString(),
    key.subjects.join(' '),
    key.scopes.join(' '),
    mine.has(key.kid) ? 'yes' : 'no',
  ]);
  printText(
    asText(
      rows.length === 0
        ? [`${replica.region} knows no key; add one with \`${tandem('keys', 'add', '--yes')}\``]
        : table([['key', 'until', 'subjects', 'scopes', 'private half here'], ...rows.sort()]),
    ),
  );
};

const remove = async (replica: Replica, kid: string, yes: boolean): Promise<void> => {
  if (!isKid(kid)) throw new UserError(`given "${kid}"; allowed: the id of a key, from \`${tandem('keys', 'list')}\``);
  const known = await knownKeys(replica);
  if (!known.some((key) => key.kid === kid))
    throw new UserError(
      `given "${kid}", which ${replica.region} does not know; allowed: ${known.map((key) => key.kid).join(', ') || 'none is registered'}`,
    );
  if (!yes) {
    print(
      `Key ${kid} would be removed for ever, through ${replica.region}, and its private half from this machine: none of its tokens would be accepted.`,
    );
    printText(`\n${NOTHING_DONE}`);
    return;
  }
  await revokeKey(replica, kid, Date.now());
  deleteKey(KEYS_FOLDER, kid);
  print(
    `key ${kid} is removed through ${replica.region}; every region refuses its tokens once replication has brought it and ${KEY_AGE_MS_MAX / 1_000} s have passed`,
  );
};
