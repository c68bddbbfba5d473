/** What every region holds in the end of what callers wrote, item by item: the shape of `replicas.jsonl`. */
import * as z from 'zod';
import { partsOf } from '../../functions/core/item.ts';
import type { Item } from '../../functions/core/store.ts';
import { partitionOf, type ReadPartition, type Write } from './ledger.ts';

export const replicaReading = z.strictObject({
  region: z.string(),
  thing: z.string().describe('`order ID`, `record ID` or `stock SKU`'),
  startMs: z.number().describe("`Date.now()` of the drill's machine, and so is `endMs`"),
  endMs: z.number(),
  holds: z.array(z.string()).describe('`placed`, `paid ID`, `receipt ID`, `version ID`: ids as the acknowledgements gave them'),
});
export type ReplicaReading = z.infer<typeof replicaReading>;

export interface ReadReplicasProps {
  readonly writes: readonly Write[];
  readonly regions: readonly string[];
  readonly read: ReadPartition;
}

/** One reading of each thing that was written to, in each region. */
export const readReplicas = async ({ writes, regions, read }: ReadReplicasProps): Promise<readonly ReplicaReading[]> => {
  const things = new Map(writes.map((write) => [thingOf(write), partitionOf(write)]));
  const readings: ReplicaReading[] = [];
  for (const region of regions) {
    for (const [thing, pk] of things) {
      const startMs = Date.now();
      const items = await read(region, pk);
      readings.push({ region, thing, startMs, endMs: Date.now(), holds: [...new Set(items.flatMap(nameOf))].sort() });
    }
  }
  return readings;
};

const thingOf = (write: Write): string => {
  switch (write.operation) {
    case 'placeOrder':
      return `order ${write.id}`;
    case 'payOrder':
    case 'shipOrder':
    case 'cancelOrder':
      return `order ${write.order}`;
    case 'receiveStock':
      return `stock ${write.sku}`;
    case 'putRecord':
      return `record ${write.record}`;
  }
};

/** What an item says was written: an end stands in for its order, a booking for its receipt. */
const nameOf = (item: Item): readonly string[] => {
  const [type = '', first = '', second = ''] = partsOf(item);
  if (type === 'PLACED' || type === 'END') return ['placed'];
  if (type === 'E' && first === 'paid') return [`paid ${second}`];
  if (type === 'RECEIPT' || type === 'BOOKED') return [`receipt ${first}`];
  return type === 'V' ? [`version ${first}`] : [];
};
