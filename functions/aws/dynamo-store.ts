/**
 * The store over one region's replica of a table. Reads are strongly consistent, which is a promise of this replica only.
 *
 * Repeating is decided here, not in the SDK. A transaction carries a token, under which DynamoDB applies it once however
 * often it is sent (for ten minutes). A single put, an unconditional delete, and an update that only sets are sent as
 * plain calls, at half the price of a transaction; they end alike when they are applied twice, and a put that fails its
 * guard against its own earlier attempt is told from one that lost to another by the item it meets.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { KEYS } from '../contract/names.ts';
import { canonical } from '../core/hash.ts';
import { refuseMalformed } from '../core/memory-store.ts';
import { type Committed, Damaged, type Item, type Key, type Page, PartitionTooLong, type Store, type Write } from '../core/store.ts';
import { type Attempt, attempt, type Chance, type Limits, REQUEST_LIMITS } from './attempts.ts';
import { Expression } from './expressions.ts';
import { type Attributes, itemOf, marshalAll } from './marshal.ts';

/** Pages of one query, 1 MB each: a partition beyond is a design error, and must not fill the function's memory. */
const PAGES_MAX = 32;

type Single = Exclude<Write, { readonly action: 'check' }>;

export interface DynamoStoreProps {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** @default REQUEST_LIMITS */
  readonly limits?: Limits;
  /** @default Math.random and timers */
  readonly chance?: Chance;
}

export class DynamoStore implements Store {
  readonly #props: DynamoStoreProps;

  constructor(props: DynamoStoreProps) {
    this.#props = props;
  }

