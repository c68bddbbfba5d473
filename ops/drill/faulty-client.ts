/**
 * A faulty client: a script that has the tables' credentials and no idea of their rules. What it does to which item is
 * chosen by chance, and known, so that each can be looked for afterwards.
 */
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { TABLES } from '../../functions/contract/names.ts';
import { isRecord } from '../../functions/core/item.ts';
import type { Item, Key } from '../../functions/core/store.ts';
import { regionOf } from '../../functions/core/writer.ts';
import type { Target } from '../targets/target.ts';

/** Puts an item, or deletes its key, and asks for nothing. */
export type WriteItem = (region: string, key: Key, item: Item | undefined) => Promise<void>;

export interface BadWrite extends Key {
  readonly kind:
    | 'fact deleted'
    | 'lines changed'
    | 'amount changed'
    | 'quantity changed'
    | 'row set wrong'
    | 'version dropped'
    | 'version changed';
  /** Where it is written: any region's replica, whoever owns the key. */
  readonly region: string;
  readonly before: Item;
  /** undefined: deleted. */
  readonly item: Item | undefined;
}

export interface ChooseProps {
  /** That may be harmed. */
  readonly items: readonly Item[];
  readonly regions: readonly string[];
  /** How many, where there are so many. */
  readonly writes: number;
  readonly random: () => number;
}

/** At most half of each kind of item is harmed. */
const PART_MAX = 0.5;

/** One bad write for an item, items of all kinds in turn. */
export const chooseBadWrites = ({ items, regions, writes, random }: ChooseProps): readonly BadWrite[] => {
  const shuffled = items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
  const byKind = [...Map.groupBy(shuffled, ({ sk }) => sk.split('#')[0] ?? '')].map(([, group]) =>
    group.slice(0, Math.ceil(group.length * PART_MAX)),
  );
  const inTurn = Array.from({ length: writes }, (_, index) => byKind.flatMap((group) => group[index] ?? [])).flat();
  return inTurn
    .flatMap((before): BadWrite[] => {
      const harm = harmOf(before, random);
      const [own, any] = [regionOf(before.sk.split('#').at(-1) ?? ''), regions[Math.floor(random() * regions.length)]];
      // The last write wins: a row that its own region goes on changing would win over one that is set elsewhere.
      const region = before.sk.startsWith('HELD#') ? own : (any ?? own);
      return harm === undefined ? [] : [{ pk: before.pk, sk: before.sk, region, before, ...harm }];
    })
    .slice(0, writes);
};

type Harm = Pick<BadWrite, 'kind' | 'item'>;

/** Nothing that could be sold twice: what has left the house no restore brings back. */
const harmOf = (item: Item, random: () => number): Harm | undefined => {
  const some = 1 + Math.floor(random() * 99);
  const deleted = random() < 0.5;
  switch (item.sk.split('#')[0]) {
    case 'PLACED': {
      const { lines } = item;
      if (deleted || !Array.isArray(lines)) return { kind: 'fact deleted', item: undefined };
      const more = lines.flatMap((line) => (isRecord(line) ? [{ ...line, quantity: Number(line['quantity']) + some }] : []));
      return { kind: 'lines changed', item: { ...item, lines: more } };
    }
    case 'E':
      return deleted || typeof item['amount'] !== 'number'
        ? { kind: 'fact deleted', item: undefined }
        : { kind: 'amount changed', item: { ...item, amount: item['amount'] + some } };
    case 'RECEIPT':
    case 'BOOKED':
      return deleted
        ? { kind: 'fact deleted', item: undefined }
        : { kind: 'quantity changed', item: { ...item, quantity: Number(item['quantity']) + some } };
    case 'HELD':
      return { kind: 'row set wrong', item: { ...item, available: Number(item['available']) - some * 10, sold: some } };
    case 'V':
      return deleted
        ? { kind: 'version dropped', item: undefined }
        : { kind: 'version changed', item: { ...item, value: JSON.stringify({ edit: `harm-${some}` }) } };
    default:
      return undefined;
  }
};

/** Whether a replica shows it. A row goes on from what it was set to. */
export const isDone = ({ sk, item, before }: BadWrite, partition: readonly Item[]): boolean => {
  const now = partition.find((each) => each.sk === sk);
  if (item === undefined) return now === undefined;
  const changed = Object.keys(item).filter((name) => JSON.stringify(item[name]) !== JSON.stringify(before[name]));
  return sk.startsWith('HELD#') || changed.every((name) => JSON.stringify(now?.[name]) === JSON.stringify(item[name]));
};

/** A bad write that was not seen in a region yet. */
export interface Unseen {
  readonly bad: BadWrite;
  readonly region: string;
}

/** Once seen is enough: a caller who repeats a request, or housekeeping, may mend it at once. */
export const stillUnseen = async (
  unseen: readonly Unseen[],
  read: (region: string, pk: string) => Promise<readonly Item[]>,
): Promise<readonly Unseen[]> => {
  const still: Unseen[] = [];
  for (const each of unseen) if (!isDone(each.bad, await read(each.region, each.bad.pk))) still.push(each);
  return still;
};

export const writeThrough =
  (target: Pick<Target, 'dynamo'>): WriteItem =>
  async (region, { pk, sk }, item) => {
    const client = target.dynamo(region);
    const TableName = TABLES.data;
    if (item === undefined) await client.send(new DeleteItemCommand({ TableName, Key: marshall({ pk, sk }) }));
    else await client.send(new PutItemCommand({ TableName, Item: marshall(item) }));
  };
