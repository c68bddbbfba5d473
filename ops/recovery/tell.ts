/** What operators read before and after a recovery. */
import type { ReclaimPlan, Units } from '../../functions/core/reclaim.ts';
import type { RebuildPreview, Rebuilt } from '../../functions/core/recovery.ts';
import { writerName } from '../../functions/core/writer.ts';
import { asText } from '../print.ts';
import { table } from '../table.ts';

/** Rows of a list that are printed; what is more is counted. */
const ROWS_MAX = 50;

/** @param now whether it is done at once */
export const tellRebuild = (preview: RebuildPreview, now: boolean): string => {
  const { loss, writer, begun, copied, items, openOrders, negative } = preview;
  const { region, survivors } = loss;
  if (!loss.isLost)
    return `${region} is not lost: it was rebuilt and admitted as ${writer}. A rebuild copies nothing, and says once more everywhere that it may serve.`;
  const [goesOn, isRebuilt] = now ? ['goes on', 'is rebuilt'] : ['would go on', 'would be rebuilt'];
  return asText([
    `${region} is lost. ${begun ? `Its rebuild as ${writer} was begun, and ${goesOn}` : `It ${isRebuilt} as ${writer}`} from ${survivors.join(', ')}.`,
    ...table([
      ['  items to copy', String(copied)],
      ['  rows of stock to merge, bookings included', String(items.length)],
      ['  orders of it that are open', String(openOrders.length)],
    ]),
    'Lost for good: what it had acknowledged and no other region holds. Whatever is left of its old state is emptied.',
    ...shortOf(negative),
  ]);
};

export const toldRebuilt = ({ region, incarnation, negative }: Rebuilt): string =>
  asText([`${region} serves, and writes as ${writerName({ region, incarnation })}.`, ...shortOf(negative)]);

const shortOf = (negative: readonly string[]): readonly string[] =>
  negative.length === 0 ? [] : [`Sold more than is known to be received (count these on the shelf): ${shortened(negative).join(', ')}`];

export const tellReclaim = ({ writer, heir, granted, negative, openOrders }: ReclaimPlan): string =>
  asText([
    `${writer.region} is lost. Its books close as ${writerName(writer)}, and ${heir} gets what is left:`,
    ...(granted.length === 0 ? ['  nothing'] : table([['  sku', 'units'], ...shortened(granted.map(line)).map(columns)])),
    ...(negative.length === 0
      ? []
      : [
          'Sold or granted more than is known to be received; nothing is granted of these (count them on the shelf):',
          ...table([['  sku', 'short by'], ...shortened(negative.map(line)).map(columns)]),
        ]),
    ...(openOrders.length === 0
      ? []
      : [
          `${openOrders.length} open orders of ${writer.region} keep what they reserve: only a rebuild of ${writer.region} ships or ends them.`,
        ]),
  ]);

const line = ({ sku, units }: Units): string => `${sku}\t${units}`;
const columns = (text: string): readonly string[] => {
  const [sku = '', units = ''] = text.split('\t');
  return [`  ${sku}`, units];
};

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= ROWS_MAX ? lines : [...lines.slice(0, ROWS_MAX), `and ${lines.length - ROWS_MAX} more`];
