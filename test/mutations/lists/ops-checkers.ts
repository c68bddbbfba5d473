/** What the checker of histories is given. */
import { mutationsOf } from '../mutation.ts';

const TEST = 'test/ops/checkers/requests.test.ts';
const requests = mutationsOf('ops/checkers/requests.ts', TEST);
const kept = mutationsOf('ops/checkers/kept.ts', TEST);

export const CHECKING = [
  requests(
    'unanswered-is-done',
    'a request without an answer was done',
    "if (end !== 'answered' || status === null) return 'unknown';",
    "if (status === null) return 'unknown';",
  ),
  requests(
    'redirected-was-done',
    'what was redirected was done',
    "if (status >= 300) return 'refused';",
    "if (status > 300) return 'refused';",
  ),
  requests(
    'refused-may-be-done',
    'what was refused explains what was seen',
    "if (status >= 300) return 'refused';",
    "if (status >= 300) return 'unknown';",
  ),
  requests('untold-is-done', 'what nobody was told of must be there', "return told ? 'done' : 'unknown';", "return 'done';"),
  requests('told-by-the-first', 'an answer is told of another request', 'sent.findLast(', 'sent.find('),
  requests(
    'told-by-any-region',
    'what one region acknowledged is told of another',
    ' && each.region === region && each.status === status',
    ' && each.status === status',
  ),
  requests(
    'narrower-than-it-was',
    'a request was shorter than it was',
    'callMs: Math.floor(each.startMs), returnMs: Math.ceil(each.endMs)',
    'callMs: Math.ceil(each.startMs), returnMs: Math.floor(each.endMs)',
  ),
  requests(
    'lost-and-the-same',
    'a region that lost its items is held against what it held',
    'request.callMs >= fromMs && request.callMs < toMs',
    'request.callMs < toMs',
  ),
  requests(
    'lost-at-the-moment',
    'what was asked as the items were lost was served before',
    'request.callMs >= fromMs && request.callMs < toMs',
    'request.callMs > fromMs && request.callMs <= toMs',
  ),
  kept(
    'excused-by-any-loss',
    'what a region acknowledged after its loss may be lost',
    'each.region === region && callMs < each.atMs',
    'each.region === region',
  ),
  kept(
    'excused-by-another-region',
    'what one region acknowledged may be lost with another',
    'each.region === region && callMs < each.atMs',
    'callMs < each.atMs',
  ),
  kept(
    'unknown-must-be-kept',
    'what nobody acknowledged must be there',
    "request.end === 'done' && !lostWith(request)",
    '!lostWith(request)',
  ),
  kept(
    'refused-is-an-append',
    'what was refused may be there',
    "name === undefined || request.end === 'refused' ? []",
    'name === undefined ? []',
  ),
  kept(
    'payments-need-not-be-kept',
    'a payment may be lost',
    "return operation === 'payOrder' && id !== null ? paid(id) : undefined;",
    'return undefined;',
  ),
  kept(
    'edits-need-not-be-kept',
    'an edit may be lost',
    "(request.operation === 'putRecord' ? `version ${versionOf(request)}` : undefined)",
    "(request.operation === 'getStock' ? `version ${versionOf(request)}` : undefined)",
  ),
  kept('readings-of-others', 'what is read of one thing is held against another', 'byThing.get(thing) ?? []', 'readings'),
  kept('names-of-nobody', 'what nobody of the drill wrote is called wrong', 'holds.filter((name) => names.has(name))', 'holds'),
  kept('all-is-excused', 'what was kept counts as excused', "each.request.end === 'done' && !isSure(each)", "each.request.end === 'done'"),
];