  async get(key: Key): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#props.table, Key: keyAttributes(key), ConsistentRead: true });
    const { Item } = await this.#try(({ signal }) => this.#props.client.send(command, { abortSignal: signal }));
    return Item && itemOf(Item);
  }

  async query(pk: string, prefix = ''): Promise<readonly Item[]> {
    const words = new Expression();
    const inPartition = `${words.name(KEYS.partition)} = ${words.value(pk)}`;
    const condition = prefix === '' ? inPartition : `${inPartition} AND begins_with(${words.name(KEYS.sort)}, ${words.value(prefix)})`;
    const items: Item[] = [];
    let start: Attributes | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const found = await this.#page({
        KeyConditionExpression: condition,
        ...words.attributes,
        ConsistentRead: true,
        ExclusiveStartKey: start,
      });
      items.push(...found.items);
      start = found.next;
      if (!start) return items;
    }
    throw new PartitionTooLong(`the partition ${pk} ${prefix} has more than ${PAGES_MAX} pages of 1 MB, allowed: up to that`);
  }

  async listByOwner(owner: string, { before, limit }: { readonly before?: string; readonly limit: number }): Promise<Page> {
    // A key is never empty, and DynamoDB refuses to be asked for one that is.
    if (before === '') return { items: [], more: false };
    const { name, partition, sort } = KEYS.ownerIndex;
    const words = new Expression();
    const owned = `${words.name(partition)} = ${words.value(owner)}`;
    const condition = before === undefined ? owned : `${owned} AND ${words.name(sort)} < ${words.value(before)}`;
    const items: Item[] = [];
    let start: Attributes | undefined;
    // One row more than asked for tells whether there are more; a page may end early at 1 MB.
    for (let page = 0; page < PAGES_MAX && items.length <= limit; page += 1) {
      const found = await this.#page({
        IndexName: name,
        KeyConditionExpression: condition,
        ...words.attributes,
        ScanIndexForward: false,
        Limit: limit + 1 - items.length,
        ExclusiveStartKey: start,
      });
      items.push(...found.items);
      start = found.next;
      if (!start) break;
    }
    return { items: items.slice(0, limit), more: items.length > limit };
  }

  async transact(writes: readonly Write[], patience?: number): Promise<Committed> {
    refuseMalformed(writes);
    const [only] = writes;
    return writes.length === 1 && only && only.action !== 'check' && endsAlikeTwice(only)
      ? this.#single(only, patience)
      : this.#transaction(writes, patience);
  }

  async #single(write: Single, patience: number | undefined): Promise<Committed> {
    const send = this.#sender(write);
    return this.#try(async (given) => {
      try {
        await send(given.signal);
        return { ok: true };
      } catch (error: unknown) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const item = error.Item && itemOf(error.Item);
        return given.doubtful && item && isOwn(write, item) ? { ok: true } : { ok: false, failed: 0, item };
      }
    }, patience);
  }

  #sender(write: Single): (abortSignal: AbortSignal) => Promise<unknown> {
    const { client, table } = this.#props;
    const words = new Expression();
    const shared = {
      TableName: table,
      ConditionExpression: words.condition(write.guards, KEYS.partition),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    switch (write.action) {
      case 'put': {
        const command = new PutItemCommand({ ...shared, Item: marshalAll(write.item), ...words.attributes });
        return (abortSignal) => client.send(command, { abortSignal });
      }
      case 'delete': {
        const command = new DeleteItemCommand({ ...shared, Key: keyAttributes(write.key), ...words.attributes });
        return (abortSignal) => client.send(command, { abortSignal });
      }
      case 'update': {
        const UpdateExpression = words.update(write);
        const command = new UpdateItemCommand({ ...shared, Key: keyAttributes(write.key), UpdateExpression, ...words.attributes });
        return (abortSignal) => client.send(command, { abortSignal });
      }
    }
  }

  async #transaction(writes: readonly Write[], patience: number | undefined): Promise<Committed> {
    const { client, table } = this.#props;
    const TransactItems = writes.map((write) => transactItem(write, table));
    const command = new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: randomUUID() });
    return this.#try(async ({ signal }) => {
      try {
        await client.send(command, { abortSignal: signal });
        return { ok: true };
      } catch (error: unknown) {
        const refusal = error instanceof TransactionCanceledException ? refusalOf(error) : undefined;
        if (!refusal) throw damageIn(error, writes) ?? error;
        return refusal;
      }
    }, patience);
  }

  async #page(
    input: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<{ readonly items: readonly Item[]; readonly next: Attributes | undefined }> {
    const command = new QueryCommand({ TableName: this.#props.table, ...input });
    const { Items = [], LastEvaluatedKey } = await this.#try(({ signal }) => this.#props.client.send(command, { abortSignal: signal }));
    return { items: Items.map(itemOf), next: LastEvaluatedKey };
  }

  #try<T>(call: (given: Attempt) => Promise<T>, patience?: number): Promise<T> {
    const limits = this.#props.limits ?? REQUEST_LIMITS;
    const attempts = Math.min(patience ?? limits.busy.attempts, limits.busy.attempts);
    return attempt({ ...limits, busy: { ...limits.busy, attempts } }, call, this.#props.chance);
  }
}

const keyAttributes = ({ pk, sk }: Key): Attributes => marshalAll({ [KEYS.partition]: pk, [KEYS.sort]: sk });

/** Whether applying it again, after itself, changes nothing. */
export const endsAlikeTwice = (write: Single): boolean => {
  const guarded = (write.guards ?? []).length > 0;
  switch (write.action) {
    case 'put':
      return true;
    case 'delete':
      return !guarded;
    case 'update':
      return !guarded && write.add === undefined;
  }
};

const isOwn = (write: Single, item: Item): boolean => write.action === 'put' && canonical(write.item) === canonical(item);

const transactItem = (write: Write, TableName: string): TransactWriteItem => {
  const words = new Expression();
  const shared = { TableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  const ConditionExpression = words.condition(write.guards, KEYS.partition);
  switch (write.action) {
    case 'put':
      return { Put: { ...shared, Item: marshalAll(write.item), ConditionExpression, ...words.attributes } };
    case 'delete':
      return { Delete: { ...shared, Key: keyAttributes(write.key), ConditionExpression, ...words.attributes } };
    case 'check':
      return { ConditionCheck: { ...shared, Key: keyAttributes(write.key), ConditionExpression, ...words.attributes } };
    case 'update': {
      const UpdateExpression = words.update(write);
      return { Update: { ...shared, Key: keyAttributes(write.key), ConditionExpression, UpdateExpression, ...words.attributes } };
    }
  }
};

/** What DynamoDB says of an addition to what is no number. */
const NO_NUMBER = /operand in the update expression has an incorrect data type/i;

/**
 * An update that adds to what is no number, or to one that is too large, is refused like a mistake in the request: as the
 * reason of its write, or, by DynamoDB Local, as that of the whole call, which then has to have one such write alone.
 */
const damageIn = (error: unknown, writes: readonly Write[]): Damaged | undefined => {
  const adding = writes.filter((each) => each.action === 'update' && each.add !== undefined);
  const write =
    error instanceof TransactionCanceledException
      ? writes[(error.CancellationReasons ?? []).findIndex(({ Code }) => Code === 'ValidationError')]
      : error instanceof DynamoDBServiceException && NO_NUMBER.test(error.message) && adding.length === 1
        ? adding[0]
        : undefined;
  if (write?.action !== 'update' || write.add === undefined) return undefined;
  return new Damaged(write.key, `has one of ${Object.keys(write.add).join(', ')} that cannot be added to`, error);
};

/** The first guard that failed; undefined when the transaction was cancelled for another reason. */
const refusalOf = ({ CancellationReasons = [] }: TransactionCanceledException): Committed | undefined => {
  const failed = CancellationReasons.findIndex(({ Code }) => Code === 'ConditionalCheckFailed');
  const attributes = CancellationReasons[failed]?.Item;
  return failed < 0 ? undefined : { ok: false, failed, item: attributes && itemOf(attributes) };
};
