/** What no emulator checks: tables, and how their streams are followed. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const promised = (file: string) => mutationsOf(`infra/${file}.ts`, 'test/infra/promises.test.ts');
const [data, housekeeping] = [promised('data-stack'), promised('housekeeping')];
const filter = mutationsOf('infra/housekeeping.ts', 'test/infra/stream-filter.test.ts');

export const PROMISED: readonly TestedMutation[] = [
  data(
    'table-keys-only',
    'the streams show no images',
    'StreamViewType.NEW_AND_OLD_IMAGES',
    'StreamViewType.KEYS_ONLY',
    'nothing said.*each replica',
  ),
  housekeeping(
    'mapping-no-halves',
    'a bad record takes its batch along',
    '      bisectBatchOnError: true,\n',
    '',
    'nothing said.*the stream is followed',
  ),
  filter(
    'mapping-no-stock',
    'receipts and wishes never reach housekeeping',
    "['ORDER#', 'STOCK#'] as const",
    "['ORDER#', 'ORDERS#'] as const",
  ),
  filter(
    'mapping-of-records',
    'each edit of a record invokes housekeeping, which has nothing to do',
    "['ORDER#', 'STOCK#'] as const",
    "['ORDER#', 'STOCK#', 'RECORD#'] as const",
  ),
];
