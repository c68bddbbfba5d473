/** Those of the rules that no schedule of the simulator decides: what is read from a table, judged, compared and repaired. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const gate = mutationsOf('functions/core/operations.ts', 'test/core/gate.test.ts');
const view = mutationsOf('functions/core/monitor.ts', 'test/core/monitor.test.ts');
const writer = mutationsOf('functions/core/writer.ts', 'test/core/writer.test.ts');
const hlc = mutationsOf('functions/core/hlc.ts', 'test/core/hlc.test.ts');
const validate = mutationsOf('functions/core/validate.ts', 'test/core/validate.test.ts');
const restore = mutationsOf('functions/core/restore.ts', 'test/core/restore.test.ts');
const bounds = mutationsOf('functions/core/order-events.ts', 'test/core/order-bounds.test.ts');
const anew = mutationsOf('functions/core/restore-compare.ts', 'test/core/restore-told-anew.test.ts');
const keys = mutationsOf('functions/core/keys.ts', 'test/core/keys.test.ts');
const owner = mutationsOf('functions/core/owner.ts', 'test/core/owner.test.ts');
const owners = mutationsOf('functions/core/keys.ts', 'test/functions/owners.test.ts');
const shortage = mutationsOf('functions/core/out-of-stock.ts', 'test/core/wishes.test.ts');
const wishes = mutationsOf('functions/core/wishes.ts', 'test/core/wishes.test.ts');
const sharing = mutationsOf('functions/core/sharing.ts', 'test/core/sharing.test.ts');
const tokens = mutationsOf('functions/core/token.ts', 'test/functions/token-owners.test.ts');
const silent = mutationsOf('functions/core/peer-memory.ts', 'test/core/peer-memory.test.ts');
const secrets = mutationsOf('functions/core/secrets.ts', 'test/core/token.test.ts');
const selling = mutationsOf('functions/core/selling.ts', 'test/core/tills.test.ts');
const tills = mutationsOf('functions/core/tills.ts', 'test/core/tills.test.ts');
const tilled = mutationsOf('functions/core/restore-stock.ts', 'test/core/tills.test.ts');
const tasks = mutationsOf('functions/core/tasks.ts', 'test/functions/housekeeping.system.test.ts');

const damagedFor = (file: string) => mutationsOf(`functions/core/${file}`, 'test/functions/damaged-items.test.ts');

/** What a damaged item does to those who meet it. */
const DAMAGE: readonly TestedMutation[] = [
  mutationsOf('functions/core/validate-item.ts', 'test/core/validate.test.ts')(
    'any-count-of-edits',
    'a count of edits that cannot be is found right',
    'if (counts.some((each) => editCountOf(each) === undefined))',
    'if (false)',
  ),
  damagedFor('records.ts')(
    'damaged-version-is-busy',
    'an edit whose version cannot be read is 429 for ever',
    'if (failed === 0 && !foldRecord([item]))',
    'if (false)',
  ),
  damagedFor('records.ts')(
    'damaged-count-is-busy',
    'a count that cannot be compared keeps edits out for ever, with 429',
    'if (failed === 1 && head',
    'if (false && head',
  ),
  damagedFor('records.ts')('mended-untold', 'nobody hears that a count was mended', 'context.mended?.(headKey)', 'undefined'),
  damagedFor('record-fold.ts')(
    'any-count-counts',
    'an edit after a version that says it is the last one there can be is 500',
    '&& value <= EDITS_MAX',
    '',
  ),
  damagedFor('item.ts')(
    'any-number',
    'what is added to a number that nobody can write is 500',
    "=> typeof value === 'number' && Number.isSafeInteger(value)",
    "=> typeof value === 'number'",
  ),
  damagedFor('selling.ts')(
    'damaged-acceptance-is-short',
    'an order that cannot be read is out of stock',
    'if (failed === 0 && !foldOrder',
    'if (false && !foldOrder',
  ),
  damagedFor('order-items.ts')(
    'ends-what-it-cannot-write',
    'shipping an order with a number that nobody can write is 500',
    'if (accepted && !Object',
    'if (false && accepted && !Object',
  ),
  damagedFor('order-events.ts')(
    'damaged-payment-is-paid',
    'a payment that no reader sees is told as done',
    "if (!ok) throw new Damaged(item, 'is there, and says no payment');",
    '',
  ),
];

