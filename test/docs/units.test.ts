/** The page of costs shows what stands beside the routes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UNKNOWN_KIDS } from '../../functions/aws/registered-keys.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { TERMS, TOKEN_UNITS, UNITS, type Units } from '../../functions/contract/units.ts';

const WORDS = { one: '', part: 'part', size: 'size', line: 'line', row: 'row', key: 'key' } as const;

/** As in `1 + 2 row`. */
const formula = (terms: Units['read']): string => {
  const sum = TERMS.flatMap((term) => (terms[term] === undefined ? [] : [`${terms[term]} ${WORDS[term]}`.trim()]));
  return sum.length === 0 ? '0' : sum.join(' + ');
};

test('docs/costs.md has the units of each route, of tokens, and of a request without a right signature', () => {
  const page = readFileSync('docs/costs.md', 'utf8');
  const rows = Object.entries(ROUTES).flatMap(([name, { method, path }]) => {
    const units = Object.entries(UNITS).find(([each]) => each === name)?.[1];
    return units === undefined ? [] : [`| \`${method} ${path}\` | ${formula(units.read)} | ${formula(units.write)} |`];
  });
  const written = page.split('\n').filter((line) => /^\| `(GET|POST|PUT) /.test(line));
  expect(written).toEqual(rows);
  expect(page).toContain(`| any of these, for its tokens | ${formula(TOKEN_UNITS)} | 0 |`);
  expect(page).toContain(`${UNKNOWN_KIDS.perSecond} read units a second, ${UNKNOWN_KIDS.atOnce} at once`);
});
