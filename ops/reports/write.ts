/** Writes a drill's report: `report.json`, `operations.jsonl`, `replicas.jsonl` and `report.html`, in a folder of its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperationRecord } from '../drill/operations.ts';
import type { ReplicaReading } from '../drill/replicas.ts';
import { messageOf } from '../errors.ts';
import type { Say } from '../progress.ts';
import { reportHtml } from './html.ts';
import { type Report, reportSchema } from './report.ts';

export interface Place {
  /** Where reports go: this one into `NAME-TIME`. */
  readonly reportFolder: string;
  readonly progress: Say;
}

/** Says where it is. A drill that has ended has its verdict, also where the disk is full: then that is said instead. */
export const writeReport = async (
  { reportFolder, progress }: Place,
  report: Report,
  records: readonly OperationRecord[],
  readings: readonly ReplicaReading[],
): Promise<void> => {
  const text = `${JSON.stringify(reportSchema.parse(report), undefined, 2)}\n`;
  const folder = join(reportFolder, `${report.drill}-${report.startedAt.replace(/[-:]|\.\d+/g, '')}`);
  const inOrder = records.toSorted((a, b) => a.startMs - b.startMs);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'report.json'), text);
    await writeFile(join(folder, 'operations.jsonl'), linesOf(inOrder));
    await writeFile(join(folder, 'replicas.jsonl'), linesOf(readings));
    await writeFile(join(folder, 'report.html'), reportHtml(report, inOrder));
    progress(`report: ${folder}`);
  } catch (error) {
    progress(`the report is not whole, or missing: ${messageOf(error)}`);
  }
};

const linesOf = (values: readonly object[]): string => values.map((each) => `${JSON.stringify(each)}\n`).join('');
