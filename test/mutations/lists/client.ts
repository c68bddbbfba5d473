/** The failover client. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const RESETS = 'test/client/resets.test.ts';
const FAILOVER = 'test/client/failover.test.ts';
const REFUSALS = 'test/client/refusals.test.ts';
const PURE = 'test/client/pure.test.ts';

const history = mutationsOf('client/history.ts', REFUSALS);
const operation = mutationsOf('client/operation.ts', RESETS);
const answer = mutationsOf('client/answer.ts', PURE);
const errors = mutationsOf('client/errors.ts', PURE);
const foreign = mutationsOf('client/answer.ts', 'test/client/answers.test.ts');
const unsendable = mutationsOf('client/json.ts', 'test/client/unsendable.test.ts');
const clock = 'test/client/clock.test.ts';
const circuit = mutationsOf('client/circuit.ts', PURE);
const next = mutationsOf('client/next-region.ts', REFUSALS);
const fleet = mutationsOf('client/fleet.ts', 'test/client/fleet.test.ts');
const tokens = mutationsOf('client/tokens.ts', 'test/client/tokens.test.ts');

export const CLIENT: readonly TestedMutation[] = [
  history(
    'refused-beside-a-doubt',
    'an operation is called undone that a silent region has done',
    'refusal && !this.mayHaveRun',
    'refusal',
  ),
  mutationsOf('client/history.ts', FAILOVER)(
    'given-up-is-undone',
    'an attempt that was given up is taken for one that was never sent',
    'this.mayHaveRun = true;\n    const result',
    'const result',
    'the caller can end',
  ),
  operation(
    'reset-is-not-sent',
    'an operation whose connection was reset is called undone',
    'if (verdict.sent) this.history.mayHaveRun = true;',
    '',
  ),
  mutationsOf('client/operation.ts', FAILOVER)(
    'retries-without-a-budget',
    'a region that answers slowly gets everything twice',
    'this.launches > 0 && !budget.take(nowMs, this.extraTo(member))',
    'false',
    'budget',
  ),
  mutationsOf('client/operation.ts', FAILOVER)(
    'hedge-waits-for-its-answer',
    'a region that hangs costs its callers all of their time',
    'this.nextMs = nowMs + settings.hedgeAfterMs + extra;',
    'this.nextMs = nowMs + settings.deadlineMs;',
    'overtaken',
  ),
  mutationsOf('client/operation.ts', REFUSALS)(
    'retry-after-ignored',
    'a region that asks for a rest is asked again at once',
    'member.circuit.rest(nowMs + (scope.retryAfterMs ?? this.jitter()));',
    '',
    '429',
  ),
  errors(
    'reset-proves-nothing-sent',
    'a reset in the middle of a request is taken for a refused connection',
    "unknown[] = ['connect', 'getaddrinfo'];",
    "unknown[] = ['connect', 'getaddrinfo', 'read', 'write'];",
  ),
  errors(
    'one-address-is-all',
    'a request is called unsent because one of several addresses was out of reach',
    'error.errors.length > 0 && error.errors.every(',
    'error.errors.some(',
  ),
  foreign(
    'any-2xx-is-done',
    'the page of a proxy is taken for the answer of the API',
    '!value || !fits(asked.route, value)',
    '!value',
    'another shape',
  ),
  foreign(
    'anybody-answers',
    'a captive portal does what a region was to do',
    'if (region !== asked.region)',
    'if (region !== null && region !== asked.region)',
    'the whole answer',
  ),
  foreign(
    'any-success-is-done',
    'what was put aside for later is told as done',
    'if (isSuccess(status, asked)) {',
    'if (status < 300) {',
    'accepted',
  ),
  foreign(
    'about-something-else',
    'the answer to another request is taken for the own one',
    'if (other !== undefined) return failed(`status ${status} about another ${other}`);',
    '',
    'something else',
  ),
  foreign(
    'any-problem-is-final',
    'a refusal of somebody else keeps callers from the region that would do it',
    '!problem || !isProblemOf(asked.route, problemName(problem), status)',
    '!problem',
    'a problem',
  ),
  mutationsOf('client/wire.ts', 'test/client/answers.test.ts')(
    'health-of-anybody',
    'a captive portal says that a region is well',
    "if (answer.headers.get('tandem-region') !== region) throw",
    'if (answer.status === 0) throw',
    'passed by',
  ),
  unsendable('holes-are-null', 'what comes back is not what was sent', 'isList && names.length !== value.length', 'false', 'holes'),
  unsendable(
    'nothing-is-left-out',
    'what comes back lacks what was sent',
    '    default:\n      return `',
    "    case 'undefined':\n      return undefined;\n    default:\n      return `",
    'undefined',
  ),
  unsendable('halves-of-characters', 'a text is sent that has no form', '!LONE_SURROGATE.test(text)', "text !== ''", 'half of'),
  mutationsOf('client/client.ts', 'test/client/unsendable.test.ts')(
    'time-begins-with-the-token',
    'an operation lasts longer than its caller allows',
    '      startMs,\n',
    '      startMs: runtime.monotonic(),\n',
    'too late',
  ),
  mutationsOf('client/operation.ts', clock)(
    'time-that-steps',
    'a clock that steps ends operations, or keeps them from ending',
    '    while (true) {\n      const nowMs = this.props.runtime.monotonic();',
    '    while (true) {\n      const nowMs = this.props.runtime.now() - (performance.timeOrigin + performance.now()) + performance.now();',
    'ends no operation',
  ),
  mutationsOf('client/operation.ts', 'test/client/tokens.test.ts')(
    'blamed-for-waiting',
    'a region that waits as it was asked to is taken for one that hangs',
    'const extra = extraMs(member);',
    'const extra = 0 * extraMs(member);',
    'lags',
  ),
  mutationsOf('client/wire.ts', 'test/client/tokens.test.ts')(
    'asked-without-end',
    'a region is asked for what it has shown to hold for as long as the caller lives',
    'tokens.held(call.path, region, recalled.tokens);',
    'tokens.held(call.path, region, []);',
    'asks a region once',
  ),
  mutationsOf('client/wire.ts', 'test/client/tokens.test.ts')(
    'not-asked-for-all',
    'an answer passes for current that was asked for a part of what was told',
    'recalled.more ? unshown(verdict) : verdict',
    'verdict',
    'asks for all of it',
  ),
  mutationsOf('client/wire.ts', 'test/client/tokens.test.ts')(
    'poisoned-by-a-token',
    'one token that a region refuses stops everything about its thing',
    'recalled.tokens.length > 0 && isOfTokens(verdict)',
    'false',
    'refuses the tokens',
  ),
  answer(
    'waits-for-a-day',
    'a region keeps its callers away for as long as it likes',
    'Math.min(Math.max(milliseconds, 0), RETRY_AFTER_MAX_MS)',
    'Math.max(milliseconds, 0)',
  ),
  circuit(
    'successes-not-counted',
    'three failures in a day open a circuit',
    "this.state = 'closed';\n    this.busy = false;\n    this.failuresInRow = 0;",
    "this.state = 'closed';\n    this.busy = false;",
  ),
  circuit(
    'trial-of-all-at-once',
    'a region that may be back gets all of its callers at once',
    "this.state === 'trial' && !this.busy",
    "this.state === 'trial'",
  ),
  circuit('probed-without-end', 'a region that is lost is probed each second', 'this.openings += 1;', ''),
  circuit(
    'opened-by-what-was-under-way',
    'a region stays away longer for each request that was under way',
    "if (this.state === 'open') return;\n    this.failuresInRow",
    'this.failuresInRow',
  ),
  mutationsOf('client/budget.ts', PURE)(
    'budget-never-forgets',
    'an hour of calm pays for a storm',
    'this.slots[0].second <= second - this.settings.windowSeconds',
    'false',
  ),
  mutationsOf('client/budget.ts', PURE)('spent-but-not-counted', 'the budget never ends', 'slot[extra] += 1;', ''),
  mutationsOf('client/runtime.ts', PURE)(
    'back-together',
    'callers that failed together come back together',
    'random() * Math.min',
    'Math.min',
  ),
  next(
    'final-is-asked-on',
    'a request that every region refuses goes to each of them',
    "if (refusals.some(({ scope }) => scope.kind === 'final')) return undefined;",
    '',
  ),
  next(
    'certain-until-asked-on',
    'a write that was refused for certain is asked on until nobody can say',
    'write && definite.some',
    'false && definite.some',
    'want of stock',
  ),
  next(
    'named-region-last',
    'a caller is sent to a region, and asks the nearer ones first',
    'if (named) return named;',
    '',
    'naming another region',
  ),
  tokens(
    'one-token-for-all-things',
    'a request about one thing waits for another',
    'return id === undefined ? { name: collection, isList: true }',
    'return id === undefined || id ? { name: collection, isList: true }',
  ),
  tokens('last-token-alone', 'of two writes the earlier one may be missing, and nobody says so', '-SENT_MAX : -KEPT_MAX', '-1 : -1'),
  fleet(
    'evacuations-for-ever',
    'a region that nobody speaks of any more stays evacuated',
    'this.evacuated.has(member.region) && nowMs - this.readAtMs < believedMs',
    'this.evacuated.has(member.region)',
  ),
  fleet(
    'asks-the-evacuated',
    'the region that is being evacuated is asked whether it is',
    "second !== undefined && second.circuit.state === 'closed' ? second : first",
    'first',
  ),
  mutationsOf('client/flights.ts', FAILOVER)(
    'given-up-and-left-open',
    'a region that hangs holds a connection for each attempt',
    'flight?.stop.abort();',
    '',
    'is given up with its connection',
  ),
  mutationsOf('client/flights.ts', REFUSALS)(
    'hastened-to-wait',
    'a read that found nothing waits as long as its slowest attempt',
    'Math.min(flight.endMs, endMs + flight.extraMs)',
    'Math.max(flight.endMs, endMs + flight.extraMs)',
  ),
  mutationsOf('client/operation.ts', FAILOVER)(
    'callers-end-blames-regions',
    'callers who give up take a region away from all others',
    "if (reason === 'aborted') for",
    "if (reason === 'deadline') for",
    'is not blamed',
  ),
  mutationsOf('client/operation.ts', REFUSALS)(
    'rest-is-not-kept',
    'a region that asked for a rest is asked again at once',
    'Math.max(restMs, 0) + this.jitter()',
    'this.jitter()',
  ),
  mutationsOf('client/client.ts', 'test/client/records.test.ts')(
    'edits-are-local',
    'an edit that was to be in two regions is told as done in one',
    "const replicated = options.durability === 'replicated';",
    "const replicated = options.durability === 'replicated' && route !== 'putRecord';",
  ),
];
