/** The tables of two regions in one emulator, and what replication would bring from each to the other, when a test says so. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { itemOf } from '../../functions/aws/marshal.ts';
import { TABLES } from '../../functions/contract/names.ts';
import type { Item, Write } from '../../functions/core/store.ts';
import { regionOf } from '../../functions/core/writer.ts';
import { HERE, type Lab, PEER } from '../functions/lab.ts';
import { clientOf, createTables, patientStore } from '../functions/tables.ts';

type Region = typeof HERE | typeof PEER;

export class TwoTables {
  readonly #clients: Readonly<Record<Region, Lab['client']>>;

  private constructor(clients: Readonly<Record<Region, Lab['client']>>) {
    this.#clients = clients;
  }

  /** Adds the peer's tables to a lab's own. */
  static async start(lab: Lab): Promise<TwoTables> {
    const peer = clientOf({ ...lab.emulator, region: PEER });
    await createTables(peer);
    return new TwoTables({ [HERE]: lab.client, [PEER]: peer });
  }

  stop(): void {
    this.#clients[PEER].destroy();
  }

  /** The same writes in both regions. */
  async write(table: keyof typeof TABLES, writes: readonly Write[]): Promise<void> {
    for (const client of Object.values(this.#clients)) await patientStore(client, TABLES[table]).transact(writes);
  }

  /** A region's rows, in the partitions that name `run`, and those in which the regions speak of themselves. */
  async rows(region: Region, run: string): Promise<readonly Item[]> {
    const { Items = [] } = await this.#clients[region].send(new ScanCommand({ TableName: TABLES.data, ConsistentRead: true }));
    const partitions = new Set(Items.filter((row) => JSON.stringify(row).includes(run)).map(({ pk }) => pk?.S));
    return Items.map(itemOf).filter(({ pk }) => partitions.has(pk) || pk === 'REGIONS');
  }

  /** Brings each row from the region that writes it to the other. */
  async replicate(run: string): Promise<void> {
    for (const [from, to] of [
      [HERE, PEER],
      [PEER, HERE],
    ] as const) {
      const store = patientStore(this.#clients[to], TABLES.data);
      for (const item of await this.rows(from, run)) {
        if (regionOf(item.sk.split('#').at(-1) ?? '') === from) await store.transact([{ action: 'put', item }]);
      }
    }
  }
}
