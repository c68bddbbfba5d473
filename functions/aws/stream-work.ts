/** What a batch of the data table's stream asks of this region: each task once, with the first record that asks for it. */
import { taskOf } from '../core/housekeeping.ts';
import type { Task } from '../core/tasks.ts';
import { itemOf, type WireValue } from './marshal.ts';

/** Of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html, what is used. */
export interface StreamRecord {
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    readonly NewImage?: { readonly [name: string]: WireValue };
    readonly OldImage?: { readonly [name: string]: WireValue };
  };
}

export interface Work {
  readonly task: Task;
  /** Sequence number of the first record that asks for it: from there the batch is repeated when it fails. */
  readonly sequence: string;
}

/** In the order of the records. */
export const workOf = (records: readonly StreamRecord[], region: string): readonly Work[] => {
  const work = new Map<string, Work>();
  for (const { dynamodb } of records) {
    const { NewImage, OldImage, SequenceNumber: sequence } = dynamodb ?? {};
    const task = NewImage && taskOf(itemOf(NewImage), OldImage && itemOf(OldImage), region);
    const name = JSON.stringify(task);
    if (task && sequence !== undefined && !work.has(name)) work.set(name, { task, sequence });
  }
  return [...work.values()];
};
