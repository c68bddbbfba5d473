/** The key of the system on this machine: made once, and registered anew with each system that starts empty. */
import { SCOPES, type Scope } from '../../functions/contract/routes.ts';
import { UserError } from '../errors.ts';
import { KEYS_FOLDER } from '../folders.ts';
import { tandem } from '../tandem.ts';
import type { Target } from '../targets/target.ts';
import { waitingFor } from '../waiting.ts';
import { type KeyFile, makeKey, readKeys, saveKey, usableKey } from './key-file.ts';
import { knownKey, registerKey } from './registry.ts';
import { mintToken } from './token.ts';

/** Whom it speaks for: the person at the keyboard, and the callers of drills. */
const SUBJECTS = ['developer', 'drill'] as const;
const DAYS = 30;
/** A key that ends sooner is replaced, so that none ends within a session. */
const DAYS_LEFT_MIN = 1;
const DRILL_TOKEN_MINUTES = 60;

const ARRIVES_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 100;

/**
 * A key that every region of the system knows.
 *
 * @throws {UserError} when a region does not learn of it
 */
export const ensureLocalKey = async (target: Target): Promise<KeyFile> => {
  const soon = Date.now() + DAYS_LEFT_MIN * 86_400_000;
  const speaks = readKeys(KEYS_FOLDER).filter((key) => SUBJECTS.every((subject) => key.subjects.includes(subject)));
  const key = usableKey(speaks, 'local', soon) ?? makeKey({ target: 'local', subjects: SUBJECTS, scopes: SCOPES, days: DAYS }, Date.now());
  saveKey(KEYS_FOLDER, key);
  const lost = await target.lostRegions();
  const [first, ...others] = target.regions.flatMap(({ name }) => (lost.includes(name) ? [] : [name]));
  if (first === undefined) throw new UserError('every region is lost; end the local system and start it again');
  await registerKey({ region: first, client: target.dynamo(first) }, key, Date.now());
  for (const region of others)
    await waitingFor(`waiting for the key to reach ${region}`, () => arrival(target, region, key), { withinMs: ARRIVES_WITHIN_MS });
  return key;
};

const arrival = async (target: Target, region: string, key: KeyFile): Promise<void> => {
  const until = Date.now() + ARRIVES_WITHIN_MS;
  while (!(await knownKey({ region, client: target.dynamo(region) }, key.kid))) {
    if (Date.now() > until)
      throw new UserError(
        `key ${key.kid} did not reach ${region} within ${ARRIVES_WITHIN_MS / 1_000} s; see its replication with \`${tandem('status')}\``,
      );
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
};

/** Tokens for the callers of a drill. The key is asked for with the first of them: once it is known that the system is whole. */
export const drillTokens = (target: Target): ((subject: string, scopes: readonly Scope[]) => Promise<string>) => {
  let key: Promise<KeyFile> | undefined;
  return async (subject, scopes) => {
    key ??= ensureLocalKey(target);
    return mintToken(await key, { subject, scopes, minutes: DRILL_TOKEN_MINUTES }, Date.now());
  };
};
