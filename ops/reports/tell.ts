import { tellBadWrites } from './bad-writes.ts';
import { tellDelivery } from './delivery.ts';
import { tellPartition } from './partition.ts';
import { tellRegionLoss } from './region-loss.ts';
import type { Report } from './report.ts';
import type { Telling } from './telling.ts';

/** What there is to tell of a report. Pure. */
export const tell = (report: Report): Telling => {
  const telling = byDrill(report);
  const failures = (report.failures ?? []).map((each) => `FAILED: ${each}`);
  const contradictions = (report.contradictions ?? []).map((each) => `contradiction: ${each}`);
  return { ...telling, labels: [...failures, ...contradictions, ...telling.labels] };
};

const byDrill = (report: Report): Telling => {
  switch (report.drill) {
    case 'region-loss':
      return tellRegionLoss(report);
    case 'bad-deploy':
    case 'good-deploy':
      return tellDelivery(report);
    case 'partition':
      return tellPartition(report);
    case 'bad-writes':
      return tellBadWrites(report);
  }
};
