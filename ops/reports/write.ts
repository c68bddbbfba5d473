/** Writes a drill's report: `report.json`, `operations.jsonl`, `replicas.jsonl` and `report.html`, in a folder of its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperationRecord } from '../drill/operations.ts';
import type { ReplicaReading } from '../drill/replicas.ts';
import { reportHtml } from './html.ts';
import { type Report, reportSchema } from './report.ts';

/** @returns the folder, `REPORTS/NAME-TIME` */
export const writeReport = async (
  reports: string,
  report: Report,
  records: readonly OperationRecord[],
  readings: readonly ReplicaReading[],
): Promise<string> => {
  const folder = join(reports, `${report.drill}-${report.startedAt.replace(/[-:]|\.\d+/g, '')}`);
  const inOrder = records.toSorted((a, b) => a.startMs - b.startMs);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(reportSchema.parse(report), undefined, 2)}\n`);
  await writeFile(join(folder, 'operations.jsonl'), linesOf(inOrder));
  await writeFile(join(folder, 'replicas.jsonl'), linesOf(readings));
  await writeFile(join(folder, 'report.html'), reportHtml(report, inOrder));
  return folder;
};

const linesOf = (values: readonly object[]): string => values.map((each) => `${JSON.stringify(each)}\n`).join('');
