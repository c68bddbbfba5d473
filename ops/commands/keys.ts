import type { Command } from 'commander';
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
import { table } from '../table.ts';
import { attachLocal } from '../targets/local.ts';
import { tellingWhere } from '../unanswered.ts';
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
    keys
      .command('add')
      .summary('make a key and register it')
      .description('Makes a key pair, keeps the private half in .tandem/keys (mode 0600), and registers the public half.'),
  )
    .option('--subject <subject>', 'whom its tokens may speak for, repeatable; a prefix when it ends with *', collect(String), [
      'developer',
    ])
    .option('--scope <scope>', `what they may do, repeatable: ${SCOPES.join(', ')}`, collect(oneOf(SCOPES)), [...SCOPES])
    .option('--expires-days <n>', 'days until it ends', whole(1, YEARS_DAYS), 90)
    .action((options: AddOptions, self: Command) => withReplica(options, self, (replica) => add(replica, options)));

  addCommon(
    keys
      .command('list')
      .summary('list the registered keys')
      .description('Lists the registered keys, and whether this machine has their private half.'),
  ).action((options: Options, self: Command) => withReplica(options, self, list));

  addCommon(
    keys
      .command('remove')
      .summary('remove a key for ever')
      .description('Removes a key for ever, here and in every region: none of its tokens is accepted any more.'),
  )
    .argument('<kid>', 'the id of the key')
    .action((kid: string, options: Options, self: Command) => withReplica(options, self, (replica) => remove(replica, kid)));
};

/** A region's replica of the control table, of the local system or with the AWS credentials of the environment. */
const withReplica = async ({ target, region }: Options, command: Command, work: (replica: Replica) => Promise<void>): Promise<void> => {
  if (target === 'local') {
    const local = await attachLocal();
    if (local === undefined)
      throw new UserError('no local system runs; start one with `tandem start`, or use the one on AWS with `--target aws`');
    const name = region ?? local.regions[0]?.name ?? '';
    await work({ region: name, client: local.dynamo(name) });
    local.close();
    return;
  }
  const { home, regions } = readConfig(configFileOf(command));
  const names = regions.map((each) => each.name);
  const name = region ?? home;
  if (!names.includes(name)) throw new UserError(`given region "${name}"; allowed: ${names.join(', ')}`);
  return work({ region: name, client: tellingWhere(dynamoClient({ region: name }), name) });
};

const add = async (replica: Replica, { target, subject, scope, expiresDays }: AddOptions): Promise<void> => {
  const key = makeKey({ target, subjects: subject, scopes: scope, days: expiresDays }, Date.now());
  // First the file: a key whose private half nobody has would be trusted for nothing.
  const path = saveKey(KEYS_FOLDER, key);
  await registerKey(replica, key, Date.now());
  console.log(`key ${key.kid} is registered through ${replica.region} until ${key.expiresAt}; its private half is ${path}`);
  console.log(`a token: tandem token --key ${key.kid}${target === 'local' ? '' : ` --target ${target}`}`);
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
  console.log(
    rows.length === 0
      ? `${replica.region} knows no key; add one with \`tandem keys add\``
      : table([['key', 'until', 'subjects', 'scopes', 'private half here'], ...rows.sort()]),
  );
};

const remove = async (replica: Replica, kid: string): Promise<void> => {
  if (!isKid(kid)) throw new UserError(`given "${kid}"; allowed: the id of a key, from \`tandem keys list\``);
  const known = await knownKeys(replica);
  if (!known.some((key) => key.kid === kid))
    throw new UserError(
      `given "${kid}", which ${replica.region} does not know; allowed: ${known.map((key) => key.kid).join(', ') || 'none is registered'}`,
    );
  await revokeKey(replica, kid, Date.now());
  deleteKey(KEYS_FOLDER, kid);
  console.log(
    `key ${kid} is removed through ${replica.region}; every region refuses its tokens once replication has brought it and ${KEY_AGE_MS_MAX / 1_000} s have passed`,
  );
};
