/** What functions ask of services beside the tables: who calls, versions that are tried, answers to hooks and stacks. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const authenticator = mutationsOf('functions/aws/authenticator.ts', 'test/functions/auth.test.ts');
const oidc = mutationsOf('functions/aws/oidc-keys.ts', 'test/functions/auth.test.ts');
const version = mutationsOf('functions/aws/lambda-transport.ts', 'test/functions/lambda-transport.test.ts');

export const FUNCTIONS_SERVICES: readonly TestedMutation[] = [
  authenticator(
    'canary-as-anybody',
    'where everybody may call, a canary whose key cannot be read now is a user',
    "named === undefined || named.kind === 'refused' ? ANYBODY : named",
    "named === undefined || named.kind !== 'identified' ? ANYBODY : named",
  ),
  oidc(
    'issuers-key-for-ever',
    'what an issuer has given up is accepted as long as the function lives',
    'nowMs - this.#fetchedAtMs >= KEYS_AGE_MS_MAX || !this.#known?.has(kid)',
    '!this.#known?.has(kid)',
  ),
  oidc('fetched-by-each-caller', 'each caller of a cold start asks the issuer', 'this.#underWay ??= ', 'this.#underWay = '),
  oidc(
    'document-without-end',
    'an issuer fills the memory of each function',
    'if (body.length > DOCUMENT_BYTES_MAX) throw',
    'if (body.length < 0) throw',
  ),
  version('memory-as-it-was', 'a leak is not seen', 'of lines.reverse())', 'of lines)'),
  version(
    'crash-is-an-answer',
    'a version that crashed is taken for one that answered',
    'if (FunctionError !== undefined) throw',
    "if (FunctionError === 'Handled') throw",
  ),
  version(
    'invoked-without-end',
    'a trial goes on while Lambda refuses',
    '|| attempt >= ATTEMPTS) throw',
    '|| attempt >= 9 * ATTEMPTS) throw',
  ),
  version('any-version-is-tried', 'the version that nobody published is tried', 'Qualifier: qualifier,', ''),
];
