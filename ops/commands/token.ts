import type { Command } from 'commander';
import { SCOPES, type Scope } from '../../functions/contract/routes.ts';
import { readKeys, usableKey } from '../access/key-file.ts';
import { mintToken } from '../access/token.ts';
import { UserError } from '../errors.ts';
import { KEYS_FOLDER } from '../folders.ts';
import { collect, oneOf, whole } from '../options.ts';
import { print } from '../print.ts';
import { tandem } from '../tandem.ts';
import { reading } from './effect.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly key?: string;
  readonly subject?: string;
  readonly scope?: readonly Scope[];
  readonly minutes: number;
  readonly curl: boolean;
}

const WEEK_MINUTES = 10_080;

/** `tandem token`: prints a token and nothing else. */
export const addToken = (program: Command): void => {
  addTargetOption(
    reading(program.command('token'))
      .summary('print a token for the API')
      .description(
        'Prints a token signed by a key of this machine, and nothing else.\nWith --curl, as configuration for `curl --config -`, which reads it from a pipe: no list of processes shows it.',
      ),
  )
    .option('--key <kid>', 'key that signs (default: the newest of the target that has not expired)')
    .option('--subject <subject>', "whom the token speaks for (default: the key's first subject)")
    .option('--scope <scope>', `what it may do, repeatable: ${SCOPES.join(', ')} (default: all of the key's)`, collect(oneOf(SCOPES)))
    .option('--minutes <n>', 'how long it is valid; never longer than its key', whole(1, WEEK_MINUTES), 60)
    .option('--curl', 'print it as configuration of curl', false)
    .action((options: Options) => {
      print(options.curl ? `header = "authorization: Bearer ${token(options)}"` : token(options));
    });
};

const token = ({ target, key: kid, subject, scope, minutes }: Options): string => {
  const keys = readKeys(KEYS_FOLDER);
  const key = kid === undefined ? usableKey(keys, target, Date.now()) : keys.find((each) => each.kid === kid);
  if (key === undefined) {
    const found = keys.map((each) => `${each.kid} (${each.target}, until ${each.expiresAt})`).join(', ') || 'none';
    throw new UserError(
      `no usable key ${kid ?? `for target ${target}`}; keys on this machine: ${found}; add one with \`${tandem('keys', 'add', '--target', target, '--yes')}\``,
    );
  }
  return mintToken(
    key,
    { minutes, ...(subject === undefined ? {} : { subject }), ...(scope === undefined ? {} : { scopes: scope }) },
    Date.now(),
  );
};
