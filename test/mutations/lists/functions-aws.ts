/** The adapters to AWS, and the entry points. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const sent = mutationsOf('functions/aws/dynamo-store.ts', 'test/functions/store-requests.test.ts');
const ended = mutationsOf('functions/aws/dynamo-store.ts', 'test/functions/store-failures.test.ts');
const attempts = mutationsOf('functions/aws/attempts.ts', 'test/functions/store-failures.test.ts');
const tables = mutationsOf('functions/aws/clients.ts', 'test/functions/aws-calls.test.ts');
const seldom = mutationsOf('functions/aws/client-limits.ts', 'test/functions/aws-calls.test.ts');
const scan = mutationsOf('functions/aws/restored-table.ts', 'test/functions/store-requests.test.ts');
const authenticator = mutationsOf('functions/aws/authenticator.ts', 'test/functions/auth.test.ts');
const keys = mutationsOf('functions/aws/registered-keys.ts', 'test/functions/auth.test.ts');
const oidc = mutationsOf('functions/aws/oidc-keys.ts', 'test/functions/oidc.test.ts');
const shapes = mutationsOf('functions/aws/oidc-shapes.ts', 'test/functions/oidc.test.ts');
const unknown = mutationsOf('functions/aws/registered-keys.ts', 'test/functions/unknown-kids.test.ts');
const presented = mutationsOf('functions/aws/presented-token.ts', 'test/functions/presented-token.test.ts');
const peers = mutationsOf('functions/aws/peers.ts', 'test/functions/adapters.test.ts');
const housekeeping = mutationsOf('functions/housekeeping.handler.ts', 'test/functions/housekeeping.system.test.ts');
const judging = mutationsOf('functions/restore-validation.handler.ts', 'test/functions/backups.system.test.ts');

export const FUNCTIONS_AWS: readonly TestedMutation[] = [
  sent(
    'item-as-it-was',
    'what was written a moment ago is not there, and is written again',
    'Key: keyAttributes(key), ConsistentRead: true',
    'Key: keyAttributes(key), ConsistentRead: false',
  ),
  sent(
    'partition-as-it-was',
    'an order is folded from some of its facts',
    'ConsistentRead: true,\n        ExclusiveStartKey',
    'ExclusiveStartKey',
  ),
  sent('first-page-of-a-partition', 'what does not fit into a megabyte is not there', 'if (!start) return items;', 'return items;'),
  sent('oldest-first', 'a list begins with the oldest order', 'ScanIndexForward: false', 'ScanIndexForward: true'),
  sent('no-row-more', 'a list ends with its first page', 'Limit: limit + 1 - items.length', 'Limit: limit - items.length || 1'),
  sent('asked-for-an-empty-key', 'a list before everything is an outage', "if (before === '') return", "if (before === '~') return"),
  sent(
    'one-token-for-all',
    'the second transaction of a function is taken for the first, and not done',
    'ClientRequestToken: randomUUID()',
    "ClientRequestToken: '00000000-0000-0000-0000-000000000000'",
  ),
  sent(
    'plain-call-without-its-condition',
    'a fact is written over another one',
    'ConditionExpression: words.condition(write.guards, KEYS.partition),',
    '',
  ),
  sent('added-by-a-plain-call', 'a sum is added twice when its answer gets lost', '!guarded && write.add === undefined', '!guarded'),
  ended(
    'a-token-for-each-attempt',
    'a transaction whose answer got lost is done twice',
    'await client.send(command, { abortSignal: signal });',
    'await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: randomUUID() }), { abortSignal: signal });',
  ),
  ended(
    'own-fact-is-anothers',
    'a write that was done is refused as one that came too late',
    'given.doubtful && item && isOwn(write, item)',
    'false && item && isOwn(write, item)',
  ),
  ended(
    'any-fact-is-ones-own',
    'a write that lost to another one is called done once an answer got lost',
    'given.doubtful && item && isOwn(write, item)',
    'given.doubtful && item',
  ),
  ended(
    'equal-is-ones-own',
    'of two that write the same fact both are told that they were the first',
    'given.doubtful && item && isOwn(write, item)',
    'item && isOwn(write, item)',
  ),
  ended(
    'last-that-failed',
    'of several guards the last one that failed is told',
    'CancellationReasons.findIndex(({ Code })',
    'CancellationReasons.findLastIndex(({ Code })',
  ),
  attempts('doubt-forgotten', 'a write that may have been done is called undone', 'doubtful ||= failure', 'doubtful = failure'),
  attempts(
    'asked-in-vain',
    'a call that lacks a permission is repeated until its time is over',
    "failure === 'lasting' || counts.failed >= limits.attempts",
    'counts.failed >= limits.attempts',
  ),
  attempts(
    'server-error-is-certain',
    'a write that a table failed at is called undone',
    "? 'unknown' : 'lasting'",
    "? 'not-applied' : 'lasting'",
  ),
  attempts(
    'reset-is-certain',
    'a write whose connection was reset is called undone',
    "isUnsent(error) ? 'not-applied' : 'unknown'",
    "'not-applied'",
  ),
  attempts(
    'unreachable-is-certain',
    'a write on a connection that had stood is called undone because its host is out of reach now',
    'BEFORE_SENDING.has(String(error.syscall))',
    "['connect', 'getaddrinfo', 'read', 'write'].includes(String(error.syscall))",
  ),
  attempts(
    'one-address-of-a-table-is-all',
    'a write is called undone because one of several addresses was out of reach',
    'error.errors.length > 0 && error.errors.every(isUnsent)',
    'error.errors.some(isUnsent)',
  ),
  attempts(
    'conflicts-are-trouble',
    'transactions that meet are an outage',
    "BUSY_REASONS.has(code)) ? 'busy' : 'not-applied'",
    "BUSY_REASONS.has(code)) ? 'not-applied' : 'not-applied'",
  ),
  attempts(
    'hot-key-is-trouble',
    'what many want at once is answered as an outage',
    "isHotKey(error) ? 'busy' : 'not-applied'",
    "isHotKey(error) ? 'not-applied' : 'not-applied'",
  ),
  attempts('full-table-is-a-hot-key', 'a table at its limit for everybody raises no alarm', "reasons === '[]' || ", 'true || '),
  attempts(
    'doubt-is-busy',
    'a write that may have been done is called undone',
    'return doubtful ? new StoreUnavailable',
    'return false ? new StoreUnavailable',
  ),
  attempts(
    'busy-uses-up-failures',
    'two conflicts and one failure are an outage',
    '|| counts.failed >= limits.attempts',
    '|| counts.failed + counts.busy >= limits.attempts',
  ),
  attempts(
    'busy-without-end',
    'a function ends before it gives way to others',
    '|| chance.elapsed() - startedMs >= limits.busy.withinMs',
    '',
  ),
  attempts('busy-all-at-once', 'those that lost come back ever later', 'Math.min(busy.backoffMaxMs, ', 'Math.max(0, '),
  attempts('mistakes-are-outages', 'an item that is too large is sent four times', "new Set([\n  'ValidationException',", 'new Set(['),
  attempts(
    'attempts-without-end',
    'a function ends before its table is given up',
    'attempts: 4,\n  attemptMs: 1_000',
    'attempts: 6,\n  attemptMs: 1_000',
  ),
  attempts(
    'deep-check-too-long',
    'a verdict comes when the prober has gone',
    'attempts: 2,\n  attemptMs: 750',
    'attempts: 3,\n  attemptMs: 750',
  ),
  attempts('all-at-once-again', 'callers that failed together come back together', 'chance.random() * boundMs', 'boundMs'),
  attempts(
    'attempts-that-hang',
    'an attempt waits for the SDK to give it up',
    'AbortSignal.timeout(limits.attemptMs)',
    'AbortSignal.timeout(60_000)',
  ),
  tables('sdk-repeats-too', 'each attempt of the store is three', 'maxAttempts: 1', 'maxAttempts: 3'),
  tables('sdk-only-warns', 'a client waits for an answer that never comes', 'throwOnRequestTimeout: true', 'throwOnRequestTimeout: false'),
  seldom('asked-once', 'a deployment fails by one lost answer', 'const ATTEMPTS = 3', 'const ATTEMPTS = 1'),
  scan('whole-table-strongly', 'a restored copy that nobody writes is read at twice the price', 'consistent = false', 'consistent = true'),
  scan(
    'first-page-of-a-part',
    'partitions are judged by what stands on their first page',
    'start = LastEvaluatedKey;',
    'start = undefined;',
  ),
  authenticator(
    'seen-is-right',
    'a token stays right though its key was replaced',
    'known?.authority === authority.id ? known.claims',
    'known ? known.claims',
  ),
  keys('removed-for-five-minutes', 'a key that was removed goes on for minutes', 'KEY_AGE_MS_MAX = 30_000', 'KEY_AGE_MS_MAX = 300_000'),
  keys('new-key-unknown', 'a key that was just made is unknown for half a minute', 'nowMs, MISS_AGE_MS_MAX)', 'nowMs, KEY_AGE_MS_MAX)'),
  unknown('strangers-read-the-table', 'each made-up name of a key is a read of the table', 'if (!this.#budget.take())', 'if (false)'),
  unknown('known-keys-pay', 'callers with new keys use up what strangers are looked up with', 'if (key) this.#budget.giveBack();', ''),
  unknown(
    'keys-of-256',
    'more keys than a few are read at each request',
    'KNOWN_CHARACTERS_MAX = 8_000_000',
    'KNOWN_CHARACTERS_MAX = 100_000',
  ),
  unknown(
    'kept-until-then',
    'a clock that was set back keeps a removed key for hours',
    'isYounger(known.atMs, nowMs, KEY_AGE_MS_MAX)',
    'nowMs - known.atMs < KEY_AGE_MS_MAX',
  ),
  presented(
    'any-extension',
    'a token is read though it says that it must be read in another way',
    "['crit', 'b64', 'zip', 'cty']",
    "['b64', 'zip', 'cty']",
  ),
  presented('token-of-any-type', 'a token to log out lets somebody in', '|| !isTyped ||', '||'),
  presented('last-name-counts', 'a token that two readers understand differently counts', '|| names.has(name)', ''),
  presented(
    'spoilt-bytes',
    'two subjects of broken bytes are one',
    "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
    "new TextDecoder('utf-8', { ignoreBOM: true })",
  ),
  oidc('any-issuer', 'keys of another issuer sign', 'if (found.issuer !== this.#issuer) throw', 'if (false) throw'),
  oidc('callers-choose-the-load', 'invented names of keys make a flood for the issuer', '&& !this.#budget.take())', '&& false)'),
  mutationsOf('functions/aws/authenticator.ts', 'test/functions/oidc.test.ts')(
    'one-key-for-a-name',
    'of two keys of one name one does not count',
    'for (const jwk of jwks)',
    'for (const jwk of jwks.slice(-1))',
  ),
  oidc(
    'issuer-holds-up',
    'a request whose key is known waits for an issuer that hangs',
    'await inTime(renewal, RENEWAL_WAIT_MS).catch(() => undefined)',
    'await renewal',
  ),
  oidc(
    'withdrawn-is-unknown',
    'what the issuer has withdrawn is told as an outage',
    'this.#withdrawn.get(kid) === undefined',
    'kid !== undefined',
  ),
  oidc(
    'asked-before-it-was-new',
    'an answer that is older than the key refuses it',
    'if (this.#known.has(kid)) return;\n    }',
    'return;\n    }',
  ),
  shapes(
    'wrapping-key-signs',
    'a key that is for other operations checks signatures',
    "(data.key_ops?.includes('verify') ?? true)",
    'true',
  ),
  oidc(
    'issuer-down-all-down',
    'nobody is known while the issuer is down',
    'const renewal = this.#load().catch(() => undefined);',
    'const renewal = this.#load();\n    await renewal;',
  ),
  peers(
    'peer-asked-on',
    'a look at a peer takes longer than its caller waits',
    'limits: Limits = { attempts: 1,',
    'limits: Limits = { attempts: 3,',
  ),
  peers(
    'peer-takes-the-deadline',
    'one attempt at a silent peer takes the whole deadline of its caller',
    'Math.ceil(replicatedDeadlineMs / 2)',
    'replicatedDeadlineMs',
  ),
  peers(
    'peers-fill-the-log',
    'a peer without a permission is told of at each request',
    'if (nowMs - toldAtMs >= TOLD_EVERY_MS) {',
    'if (nowMs) {',
  ),
  mutationsOf('functions/aws/stream-work.ts', 'test/functions/adapters.test.ts')(
    'from-the-last-that-asked',
    'of a batch that failed the first records are not brought again',
    '&& !work.has(name)',
    '',
  ),
  mutationsOf('functions/aws/bounded-cache.ts', 'test/functions/adapters.test.ts')(
    'cache-without-end',
    'callers that make up names of keys fill the memory',
    'if (this.#weight <= this.#weightMax) return;',
    'if (this.#weight <= 9 * this.#weightMax) return;',
  ),
  mutationsOf('functions/aws/marshal.ts', 'test/functions/adapters.test.ts')(
    'any-number-is-sent',
    'a number comes back as another one',
    'if (!Number.isSafeInteger(value)) throw',
    'if (false) throw',
  ),
  housekeeping(
    'not-yet-is-never',
    'what arrives while a region may not write is never worked on',
    "kept.kind === 'closed' ? work :",
    "kept.kind === 'closed' ? [] :",
    'gives back the records',
  ),
  housekeeping(
    'late-is-done',
    'what there was no time for is never worked on',
    'failed: [...failed, ...late] };',
    'failed };',
    'gives back the records',
  ),
  housekeeping(
    'hopeless-holds-up',
    'an order that nobody can read holds up all that comes after it for two hours',
    '(hopeless ? [] : [each])',
    '[each]',
    'sets aside an order',
  ),
  housekeeping(
    'failed-is-done',
    'work that failed is not brought again',
    'failed.push({ work: item,',
    'if (work.length > 99) failed.push({ work: item,',
    'gives back the records',
  ),
  judging('judged-again', 'a verdict that was given is given anew', 'if (judged) return;', '', 'judges once'),
  judging(
    'nothing-seen-is-right',
    'a backup of which nothing was read is called right',
    'if (read === 0)',
    'if (read < 0)',
    'how much it saw',
  ),
  mutationsOf('functions/backup-watch.handler.ts', 'test/functions/backups.system.test.ts')(
    'not-seen-in-silence',
    'a watch that sees nothing looks like one that sees all',
    'if (reasons.length > 0) throw',
    'if (false) throw',
    'cannot see something',
  ),
  mutationsOf('functions/api.handler.ts', 'test/functions/api-handler.system.test.ts')(
    'waits-look-slow',
    'a version looks slow because callers ask it to wait for another region',
    'latencyMs - waitedMs',
    'latencyMs',
    'own latency',
  ),
];
