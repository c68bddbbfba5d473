/** What the numbers of the reports on lost regions, partitions and bad writes must have to do with each other. Pure. */
import type { BadWritesReport, PartitionReport, RegionLossReport } from '../report.ts';
import { allNamed, CLOCK_MS, KINDS, lostAreNamed, measures, type Rule, same } from './shared.ts';

export const regionLossRules = (report: RegionLossReport): readonly Rule[] => {
  const { measured, phases, load, ledger, regions, region } = report;
  const { faultMs, repairMs, servingMs, endMs } = phases;
  const { rtoSeconds, failedRequests, failedAfterRepair, missedReads, rpo, rebuildSeconds, formulaSeconds } = measured;
  const extraMs =
    measured.slowestMs.client === null || measured.normalSlowestMs.client === null
      ? null
      : Math.max(0, measured.slowestMs.client - measured.normalSlowestMs.client);
  const oldestMs = Math.max(0, ...ledger.lost.map(({ ageMs }) => ageMs));
  return [
    [regions.includes(region), `${region} was lost, and is none of the system`],
    ...KINDS.flatMap((kind): readonly Rule[] => {
      const [rto, failed] = [rtoSeconds[kind], failedRequests[kind] - failedAfterRepair[kind]];
      return [
        [failed >= 0, `more ${kind} requests failed after the repair than in all`],
        [failedRequests[kind] <= load.requests[kind], `more ${kind} requests failed than were made`],
        [missedReads[kind] <= load.requests[kind], `more ${kind} reads missed than were made`],
        [
          rto === null || rto * 1_000 <= repairMs - faultMs + CLOCK_MS,
          `${kind} callers recovered after the repair began, which nobody watched`,
        ],
        [rto === null || rto === 0 || failed > 0, `${kind} callers recovered, and none had failed`],
        [rto !== null || failed > 0 || load.requests[kind] === 0, `${kind} callers never recovered, and none had failed`],
      ];
    }),
    ...[measured.detectionSeconds, measured.dnsChangedSeconds].map(
      (seconds): Rule => [
        seconds === null || faultMs + seconds * 1_000 <= endMs + CLOCK_MS,
        'something of the fault was seen after the drill',
      ],
    ),
    [
      (formulaSeconds === null) === (load.callers.dns === 0),
      'callers follow a name that there is not, or nobody follows the one that there is',
    ],
    lostAreNamed(ledger, rpo.writes),
    [!allNamed(ledger) || same(rpo.milliseconds, oldestMs), `the oldest lost write is ${rpo.milliseconds} ms old, and ${oldestMs} ms`],
    [
      rebuildSeconds === null ? servingMs === null : servingMs !== null && same(rebuildSeconds, (servingMs - repairMs) / 1_000),
      'the region served again at two times',
    ],
    ...measures(report, {
      'callers by DNS: recovered after': rtoSeconds.dns,
      'callers by DNS: measured / computed': rtoSeconds.dns === null || formulaSeconds === null ? null : rtoSeconds.dns / formulaSeconds,
      'failover client: recovered after': rtoSeconds.client,
      'failover client: failed requests': failedRequests.client,
      'failover client: added to the slowest': extraMs,
      'oldest acknowledged write lost for good': rpo.milliseconds,
      'acknowledged writes lost for good': rpo.writes,
    }),
  ];
};

export const partitionRules = (report: PartitionReport): readonly Rule[] => {
  const { measured, phases, load, ledger, regions } = report;
  const { failedRequests, wrongAnswers, missedReads, agreedSeconds, conflicts, broken } = measured;
  const wrong = conflicts.filter((each) => each.wrong !== null).length;
  return [
    ...KINDS.flatMap((kind): readonly Rule[] => [
      [failedRequests[kind] <= load.requests[kind], `more ${kind} requests failed than were made`],
      [wrongAnswers[kind] <= load.requests[kind], `more ${kind} answers were wrong than were given`],
      [missedReads[kind] <= load.requests[kind], `more ${kind} reads missed than were made`],
    ]),
    [agreedSeconds === null || phases.healMs + agreedSeconds * 1_000 <= phases.endMs + CLOCK_MS, 'the regions agreed after the drill'],
    ...conflicts.flatMap(({ kind, what, regions: between, answers, wrong: why }): readonly Rule[] => [
      [between.every((each) => regions.includes(each)), `the conflict "${kind}" of ${what} is of a region that is none of the system`],
      // Of the last units each region refuses those that it does not have.
      [
        why !== null || kind === 'last units' || answers.every(({ status }) => status !== null && status < 300),
        `the conflict "${kind}" of ${what} ended well, and was never taken`,
      ],
    ]),
    ...measures(report, {
      'requests that failed while regions were apart': failedRequests.dns + failedRequests.client + failedRequests.region,
      'answers that contradict what was acknowledged': wrongAnswers.dns + wrongAnswers.client,
      'regions agree on all conflicts after': agreedSeconds,
      'conflicts that ended otherwise than they must': wrong,
      'rules that do not hold on the tables': broken.length,
      'acknowledged writes lost for good': ledger.lost.length,
    }),
  ];
};

export const badWritesRules = (report: BadWritesReport): readonly Rule[] => {
  const { measured, phases, load, ledger, regions } = report;
  const { damage, spreadSeconds, harmedWrites, noticed, failedAfter, wrongAfter, rpo, repairSeconds, notAsBefore, putBack, broken } =
    measured;
  const [newest] = ledger.lost.map(({ ageMs }) => ageMs).toSorted((a, b) => a - b);
  return [
    ...KINDS.flatMap((kind): readonly Rule[] => [
      [
        noticed[kind] + Math.max(failedAfter[kind], wrongAfter[kind]) <= load.requests[kind],
        `more ${kind} requests were hurt than were made`,
      ],
    ]),
    [damage.every(({ region }) => regions.includes(region)), 'a bad write was made in a region that is none of the system'],
    [
      spreadSeconds === null || phases.corruptedMs + spreadSeconds * 1_000 <= phases.repairMs + CLOCK_MS,
      'bad writes were everywhere only once the repair had begun',
    ],
    [harmedWrites === 0 || damage.length > 0, 'writes were gone, and nothing had been done to them'],
    [harmedWrites <= ledger.acknowledged, 'more writes were gone than were acknowledged'],
    [notAsBefore <= damage.length, 'more facts are not as before than were harmed'],
    [repairSeconds === null || same(repairSeconds, (phases.repairedMs - phases.corruptedMs) / 1_000), 'all was repaired at two times'],
    [repairSeconds === null || putBack.left === 0, 'all was repaired, and something was left'],
    lostAreNamed(ledger, rpo.writes),
    [
      !allNamed(ledger) || same(rpo.seconds, Math.max(0, (newest ?? 0) / 1_000)),
      `the newest lost write is ${rpo.seconds} s old, and ${(newest ?? 0) / 1_000} s`,
    ],
    ...measures(report, {
      'bad writes that were in every region': spreadSeconds === null ? null : damage.length,
      'acknowledged writes that they took away': harmedWrites,
      'newest acknowledged write that is not back': rpo.seconds,
      'acknowledged writes lost for good': rpo.writes,
      'from the first bad write until all was repaired': repairSeconds,
      'harmed facts that are not as before': notAsBefore,
      'requests that failed after the repair': failedAfter.dns + failedAfter.client,
      'answers after the repair that contradict what was acknowledged': wrongAfter.dns + wrongAfter.client,
      'rules that do not hold on the tables': broken.length,
    }),
  ];
};
