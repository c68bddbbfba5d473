/** A system's regions as the recovery of the core reaches them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import type { Estate, TableName } from '../../functions/core/recovery.ts';
import type { Item, Store } from '../../functions/core/store.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import { scanTable } from '../scan.ts';

/** How a step that takes long tells of itself, and where it may be ended. */
export type Watch = Pick<Estate, 'progress' | 'pause'>;

/** What a recovery needs of a system; each step as the core's port describes it. One adapter each for the laptop and AWS. */
export interface RecoveryTarget {
  readonly regions: readonly { readonly name: string }[];
  /** SDK client for a region's replicas. */
  dynamo(region: string): DynamoDBClient;
  lostRegions(): Promise<readonly string[]>;
  closeDoor(region: string, watch: Watch): Promise<void>;
  cutLinks(region: string, watch: Watch): Promise<void>;
  restartEmpty(region: string, fence: readonly Item[], watch: Watch): Promise<void>;
  restoreLinks(region: string, watch: Watch): Promise<void>;
  admit(region: string): Promise<void>;
}

export class TargetEstate implements Estate {
  readonly regions: readonly string[];
  readonly progress: (line: string) => void;
  readonly #target: RecoveryTarget;
  readonly #signal: AbortSignal | undefined;

  /** @param signal ends a recovery before its next step, and where it waits */
  constructor(target: RecoveryTarget, progress: (line: string) => void, signal?: AbortSignal) {
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

  scan(region: string, table: TableName): Promise<readonly Item[]> {
    return scanTable(this.#target.dynamo(region), TABLES[table]);
  }

  closeDoor(region: string): Promise<void> {
    return this.#target.closeDoor(region, this);
  }

  cut(region: string): Promise<void> {
    return this.#target.cutLinks(region, this);
  }

  restartEmpty(region: string, control: readonly Item[]): Promise<void> {
    return this.#target.restartEmpty(region, control, this);
  }

  restore(region: string): Promise<void> {
    return this.#target.restoreLinks(region, this);
  }

  admit(region: string): Promise<void> {
    return this.#target.admit(region);
  }

  async pause(ms: number): Promise<void> {
    this.#signal?.throwIfAborted();
    // Whoever ends it shall not wait for the rest, and is told why by the signal itself.
    await sleep(ms, undefined, this.#signal && { signal: this.#signal }).catch(() => undefined);
    this.#signal?.throwIfAborted();
  }
}
