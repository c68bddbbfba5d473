/** The failover client. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const RESETS = 'test/client/resets.test.ts';
const FAILOVER = 'test/client/failover.test.ts';
const REFUSALS = 'test/client/refusals.test.ts';
const PURE = 'test/client/pure.test.ts';

const history = mutationsOf('client/history.ts', REFUSALS);
const operation = mutationsOf('client/operation.ts', RESETS);
const answer = mutationsOf('client/answer.ts', PURE);
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
    'this.launches > 0 && !budget.take(nowMs)',
    'false',
    'budget',
  ),
  mutationsOf('client/operation.ts', FAILOVER)(
    'one-request-opens-a-circuit',
    'one bad request takes a region away from all others',
    'if (this.blamed.has(member)) member.circuit.abandoned();\n    else member',
    'member',
    'poisonous',
  ),
  mutationsOf('client/operation.ts', FAILOVER)(
    'hedge-waits-for-its-answer',
    'a region that hangs costs its callers all of their time',
    'this.nextMs = nowMs + settings.hedgeAfterMs;',
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
  answer(
    'reset-proves-nothing-sent',
    'a reset in the middle of a request is taken for a refused connection',
    "unknown[] = ['connect', 'getaddrinfo'];",
    "unknown[] = ['connect', 'getaddrinfo', 'read', 'write'];",
  ),
  answer(
    'one-address-is-all',
    'a request is called unsent because one of several addresses was out of reach',
    'error.errors.length > 0 && error.errors.every(',
    'error.errors.some(',
  ),
  answer('any-2xx-is-done', 'the page of a proxy is taken for the answer of the API', 'if (parseObject(body) === undefined)', 'if (false)'),
  answer('server-errors-are-final', 'a region that fails is believed', 'status >= 500 ||', 'status > 599 ||'),
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
  mutationsOf('client/budget.ts', PURE)('spent-but-not-counted', 'the budget never ends', 'slot.extra += 1;', ''),
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
  tokens('last-token-alone', 'of two writes the earlier one may be missing, and nobody says so', '.slice(-TOKENS_MAX)', '.slice(-1)'),
  fleet(
    'evacuations-for-ever',
    'a region that nobody speaks of any more stays evacuated',
    'this.evacuated.has(member.region) && nowMs - this.readAtMs < this.settings.refreshMs * READINGS_KEPT',
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
    'Math.min(flight.endMs, endMs)',
    'Math.max(flight.endMs, endMs)',
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
    "idempotencyKey: undefined,\n      mayHaveRun: options.mayHaveRun ?? false,\n      replicated: options.durability === 'replicated',",
    'idempotencyKey: undefined,\n      mayHaveRun: options.mayHaveRun ?? false,\n      replicated: false,',
  ),
];
