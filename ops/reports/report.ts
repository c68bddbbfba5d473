/**
 * The report of a drill: what `report.json` holds, by the name of the drill. `report.schema.json` is this schema for other
 * languages; a test keeps them equal.
 */
import * as z from 'zod';
import { badWrites } from './schema/bad-writes.ts';
import { delivery } from './schema/delivery.ts';
import { partition } from './schema/partition.ts';
import type { reportEvent, verdict } from './schema/parts.ts';
import { regionLoss } from './schema/region-loss.ts';

export const reportSchema = z.discriminatedUnion('drill', [regionLoss, delivery, partition, badWrites]);

export type Report = z.infer<typeof reportSchema>;
export type RegionLossReport = z.infer<typeof regionLoss>;
export type DeliveryReport = z.infer<typeof delivery>;
export type PartitionReport = z.infer<typeof partition>;
export type BadWritesReport = z.infer<typeof badWrites>;
export type ReportEvent = z.infer<typeof reportEvent>;
export type Verdict = z.infer<typeof verdict>;

/** The schema for other languages (JSON Schema 2020-12). */
export const reportJsonSchema = () => ({
  $id: 'urn:tandem:drill-report:1',
  title: 'Report of a Tandem drill',
  ...z.toJSONSchema(reportSchema),
});