export const CORE: readonly TestedMutation[] = [
  selling(
    'refused-between-two-looks',
    'an order is refused that looked at the row before a till was folded into it, and at the till after',
    'if (again.rev === counter.rev) return undefined;',
    'return undefined;',
  ),
  selling('tills-for-canaries', 'what a canary leaves never expires', '!isSyntheticSku(sku)', 'true'),
  selling('row-before-till', 'all orders of a hot sku go on asking one row', 'isHot(context, line) ? atTill', 'false ? atTill'),
  tills(
    'closed-over-units',
    'tills are called empty that have been drawn to since they were looked at',
    'set: { tills: 0 }, guards }]);',
    'set: { tills: 0 } }]);',
  ),
  tills('tills-for-ever', 'each look at a sku that was once hot costs seventeen reads', 'nowMs - own.drawnAtMs >= CALM_MS', 'false'),
  tilled('tills-kept-over-a-repair', 'what a repair puts back can be sold at a till, too', '...tills.map(emptied)]', ']'),
  ...DAMAGE,
  shortage(
    'short-is-short',
    'what was short a moment ago is refused, though it can be sold by now',
    'return doubtful.some((line, index) => isShort(context, line, rows[index] ?? []) && !hasTills(context, rows[index] ?? []));',
    'return doubtful.length > 0;',
  ),
  shortage('sold-out-is-forgotten', 'each refused order costs a transaction', 'context.shortages?.seen(line.sku, nowMs)', 'undefined'),
  shortage(
    'said-again',
    'each refusal of the same writes a wish',
    'if (wasSaid(await readWishes(context, sku), context.writer, units, nowMs)) return;',
    'await readWishes(context, sku);',
  ),
  shortage(
    'wish-fails-refusal',
    'a table that takes no wish answers 503 to whoever is refused',
    'if (!(error instanceof StoreUnavailable)) throw error;',
    'throw error;',
  ),
  wishes('wishes-stay', 'the table keeps wishes for ever', '[EXPIRES]: Math', "['kept']: Math"),
  wishes('exact-wishes', 'a thousand refusals that grow leave a thousand wishes', '2 ** Math.ceil(Math.log2(Math.max(1, units)))', 'units'),
  wishes(
    'one-part-asked-for',
    'a wish of a few minutes ago is not heard',
    'new Set([nowMs - WISH_MS, nowMs + AHEAD_MS]',
    'new Set([nowMs + AHEAD_MS]',
  ),
  wishes('clocks-are-right', 'a wish of a clock that is ahead counts for as long', ' && wish.slot * SLOT_MS <= nowMs + AHEAD_MS', ''),
  sharing('the-first-gets-all', 'of several that ask one gets all', 'Math.floor(left / (lacks.length - index))', 'left'),
  sharing('to-and-fro', 'two that ask for much hand the last units to and fro', 'asksItself ? share : Math', 'false ? share : Math'),
  sharing('paces-never-end', 'what was sold years ago is kept for ever', '(since * PACE_MS) / elapsedMs', 'since'),
  validate('hidden-edits', 'a count that hides an edit from every reader is found right', 'if (hidden) this', 'if (false) this'),
  validate(
    'edits-to-come',
    'a count that hides edits which are still to come is found right',
    'this.#check(told <= rev',
    'this.#check(true',
  ),
  validate('wishes-hide-rows', 'stock that somebody wished for is not checked', '!== undefined && !wishOf(item)', '!== undefined'),
  gate(
    'clocks-never-differ',
    'a region that was given up writes, because of a heartbeat from before',
    '> resumedAtMs + CLOCK_SKEW_MS_MAX',
    '> resumedAtMs',
  ),
  gate(
    'unknown-verdict-passes',
    'a verdict of a later release reads as "pass"',
    "verdict === 'pass' || verdict === 'fail' ? verdict : undefined",
    "verdict === 'fail' ? 'fail' : 'pass'",
  ),
  gate(
    'gap-forgotten',
    'a region that was away writes with its second heartbeat',
    '? given.nowMs : own?.resumedAtMs',
    '? given.nowMs : undefined',
  ),
  gate(
    'new-among-others-writes',
    'a region whose table was emptied takes itself for a new system',
    ': world.beats.some((beat) => beat.region !== world.region)',
    ': false',
  ),
  gate(
    'all-evacuated-waited-for',
    'a region waits for ever for one that operators evacuated',
    '&& !each.evacuate && !each.closed',
    '&& !each.closed',
  ),
  gate('any-heartbeat-opens', 'a region that was away hears itself', 'const heard = peers.some', 'const heard = world.beats.some'),
  gate(
    'older-retires',
    'a region is retired by a peer that heard of an earlier incarnation',
    'newest > control.incarnation',
    'newest !== control.incarnation || peers.some((beat) => (beat.incarnations.get(world.region) ?? 0) < newest)',
  ),
  view(
    'closed-view-read-each-time',
    'a region that may not write reads one partition for each request that it refuses',
    'gateOf(await kept.value).open || this.#fresh(kept, CLOSED_VIEW_MS_MAX)',
    'gateOf(await kept.value).open',
  ),
  view(
    'closed-view-kept',
    'a region that was let in goes on refusing for seconds',
    'this.#fresh(kept, CLOSED_VIEW_MS_MAX)',
    'this.#fresh(kept)',
  ),
  writer(
    'tenth-before-ninth',
    'after its tenth rebuild a region is taken for its second incarnation',
    'return left.incarnation - right.incarnation;',
    'return String(left.incarnation) < String(right.incarnation) ? -1 : 1;',
  ),
  writer(
    'name-of-the-first',
    'the second incarnation writes under the name of the first',
    'incarnation === 1 ? region',
    'incarnation < 3 ? region',
  ),
  hlc(
    'counter-overflows',
    'a stamp of a busy millisecond sorts before those that came first',
    'this.#counter + 1 < 10 ** COUNTER_DIGITS',
    'true',
  ),
  hlc('any-future-is-believed', 'one clock that is a year ahead takes all others along', 'if (ms > nowMs + AHEAD_MS_MAX) return;', ''),
  hlc(
    'same-millisecond-not-seen',
    'an edit sorts before what it was made from, in the same millisecond',
    '|| (ms === this.#ms && counter > this.#counter)',
    '',
  ),
  validate(
    'orphans-are-fine',
    'a backup passes in which an edit comes from a version that is gone',
    'rev === own.length && !orphan',
    'rev === own.length',
  ),
  validate(
    'all-off-allowed',
    'a backup of a quiet store passes that does not add up',
    'this.#off <= allowed',
    'this.#off <= Math.max(1, allowed)',
  ),
  validate(
    'partial-sums-judged',
    'a backup of which a part was read fails by the orders in the rest',
    'if (whole)\n',
    'if (!whole || whole)\n',
  ),
  mutationsOf('functions/core/validate-item.ts', 'test/core/validate.test.ts')(
    'content-not-held',
    'a backup passes in which an order has another quantity than was accepted',
    "=== item['body'] ? undefined :",
    "!== '' ? undefined :",
  ),
  restore(
    'put-over-what-was-told-anew',
    'an order that its caller placed again meanwhile is overwritten unseen',
    "return [{ is: 'absent' }];",
    'return [];',
    'puts a fact back',
  ),
  restore(
    'put-over-what-changed',
    'what another operator repaired between the look and the write is overwritten unseen',
    "return comparable ? [{ is: 'equals', attribute, value }] : [];",
    'return [];',
    'puts a fact back',
  ),
  bounds(
    'payments-without-end',
    'one caller makes an order that takes down whoever reads it',
    'order.payments.length >= PAYMENTS_MAX',
    'false',
    'is refused a payment beyond',
  ),
  bounds(
    'a-wish-for-each-key',
    'each cancellation of a cancelled order is work in every region',
    "hashOf('cancel', given.subject, given.id);",
    "hashOf('cancel', given.subject, given.id, context.clock.now() + Math.random());",
    'is cancelled once',
  ),
  mutationsOf('functions/core/orders.ts', 'test/core/order-lists.test.ts')(
    'hidden-by-the-smaller',
    'a walk over pages never shows an order whose other acceptance arrives between two of them',
    'return smallest && placedOrder(',
    'return smallest?.writer !== writerOf(item) ? undefined : smallest && placedOrder(',
    'a walk over pages',
  ),
  mutationsOf('functions/core/rebuild.ts', 'test/core/recovery.test.ts')(
    'an-end-is-in-no-list',
    'an order of which only its shipment outlived its region is shown, and never listed',
    "type === 'END' && end[EXPIRES] === undefined",
    "type === 'NONE' && end[EXPIRES] === undefined",
    'of which only an end is left',
  ),
  mutationsOf('functions/core/order-items.ts', 'test/compat/writes.test.ts')(
    'an-end-drops-what-it-does-not-know',
    'what a later release wrote into an order is lost with its acceptance, because an earlier one shipped it',
    '    ...(accepted && saidBy(accepted)),\n',
    '',
    'answer as if there were one release',
  ),
  anew(
    'told-anew-is-damage',
    'an order that its owner placed again, with another body, gives way to the one that was deleted',
    'return after > (before ?? 0) &&',
    'return after < 0 &&',
    'leaves an order of another body',
  ),
  anew(
    'damage-is-told-anew',
    'what no writer makes stays, because it claims a later time',
    'damageOf(live) !== undefined',
    'false',
    'puts the old one over what is not',
  ),
  anew(
    'before-the-point-is-told-anew',
    'what a faulty client wrote with a time from before the point stays',
    'after > pointMs - CLOCK_SKEW_MS_MAX',
    'after > 0',
    'from before the point',
  ),
  anew(
    'shipped-by-the-order-before',
    'an order that was placed again with another body is shipped by the shipment of the one before',
    "['END', 'BOOKED'].includes",
    '[].includes',
    'does not ship an order',
  ),
  restore(
    'told-anew-in-its-region-alone',
    'a region that has not heard of what was told anew has the old fact put over it',
    '(kept.has(key) && !replace.has(key))',
    'false',
    'puts a fact back',
  ),
  mutationsOf('functions/core/restore-compare.ts', 'test/core/restore-compare.test.ts')(
    'canaries-restored',
    'what expired of canaries is called lost and put back',
    'past.filter(({ pk }) => !hidden.has(pk))',
    'past',
  ),
  mutationsOf('functions/core/listed.ts', 'test/functions/consistency-lists.test.ts')(
    'lists-of-others',
    "a token of somebody else's order shows it in one's own list",
    "textOf(item, 'owner') === owner &&",
    '',
  ),
  mutationsOf('functions/core/secrets.ts', 'test/functions/token-owners.test.ts')(
    'token-of-anybody',
    "whoever can guess a key learns whether somebody else's item is there",
    'given.length === right.length && timingSafeEqual(given, right)',
    'given.length === right.length',
    'putRecord',
  ),
  silent(
    'every-write-waits-in-the-dark',
    'while a peer is dark every write with it takes an environment for the whole deadline',
    "return { kind: 'leave' };",
    "return { kind: 'ask' };",
  ),
  silent('silent-for-ever', 'a peer that was dark once is never asked again', 'nowMs + SILENT_LOOK_MS', 'nowMs * 2 + 1e9'),
  mutationsOf('functions/core/consistency.ts', 'test/core/peer-memory.test.ts')(
    'looks-without-growth',
    'a request with tokens reads a partition ten times for each item that is missing',
    'distanceMs *= TOKEN_GROWTH',
    'distanceMs *= 1',
  ),
  tokens(
    'token-of-every-subject',
    "a token that somebody else was told answers questions about that one's data",
    'secret.made(mac, FORM, subject, pairsOf(keys))',
    "secret.made(mac, FORM, 'ann', pairsOf(keys))",
    'putRecord',
  ),
  tokens(
    'unknown-secret-is-wrong',
    'a region refuses what another one has just told, until a secret arrives',
    "typeof mac !== 'string') return UNKNOWN;",
    "typeof mac !== 'string') return WRONG;",
    'cannot be judged',
  ),
  mutationsOf('functions/core/token.ts', 'test/core/token.test.ts')(
    'altered-is-unknown',
    'a token that a proxy has cut makes answers stale for ever, and nobody says why',
    'token.startsWith(digestOf(text))',
    'true',
  ),
  secrets(
    'older-secret-signs',
    'a region goes on signing with the secret that an operator replaced',
    'numberIn(a) - numberIn(b)',
    'numberIn(b) - numberIn(a)',
  ),
  secrets(
    'secret-shown',
    'a log line of an object shows what tokens are signed with',
    'readonly #text: string;',
    'readonly #text: string;\n  readonly text = "do not tell";',
  ),
  keys('nobody-is-somebody', 'all who come without a name are one caller', "sub === undefined || sub === '' ||", 'sub === undefined ||'),
  keys(
    'shop-covers-shopper',
    'a key signs for subjects whose names begin almost as it says',
    'pattern.slice(0, -1)',
    'pattern.slice(0, -2)',
  ),
  mutationsOf('functions/core/token.ts', 'test/core/token.test.ts')(
    'token-without-end',
    'one token makes a region look for as many items as fit into a header',
    '|| pairs.length > KEYS_MAX',
    '',
  ),
  gate(
    'silence-evacuates',
    'a checker takes a region away that nobody evacuated',
    "return { evacuate: false, reason: 'no switch says evacuate' };",
    "return { evacuate: true, reason: 'no switch says evacuate' };",
  ),
  keys(
    'removed-in-one-region-only',
    'a key that an operator removed signs on',
    "if (items.some((item) => item.sk.startsWith('REMOVED#'))) return undefined;",
    '',
  ),
  keys(
    'token-for-ever',
    'a token without an end is taken',
    'if (exp === undefined) return',
    "if (exp === undefined && scope === '~') return",
  ),
  owners(
    'owner-without-issuer',
    "what two authorities call by one name is one owner, who sees the other's orders",
    'subject: ownerOf(authority, sub)',
    'subject: sub',
  ),
  owner('issuers-of-one-hash', 'the subjects of all foreign issuers are one', "hashOf('issuer', kind, issuer)", "hashOf('issuer', kind)"),
  owner(
    'own-key-forges-an-owner',
    "a subject that is spelt like another issuer's owner is that owner",
    ' && !subject.startsWith(PREFIX)',
    '',
  ),
  owner('somebody-called-anonymous', 'a subject owns what everybody made where everybody might', 'subject !== ANONYMOUS && ', ''),
  keys(
    'a-canary-of-any-issuer',
    "another issuer's caller is taken for a canary: not counted, not evacuated",
    "|| (isSynthetic(sub) && authority.kind !== 'own')",
    '',
  ),
  keys(
    'canary-key-as-it-says',
    "a cell registers a key of every user's as its canary's",
    'if (!isCanaryKid(kid)) return said;',
    'return said;',
  ),
  keys(
    'canary-of-no-region',
    'a key with half the name of a canary counts for all that it says',
    'return region === undefined\n    ? undefined',
    'return region === undefined\n    ? said',
  ),
  keys('subject-of-half-a-character', 'a subject without a form in UTF-8 is kept as another one', 'if (!sub.isWellFormed())', 'if (false)'),
  keys('key-outlives-its-end', 'a token outlives the key that signed it', 'Math.min(exp * 1000, grant.expiresAtMs)', 'exp * 1000'),
  keys('scopes-of-the-token', 'a token grants what its key may not', '.filter((each) => grant.scopes.includes(each))', ''),
  keys(
    'any-subject',
    'a key signs for subjects that it was not given',
    'if (!grant.subjects.some((pattern) => covers(pattern, sub)) ||',
    'if (',
  ),
  tasks(
    'tasks-without-end',
    'one call gives housekeeping more than it can do in its time',
    'given.length > TASKS_PER_CALL_MAX',
    'given.length > 9 * TASKS_PER_CALL_MAX',
    'asked by an operator',
  ),
  mutationsOf('functions/core/operations.ts', 'test/core/operations.test.ts')(
    'given-up-and-spoken-for',
    'DNS leads callers to a region that was given up and has not heard of it',
    'if (!evacuate && !fenced)',
    'if (!evacuate)',
  ),
  mutationsOf('functions/core/operations.ts', 'test/functions/alone.test.ts')(
    'alone-and-silent',
    'a region that nobody is heard in says nothing of it',
    'return silentMs > BEAT_GAP_MS_MAX ? silentMs : undefined;',
    'return undefined;',
  ),
  mutationsOf('functions/core/deployments.ts', 'test/core/deployments.test.ts')(
    'unknown-trial-passes',
    'a trial whose verdict is of a later release lets a version through',
    "?? ('fail' as const)",
    "?? ('pass' as const)",
  ),
  mutationsOf('functions/core/backup-state.ts', 'test/functions/backups.system.test.ts')(
    'bad-points-count',
    'a backup that failed makes the last good one look young',
    'event.good && event.table === table',
    'event.table === table',
    'newest whole recovery point',
  ),
];
