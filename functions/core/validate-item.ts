/** Whether an item, by itself, is as its writer made it. Of a later release's items only what every release promises is asked. */
import { hashOf } from './hash.ts';
import { ITEM_VERSION, isNumber, isRecord, numberOf, partsOf, textOf, writerOf } from './item.ts';
import { orderKey } from './order-items.ts';
import { editCountOf } from './record-fold.ts';
import { RECORD_PREFIX, versionId } from './records.ts';
import { creditedFrom, grantedTo, stockKey } from './stock-fold.ts';
import type { Item, Value } from './store.ts';
import { EXPIRES } from './synthetic.ts';
import { skuOfTill } from './tills.ts';
import { WISH, wishOf } from './wishes.ts';
import { parseWriter } from './writer.ts';

/** What is wrong with it, as the end of a sentence; undefined when nothing is. */
export const damageOf = (item: Item): string | undefined => {
  if (!Number.isInteger(item.v) || item.v < 1) return 'has no schema version';
  if (!/^[a-z][a-z0-9-]*(\.\d+)?$/.test(writerOf(item))) return 'names no region that wrote it';
  if (item.v > ITEM_VERSION) return undefined;
  const [type] = partsOf(item);
  if (item.pk.startsWith(orderKey(''))) return orderDamage(type, item);
  if (item.pk.startsWith(stockKey(''))) return stockDamage(type, item);
  if (skuOfTill(item.pk) !== undefined) return isCount(item['available']) ? undefined : 'counts what cannot be';
  if (item.pk.startsWith(RECORD_PREFIX)) return recordDamage(type, item);
  return undefined;
};

const orderDamage = (type: string | undefined, item: Item): string | undefined => {
  switch (type) {
    case 'PLACED':
    case 'END': {
      const { lines } = item;
      if (textOf(item, 'subject') === undefined || numberOf(item, 'placedAt') === undefined || !isLines(lines)) return 'is not readable';
      return hashOf(lines, textOf(item, 'note') ?? null) === item['body'] ? undefined : 'has another content than was accepted';
    }
    case 'E':
      return numberOf(item, 'at') === undefined || (partsOf(item)[1] === 'paid' && !isCount(item['amount']))
        ? 'is not readable'
        : undefined;
    default:
      return undefined;
  }
};

const isLines = (value: Value | undefined): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((line) => isRecord(line) && typeof line['sku'] === 'string' && isCount(line['quantity']) && line['quantity'] !== 0);

const stockDamage = (type: string | undefined, item: Item): string | undefined => {
  switch (type) {
    case 'RECEIPT':
      return isCount(item['quantity']) ? undefined : 'is not readable';
    case 'BOOKED':
      return isCount(item['quantity']) && isCount(item['n'] ?? 0) ? undefined : 'is not readable';
    case 'HELD':
      return heldDamage(item);
    case WISH:
      return wishOf(item) && item[EXPIRES] !== undefined ? undefined : 'is not readable';
    default:
      return undefined;
  }
};

const heldDamage = (item: Item): string | undefined => {
  const counts = Object.keys(item).filter(
    (name) => name === 'sold' || name === 'bookings' || name.startsWith(grantedTo('')) || name.startsWith(creditedFrom('')),
  );
  if (counts.some((name) => !isCount(item[name]))) return 'counts what cannot be';
  const available = item['available'] ?? 0;
  if (!isNumber(available)) return 'counts what cannot be';
  // Only a rebuilt region may know of more sales than of stock.
  return available < 0 && parseWriter(writerOf(item)).incarnation === 1 ? `has ${available} units available` : undefined;
};

const recordDamage = (type: string | undefined, item: Item): string | undefined => {
  if (type === 'HEAD') return isCount(item['rev']) ? undefined : 'counts what cannot be';
  if (type !== 'V') return undefined;
  const { parents } = item;
  const [value, subject] = [textOf(item, 'value'), textOf(item, 'subject')];
  if (value === undefined || subject === undefined || !Array.isArray(parents)) return 'is not readable';
  // Neither is part of its name, and both decide what is shown.
  const { n, seen } = item;
  const counts = [...(n === undefined ? [] : [n]), ...(seen === undefined ? [] : isRecord(seen) ? Object.values(seen) : [seen])];
  if (counts.some((each) => editCountOf(each) === undefined)) return 'counts what cannot be';
  return versionId(item.pk, { parents, value, subject, key: textOf(item, 'key') }) === partsOf(item)[1]
    ? undefined
    : 'has another content than its name says';
};

const isCount = (value: Value | undefined): boolean => isNumber(value) && value >= 0;
