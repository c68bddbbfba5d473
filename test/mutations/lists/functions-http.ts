/** The API between HTTP and the rules. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const EVERY = 'test/functions/every-write.test.ts';
const ONCE = 'test/functions/every-write-once.test.ts';
const REQUESTS = 'test/functions/api-requests.test.ts';

const preconditions = mutationsOf('functions/http/preconditions.ts', 'test/functions/records.test.ts');
const KEYS = 'test/functions/record-keys.test.ts';
const keyed = mutationsOf('functions/http/user-routes.ts', KEYS);
const formOfKey = mutationsOf('functions/http/input.ts', KEYS);
const missing = mutationsOf('functions/core/records.ts', KEYS);
const api = mutationsOf('functions/http/api.ts', EVERY);
const refused = (test: string) => mutationsOf('functions/http/refusal.ts', test);
const timed = mutationsOf('functions/http/api.ts', 'test/functions/durability.test.ts');
const told = mutationsOf('functions/http/api.ts', ONCE);
const consistency = mutationsOf('functions/http/consistency.ts', 'test/functions/consistency.test.ts');
const demanded = mutationsOf('functions/http/consistency.ts', 'test/functions/durability.test.ts');
const input = mutationsOf('functions/http/input.ts', EVERY);
const raw = mutationsOf('functions/http/input.ts', REQUESTS);
const request = mutationsOf('functions/http/input.ts', 'test/functions/every-request.test.ts');
const options = mutationsOf('functions/http/cross-origin.ts', 'test/functions/every-request.test.ts');
const bytes = mutationsOf('functions/http/body-text.ts', EVERY);
const text = mutationsOf('functions/http/body-text.ts', 'test/functions/every-body.test.ts');
const faithful = mutationsOf('functions/http/faithful.ts', 'test/functions/records.test.ts');
const open = mutationsOf('functions/http/open-routes.ts', 'test/functions/api-regions.test.ts');

export const FUNCTIONS_HTTP: readonly TestedMutation[] = [
  keyed(
    'edit-forgets-its-key',
    'a repeated edit of a record is refused, although its key was sent',
    'input.keyIfGiven() ?? keyOfNobody()',
    'keyOfNobody()',
  ),
  keyed(
    'nobody-is-one',
    'of two equal edits without a key both succeed',
    'input.keyIfGiven() ?? keyOfNobody()',
    "input.keyIfGiven() ?? 'nobody'",
  ),
  formOfKey(
    'any-key-of-an-edit',
    'an edit is taken under a key that no other region takes',
    'formed(FORMS.idempotencyKey, given, `header ${HEADERS.idempotencyKey}`)',
    'given',
  ),
  missing(
    'incomplete-untold',
    'who reads a record does not hear that versions of it are missing',
    '...(incomplete ? { incomplete } : {}),',
    '...(incomplete ? {} : {}),',
  ),
  refused('test/functions/busy.test.ts')(
    'busy-is-an-outage',
    'a popular thing is answered 503',
    'if (error instanceof StoreBusy)',
    'if (false)',
  ),
  preconditions(
    'weak-tag-matches',
    'a record is read under a tag that a proxy weakened, as if it were the same bytes',
    '!weak && opaque === tag',
    'opaque === tag',
  ),
  preconditions('edit-from-a-weak-tag', 'an edit is made from a state that is only like the one that was read', 'if (tag.weak || ', 'if ('),
  preconditions(
    'edit-from-two-states',
    'an edit that names two states is made from the first',
    'tag === undefined || others.length > 0',
    'tag === undefined',
  ),
  preconditions(
    'condition-with-a-tail',
    'a condition with something behind it that nobody can read is taken for the one without',
    '!FORMS.tags.pattern.test(given)',
    "!given.includes('\"')",
  ),
  api(
    'put-passes-the-gate',
    'a region that may not write takes edits of records',
    "method !== 'GET' ? openGate",
    "method === 'POST' ? openGate",
    '^putRecord',
  ),
  api(
    'nobody-is-drained',
    'a region that is evacuated goes on for ever',
    '!isSynthetic(subject) && isDrained',
    'isSynthetic(subject) && isDrained',
    'evacuated',
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/api-regions.test.ts')(
    'stranger-answers',
    'a region that is being rebuilt says that a token is unknown, and does not send its caller elsewhere',
    "!gate.open && gate.reason !== 'behind'",
    "!gate.open && gate.reason === 'retired'",
    'rebuilt',
  ),
  api('any-scope-will-do', 'a token for reading writes', 'identity.scopes.includes(scope)', 'identity.scopes.length > 0', 'scope'),
  api(
    'made-is-changed',
    'a caller is not told that its record is new',
    'created === true ? (success.created ?? success.status) : success.status',
    'success.status',
    '^putRecord',
  ),
  api(
    'unknown-queries-pass',
    'a parameter that is misspelt is ignored, and its caller believes in it',
    "if (!('query' in ROUTES[route])) input.refuseQuery();",
    '',
    'query',
  ),
  api(
    'edits-answered-as-reads',
    'an edit that was made is answered as if its precondition had failed',
    "ROUTES[name].method !== 'GET' || tag",
    'tag',
    '^putRecord',
  ),
  told(
    'done-or-done-here',
    'a write that no other region was seen to hold looks as if one were',
    "durability === 'local' && method !== 'GET'",
    "durability === 'local' && method === 'GET'",
    'replicated',
  ),
  told(
    'replay-looks-new',
    'a caller is not told that its request was done before',
    "(outcome.replayed ? { [HEADERS.replayed]: 'true' } : {})",
    '{}',
    'done once',
  ),
  refused(ONCE)(
    'lost-table-is-a-fault-here',
    'a caller whose write may have been done is told of a defect, and not to send it again',
    "error instanceof StoreUnavailable)\n    return new Refusal(\n      'unavailable'",
    "error instanceof StoreUnavailable)\n    return new Refusal(\n      'internal'",
    'unknown outcome',
  ),
  told(
    'peer-asked-of-nothing',
    'a write is replicated when what its caller was told before is',
    "method === 'GET' ? demands.keys : outcome.carriers",
    'demands.keys',
    'replicated',
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/api.test.ts')(
    'tag-of-what-has-none',
    'an order comes with a tag that says "undefined", and caches keep it under that',
    'outcome.tag === undefined ? {} : {',
    'false ? {} : {',
    'ETag',
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/durability.test.ts')(
    'replicated-though-not-here',
    'what a peer alone holds is called replicated',
    "learnt.stale && method === 'GET' ? 'local'",
    "learnt.stale && method !== 'GET' ? 'local'",
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/synthetic-callers.test.ts')(
    'canary-counts-as-a-user',
    'failures of canaries wake somebody as failures of users',
    "isSynthetic(identified.identity.subject) ? 'synthetic' : 'user'",
    "'user'",
  ),
  mutationsOf('functions/http/answers.ts', EVERY)(
    'evacuated-for-a-second',
    'callers of an evacuated region come back each second',
    'evacuated: 30',
    'evacuated: 1',
    'evacuated',
  ),
  mutationsOf('functions/contract/names.ts', 'test/functions/api.test.ts')(
    'kept-by-caches',
    'a cache on the way answers for the region',
    "'cache-control': 'no-store', ",
    '',
  ),
  consistency(
    'tokens-without-end',
    'a request makes a region look for as many things as its caller likes',
    'tokens.length > TOKENS_MAX',
    'false',
  ),
  consistency('stale-in-silence', 'a caller takes what a region has not heard of for gone', '(stale ? {', '(false ? {'),
  demanded(
    'any-word-is-replicated',
    'a caller that asks for a durability that there is not believes that it has it',
    "replicated && durability.join() !== 'replicated'",
    'false',
  ),
  demanded(
    'read-replicated-of-nothing',
    'a read without a token says that nothing in particular is replicated',
    "replicated && method === 'GET' && tokens.length === 0",
    'false',
  ),
  bytes(
    'body-of-one-byte-less',
    'a body of exactly the allowed length is refused',
    "if (bytes > LIMITS.bodyBytes) throw new Refusal('too-large'",
    "if (bytes >= LIMITS.bodyBytes) throw new Refusal('too-large'",
    'so many bytes',
  ),
  bytes(
    'any-type-of-content',
    'a form of a web page writes',
    'if (essence !== MEDIA_TYPE)',
    'if (type === undefined)',
    'another type of content',
  ),
  input(
    'any-key-will-do',
    'a key that is as short as a number means the same as that of another operation',
    'formed(FORMS.idempotencyKey, given, `header ${HEADERS.idempotencyKey}`)',
    'given',
    'from another',
  ),
  request(
    'one-of-two-values',
    'of two values the first one counts, and the caller may mean the other',
    'if (more.length > 0) return true;',
    '',
  ),
  request('joined-lines-pass', 'two lines that a proxy joined are one value', "first.includes(',') &&", 'false &&'),
  request(
    'decoded-again',
    'what is encoded twice is another thing at each place that decodes it',
    "formed(form, this.#event.pathParameters?.[name] ?? '',",
    "formed(form, decodeURIComponent(this.#event.pathParameters?.[name] ?? ''),",
  ),
  options(
    'every-page-may-call',
    'a page of any origin may call with its reader at the keyboard',
    'origins.includes(origin) ? origin',
    'origin !== "" ? origin',
  ),
  options(
    'origin-by-its-beginning',
    'an origin that begins as a good one passes',
    'origins.includes(origin)',
    'origins.some((each) => origin.startsWith(each))',
  ),
  mutationsOf('functions/contract/schemas.ts', 'test/functions/openapi-both-ways.test.ts')(
    'counted-in-halves',
    'a note of characters that are two of JavaScript is refused at half the length that the document says',
    'value.length > maximum && [...value].length > maximum',
    'value.length > maximum',
    '^placeOrder',
  ),
  mutationsOf('functions/contract/values.ts', 'test/functions/every-request.test.ts')(
    'dots-are-names',
    'an id that clients and proxies resolve leads to another path',
    '(?!\\.{1,2}$)',
    '',
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/every-request.test.ts')(
    'subject-of-no-text',
    'a caller whose name no table holds is answered 5xx for ever',
    'if (!isText(identified.identity.subject))',
    'if (false)',
  ),
  text('replaced-characters', 'what is no text is kept with other characters in it', 'fatal: true', 'fatal: false'),
  text('mark-is-dropped', 'a byte order mark is refused or not by the way that a body came', 'ignoreBOM: true', 'ignoreBOM: false'),
  text('any-charset', 'text of another charset is read as UTF-8', 'charsets.some(', '[].some('),
  text('any-coding', 'what was compressed is taken for JSON', "coding === '' || coding === 'identity'", 'coding.length < 99'),
  text('spoilt-text-passes', 'what API Gateway made of bytes that are no text is kept', 'text.includes(REPLACEMENT)', 'false'),
  raw('problems-without-end', 'an answer tells fifty problems of a request that is noise', 'issues.slice(0, ERRORS_MAX)', 'issues'),
  mutationsOf('functions/http/event.ts', REQUESTS)(
    'headers-by-their-case',
    'a caller whose library writes headers in capitals is refused',
    '(name) => name.toLowerCase()',
    '(name) => name',
  ),
  mutationsOf('functions/http/event.ts', 'test/functions/api.test.ts')(
    'any-correlation-id',
    'a caller writes what it likes into the log',
    '/^[A-Za-z0-9_-]{8,64}$/',
    '/^[A-Za-z0-9 _-]{8,99}$/',
  ),
  faithful('equal-names', 'of two members of one name the last is kept', 'object.names?.has(name)', 'false'),
  faithful(
    'any-depth',
    'a record comes back that its readers cannot follow',
    'open.length >= LIMITS.depth',
    'open.length >= 9 * LIMITS.depth',
  ),
  faithful('numbers-rounded', 'a number comes back as another one', 'return isExact(token) ?', 'return true ?'),
  faithful('sign-of-zero', 'a number comes back as another one that is as large', '!Object.is(value, -0) && ', ''),
  faithful(
    'half-a-character',
    'text is kept that no other program can read',
    '.isWellFormed() ? undefined : ',
    '.isWellFormed() || true ? undefined : ',
  ),
  open(
    'always-healthy',
    'a region whose table does not answer keeps its callers',
    "verdict === 'pass' ? 200 : 503",
    "verdict === 'pass' ? 200 : 200",
  ),
  open('switch-of-nowhere', 'a checker of a region that there is not is told that all is well', '!regions.includes(region)', 'false'),
  open('unheard-of-passes', 'a region that never told its verdict passes', 'beat?.verdict ?? null', "beat?.verdict ?? 'pass'"),
  open(
    'switch-of-the-asked',
    'a region that is evacuated is told as its peer',
    'const control = controlOf(world, region);',
    'const control = controlOf(world, own);',
  ),
  open('age-below-none', 'a heartbeat is told to come from the future', 'Math.max(0, nowMs - beat.atMs)', 'nowMs - beat.atMs'),
  consistency(
    'tokens-wait-as-for-a-peer',
    'a caller waits for its own writes as long as for a peer, or not at all',
    'waitMs: props.tokenWaitMs',
    'waitMs: props.replicatedDeadlineMs',
  ),
  demanded(
    'peers-wait-as-for-tokens',
    'a write is called local because tokens are given less time than a peer',
    'waitMs: props.replicatedDeadlineMs }',
    'waitMs: props.tokenWaitMs }',
  ),
  timed('last-wait-counts', 'of two waits for other regions one makes this region look slow', 'learnt.waitedMs +=', 'learnt.waitedMs ='),
  timed(
    'waits-are-the-latency',
    'a region whose table is slow looks fast',
    'latencyMs: clock.now() - startedMs,',
    'latencyMs: learnt.waitedMs,',
  ),
  mutationsOf('functions/http/api.ts', 'test/functions/api-regions.test.ts')(
    'ask-another-but-whom',
    'a caller is sent to another region, and not told to which',
    'outcome.region === undefined ? {} : { members: { region: outcome.region } }',
    '{}',
  ),
  mutationsOf('functions/http/user-routes.ts', 'test/functions/consistency-lists.test.ts')(
    'pages-of-two-hundred',
    'a caller who does not say gets ten times what the contract says',
    'const PAGE_DEFAULT = 20',
    'const PAGE_DEFAULT = 200',
  ),
];
