/** How the numbers of a report contradict each other: then one of them is wrong, nobody knows which, and nothing is proved. Pure. */
import type { Report } from '../report.ts';
import { badWritesRules, partitionRules, regionLossRules } from './data.ts';
import { deliveryRules } from './delivery.ts';
import { type Rule, sharedRules } from './shared.ts';

/** Of a report of its kind; none: it may be believed. */
export const contradictionsOf = (report: Report): readonly string[] => [
  ...new Set(rulesOf(report).flatMap(([holds, contradiction]) => (holds ? [] : [contradiction]))),
];

const rulesOf = (report: Report): readonly Rule[] => {
  switch (report.drill) {
    case 'region-loss':
      return [...sharedRules(report, report.phases.faultMs), ...regionLossRules(report)];
    case 'bad-deploy':
    case 'good-deploy':
      return [...sharedRules(report, report.phases.deliveredMs), ...deliveryRules(report)];
    case 'partition':
      return [...sharedRules(report, report.phases.partitionMs), ...partitionRules(report)];
    case 'bad-writes':
      // Its ages are from the end of the repair, its seconds from the first bad write.
      return [...sharedRules(report, report.phases.corruptedMs, report.phases.repairedMs), ...badWritesRules(report)];
  }
};
