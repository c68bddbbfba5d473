/** What callers were answered, and what drills look at in the end. */
import { mutationsOf } from '../mutation.ts';

const TEST = 'test/ops/drill/exchanges.test.ts';
const exchanges = mutationsOf('ops/drill/exchanges.ts', TEST);
const operations = mutationsOf('ops/drill/operations.ts', TEST);
const plain = mutationsOf('ops/drill/plain.ts', TEST);
const client = mutationsOf('ops/drill/client-caller.ts', 'test/ops/drill/callers.test.ts');
const rest = mutationsOf('ops/drill/at-rest.ts', 'test/ops/drill/at-rest.test.ts');
const frame = mutationsOf('ops/drill/frame.ts', 'test/ops/drill/at-rest.test.ts');
const abort = mutationsOf('ops/drill/repair.ts', 'test/ops/drill/abort.test.ts');
const repair = mutationsOf('ops/drill/repair.ts', 'test/ops/drill/repair.test.ts');

export const ANSWERED = [
  exchanges(
    'wrong-answers-of-the-client',
    "the failover client's wrong answers are dropped",
    'wrong: answered ? expectation({ region, status, body: exchange.body }) : null',
    'wrong: null',
  ),
  exchanges(
    'failures-are-answers',
    'what a region failed counts as answered',
    'status !== null && servedStatus(status) && exchange',
    'status !== null && exchange',
  ),
  exchanges(
    'answers-without-a-body',
    'an answer in no shape counts as answered',
    ' && exchange?.body !== undefined;',
    ' && exchange !== undefined;',
  ),
  exchanges(
    'outrun-is-failed',
    'what another region outran is called failed',
    "attempt.result.startsWith('outrun by') ? 'overtaken' : 'failed'",
    "'failed'",
  ),
  exchanges(
    'in-passing-counts',
    'what the client asked in passing is taken for an answer',
    'if (!OWN_PATHS.includes(parsed.pathname)) running',
    'running',
  ),
  exchanges(
    'answers-by-order-alone',
    'one region’s answer is taken for that of another',
    'waiting.get(attempt.region)?.next().value',
    '[...waiting.values()][0]?.next().value',
  ),
  exchanges('attempts-as-they-ended', 'an attempt is held against the answer to another', 'a.startMs - b.startMs', 'b.startMs - a.startMs'),
  operations('redirects-serve', 'who was sent elsewhere was served', 'status < 300', 'status <= 300'),
  operations('not-found-is-a-failure', 'a region that lags fails', ' || status === 404', ''),
  operations('conflicts-are-failures', 'a refusal by the rules is a failure', ' || status === 409', ''),
  operations('stale-edits-are-failures', 'a refused edit is a failure', ' || status === 412', ''),
  plain(
    'bad-shapes-are-answers',
    'an acknowledgement in no shape is one',
    'const served = done ? body !== undefined : servedStatus(status);',
    'const served = done || servedStatus(status);',
  ),
  plain(
    'plain-answers-are-right',
    'what callers by DNS are answered wrong is dropped',
    'const wrong = served ? expectation({ region, status, body }) : null;',
    'const wrong = null;',
  ),
  plain(
    'failed-writes-are-undone',
    'a write that ended with 500 was not done',
    'isWrite(action) && (status >= 500 || done)',
    'isWrite(action) && done',
  ),
  plain('redirects-are-done', 'what was redirected was done', 'status >= 200 && status < 300', 'status >= 200 && status <= 300'),
  client(
    'the-clients-verdict-is-dropped',
    'what the failover client was answered wrong is no fault',
    '?.wrong ?? null;',
    '?.wrong === undefined ? null : null;',
  ),
  client(
    'any-regions-verdict',
    'the wrong answer of a region that did not count is the one that did',
    "sent.findLast((each) => each.end === 'answered' && each.region === result.region)",
    'sent[0]',
  ),
  client(
    'refused-is-served',
    'a caller who was refused for its token was served',
    "outcome: servedStatus(status) ? 'ok' : 'failed'",
    "outcome: 'ok'",
  ),
  rest('one-look-is-enough', 'what comes to rest later is called broken', 'return broken.length === 0;', 'return true;'),
  rest(
    'broken-before-counts',
    'what was broken before the drill is blamed on it',
    '.filter(({ rule, detail }) => !known.has(`${rule}: ${detail}`))',
    '',
  ),
  rest(
    'a-rule-is-excused-everywhere',
    'a rule that was broken somewhere before may be broken anywhere',
    '!known.has(`${rule}: ${detail}`)',
    '![...known].some((each) => each.startsWith(rule))',
  ),
  rest(
    'a-verdict-without-a-look',
    'a drill that was ended has a verdict',
    '  signal.throwIfAborted();\n  return { replicas, broken };',
    '  return { replicas, broken };',
  ),
  rest(
    'the-first-region-alone',
    'what other regions hold is not looked at',
    'target.regions.map(async ({ name }) => ({ region: name, items: await scan(name) }))',
    'target.regions.slice(0, 1).map(async ({ name }) => ({ region: name, items: await scan(name) }))',
  ),
  frame(
    'own-writes-are-forgotten',
    "the drill's own writes may be lost",
    'acknowledged([...scene.records, ...own])',
    'acknowledged([...scene.records])',
  ),
  frame(
    'callers-writes-are-forgotten',
    "callers' writes may be lost",
    'acknowledged([...scene.records, ...own])',
    'acknowledged([...scene.records.slice(1), ...own])',
  ),
  frame('no-sku-is-looked-at', 'any sku may be sold twice', 'skus: allSkus(scene.stock),', 'skus: scene.stock.plenty,'),
  frame(
    'one-region-is-looked-at',
    'another region may lack everything',
    'broken.includes(name) ? [] : [name]',
    'broken.includes(name) || name !== target.regions[0]?.name ? [] : [name]',
  ),
  abort('a-partition-stays', 'an abort leaves regions apart', 'await rejoin(target, progress);\n      return;', 'return;'),
  abort(
    'a-region-stays-lost',
    'an abort leaves a region as it was lost',
    'await target.repairAll();\n      await bringBack({ ...props, region: marker.region });',
    '',
  ),
  abort(
    'a-region-is-not-rebuilt',
    'an abort leaves a region without its state',
    'await bringBack({ ...props, region: marker.region });',
    '',
  ),
  abort('tables-stay-harmed', 'an abort leaves bad writes in the tables', 'await putBack(props, marker.atMs);', 'return;'),
  abort(
    'tables-of-another-system',
    'an abort restores tables that it did not write to',
    'marker.atMs !== null && (await standsIn(target, read, marker.witness))',
    'marker.atMs !== null',
  ),
  abort(
    'what-had-not-begun',
    'an abort repairs what was never broken',
    "if (marker.phase !== 'before') {",
    "if (marker.phase !== 'left' || marker.pid > 0) {",
  ),
  abort(
    'while-it-runs',
    'an abort works against a drill that runs',
    'if (await drillRuns(marker))\n',
    'if ((await drillRuns(marker)) && marker.pid < 0)\n',
  ),
  abort(
    'its-marker-stays',
    'the next drill repairs what was repaired',
    '  await removeMarker(stateFolder);\n  return brokenBy(marker);',
    '  return brokenBy(marker);',
  ),
  repair(
    'not-whole-is-repaired',
    'tables that are not put back are called repaired',
    'if (!report.whole) throw',
    'if (report.items < 0) throw',
  ),
];
