/** Reading attributes without trusting them: an item of a newer version, or a damaged one, never breaks a reader. */
import type { Item, Value } from './store.ts';

/** Version of the items this code writes. Readers accept any. */
export const ITEM_VERSION = 1;

export const textOf = (item: Item, attribute: string): string | undefined => {
  const value = item[attribute];
  return typeof value === 'string' ? value : undefined;
};

export const numberOf = (item: Item, attribute: string): number | undefined => {
  const value = item[attribute];
  return isNumber(value) ? value : undefined;
};

/** Other numbers nobody here writes, and nobody could write again. */
export const isNumber = (value: Value | undefined): value is number => typeof value === 'number' && Number.isSafeInteger(value);

export const flagOf = (item: Item, attribute: string): boolean => item[attribute] === true;

export const isRecord = (value: Value | undefined): value is { readonly [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The parts of a sort key. The last one is the writer. */
export const partsOf = (item: Pick<Item, 'sk'>): readonly string[] => item.sk.split('#');

/** The hash of a request, in the key of a receipt or its booking. */
export const hashIn = (item: Pick<Item, 'sk'>): string => partsOf(item)[1] ?? '';

export const writerOf = (item: Item): string => item.sk.slice(item.sk.lastIndexOf('#') + 1);
