/** What functions ask of services beside the tables: who calls, versions that are tried, answers to hooks and stacks. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const authenticator = mutationsOf('functions/aws/authenticator.ts', 'test/functions/auth.test.ts');
const oidc = mutationsOf('functions/aws/oidc-keys.ts', 'test/functions/oidc.test.ts');
const SERVICES = 'test/functions/services.test.ts';
const stack = mutationsOf('functions/aws/custom-resource.ts', SERVICES);
const canary = mutationsOf('functions/aws/canary-token.ts', SERVICES);
const backups = mutationsOf('functions/aws/backup-lists.ts', SERVICES);
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
    'isYounger(this.#fetchedAtMs, nowMs, RENEW_MS) ||',
    'this.#fetchedAtMs > 0 ||',
  ),
  oidc('fetched-by-each-caller', 'each caller of a cold start asks the issuer', 'this.#underWay ??= ', 'this.#underWay = '),
  oidc(
    'document-without-end',
    'an issuer fills the memory of each function',
    'if (bytes > DOCUMENT_BYTES_MAX) throw',
    'if (bytes < 0) throw',
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
  stack('answered-once', 'a bucket that is busy for a moment holds a stack for an hour', 'const ATTEMPTS = 3;', 'const ATTEMPTS = 1;'),
  stack(
    'refused-is-answered',
    'an answer that the bucket refused is taken for given',
    'if (ok) return;',
    'if (ok || status < 500) return;',
  ),
  stack('failed-is-made', 'a resource that could not be made is told as made', "{ Status: 'FAILED', ...ids", "{ Status: 'SUCCESS', ...ids"),
  canary('token-to-its-end', 'a journey begins with a token that ends under way', '- nowMs > RENEW_MS) return', '- nowMs > 0) return'),
  mutationsOf('functions/core/synthetic.ts', SERVICES)(
    'canary-ships',
    'a canary may send goods on their way',
    "['orders:read', 'orders:write', 'stock:write'] as const",
    "['orders:read', 'orders:write', 'orders:ship', 'stock:write'] as const",
  ),
  backups('expired-is-no-failure', 'a backup that never began is none that failed', "['FAILED', 'EXPIRED', ", "['FAILED', "),
  backups(
    'restored-is-right',
    'a restore that nobody judged counts as a test that found all right',
    "good: Status === 'COMPLETED' && ValidationStatus === 'SUCCESSFUL',",
    "good: Status === 'COMPLETED',",
  ),
  backups(
    'first-page-of-backups',
    'the newest backup is on a page that nobody reads',
    "if (next === undefined || next === '') return all;",
    'return all;',
  ),
  mutationsOf('functions/aws/restore-jobs.ts', SERVICES)(
    'any-restore-is-judged',
    'a table that an operator restored is judged as a test, and deleted',
    '!restored?.startsWith(BACKUPS.restoredPrefix)',
    'restored === undefined',
  ),
  mutationsOf('functions/http/consistency.ts', 'test/functions/units.test.ts')(
    'keys-read-as-often-as-named',
    'a caller makes a region read one thing over and over',
    'keys: [...new Map(keys.map((key) => [`${key.pk}\\n${key.sk}`, key])).values()],',
    'keys,',
  ),
  mutationsOf('functions/core/consistency.ts', 'test/functions/units.test.ts')(
    'looks-as-often-as-before',
    'a thing that is not there is looked for ten times a request',
    'const TOKEN_GROWTH = 3;',
    'const TOKEN_GROWTH = 1;',
  ),
];
