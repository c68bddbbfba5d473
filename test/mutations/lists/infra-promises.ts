/** What no emulator checks: tables, and how their streams are followed. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const promised = (file: string) => mutationsOf(`infra/${file}.ts`, 'test/infra/promises.test.ts');
const [data, housekeeping] = [promised('data-stack'), promised('housekeeping')];

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
];
