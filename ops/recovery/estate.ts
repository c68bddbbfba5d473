/** A target's regions as the recovery of the core reaches them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { itemOf } from '../../functions/aws/marshal.ts';
import { TABLES } from '../../functions/contract/names.ts';
import type { Estate, TableName } from '../../functions/core/recovery.ts';
import type { Item, Store } from '../../functions/core/store.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import type { Target } from '../targets/target.ts';

export class TargetEstate implements Estate {
  readonly regions: readonly string[];
  readonly progress: (line: string) => void;
  readonly #target: Target;
  readonly #signal: AbortSignal | undefined;

  /** @param signal ends a recovery before its next step, and where it waits for replication */
  constructor(target: Target, progress: (line: string) => void, signal?: AbortSignal) {
    this.#target = target;
    this.regions = target.regions.map((each) => each.name);
    this.#signal = signal;
    this.progress = (line) => {
      signal?.throwIfAborted();
      progress(line);
    };
  }

  now(): number {
    return Date.now();
  }

  lost(): Promise<readonly string[]> {
    return this.#target.lostRegions();
  }

  store(region: string, table: TableName): Store {
    return new DynamoStore({ client: this.#target.dynamo(region), table: TABLES[table], limits: OPERATOR_LIMITS });
  }

  async scan(region: string, table: TableName): Promise<readonly Item[]> {
    const items: Item[] = [];
    const pages = paginateScan({ client: this.#target.dynamo(region) }, { TableName: TABLES[table], ConsistentRead: true });
    for await (const page of pages) items.push(...(page.Items ?? []).map(itemOf));
    return items;
  }

  cut(region: string): Promise<void> {
    return this.#target.cutLinks(region);
  }

  restartEmpty(region: string, control: readonly Item[]): Promise<void> {
    return this.#target.restartEmpty(region, control);
  }

  restore(region: string): Promise<void> {
    return this.#target.restoreLinks(region);
  }

  admit(region: string): Promise<void> {
    return this.#target.admit(region);
  }

  async pause(ms: number): Promise<void> {
    await sleep(ms);
    this.#signal?.throwIfAborted();
  }
}
