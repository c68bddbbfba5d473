/** The API between HTTP and the rules, and the adapters to AWS. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const preconditions = mutationsOf('functions/http/preconditions.ts', 'test/functions/records.test.ts');

export const FUNCTIONS: readonly TestedMutation[] = [
  preconditions(
    'weak-tag-matches',
    'a record is read under a tag that a proxy weakened, as if it were the same bytes',
    '!weak && opaque === tag',
    'opaque === tag',
  ),
];
