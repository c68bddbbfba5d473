/** The laptop's front doors: what they hand over. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const path = mutationsOf('local/edge/path.ts', 'test/local/edge-requests.test.ts');
const upstream = mutationsOf('local/edge/upstream.ts', 'test/local/edge.test.ts');

export const EDGE: readonly TestedMutation[] = [
  path(
    'slash-ends-a-segment',
    'an id with an encoded slash is asked for on another route',
    '(slash) => `%25${slash.slice(1)}`',
    '(slash) => slash',
    'keeps its segments',
  ),
  path(
    'empty-segments-vanish',
    'a path that the API does not have is another one here',
    "path.includes('//')",
    'false',
    'an empty segment',
  ),
  upstream(
    'challenge-by-its-own-name',
    'callers see a header here that API Gateway never lets through',
    'challenge === undefined ? headers',
    "challenge !== '' ? { ...headers, 'www-authenticate': challenge ?? '' }",
    'challenge by the name',
  ),
];
