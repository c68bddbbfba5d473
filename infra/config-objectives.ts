/** Keys of the configuration about what drills measure against. */
import { positive, section, told, whole } from './config-values.ts';

/** Of all but one: they are numbers to compare with. */
const NOTHING = 'Only the verdict of drills';

const delivery = section({
  spoiledAnswers: told(
    "Answers of a bad version that callers may get where a canary's journey can see its fault",
    NOTHING,
    whole(0, 1_000_000).default(0),
  ),
  spoiledPercent: told(
    "Percent of all callers' requests during the exposure that a version may spoil whose fault no journey sees",
    NOTHING,
    positive.default(5),
  ),
  spoiledSeconds: told('Seconds from the first answer that it spoils to the last', NOTHING, positive.default(300)),
  slowExtraMs: told(
    'Milliseconds over the slowest normal answer from which one counts as spoiled',
    NOTHING,
    whole(0, 60_000).default(1_000),
  ),
});

const partition = section({
  failedRequests: told(
    'Requests that may fail while replication is paused: each region serves alone',
    NOTHING,
    whole(0, 1_000_000).default(0),
  ),
  agreeSeconds: told('Seconds from resuming until every region holds the same of all that was in conflict', NOTHING, positive.default(30)),
});

const badWrites = section({
  rpoSeconds: told(
    'Age in seconds of the newest acknowledged write that may stay lost after a repair. 0: none at all',
    NOTHING,
    whole(0, 3_600).default(0),
  ),
  failedRequests: told('Requests that may fail once what a faulty client corrupted is repaired', NOTHING, whole(0, 1_000_000).default(0)),
  repairSeconds: told('Seconds from the first bad write until every item is repaired in every region', NOTHING, positive.default(300)),
});

export const objectives = section({
  rtoSeconds: told(
    'How long the loss of a region is felt',
    '',
    section({
      dns: told('Seconds from the loss of a region until callers that follow DNS succeed for good', NOTHING, positive.default(60)),
      client: told('The same for callers that use the failover client', NOTHING, positive.default(10)),
    }).prefault({}),
  ),
  failedRequests: told(
    'What may fail with a region',
    '',
    section({
      client: told('Requests of the failover client that may fail when a region is lost', NOTHING, whole(0, 1_000_000).default(0)),
    }).prefault({}),
  ),
  slowestExtraMs: told(
    'How much slower than before a request may be',
    '',
    section({
      client: told(
        'Milliseconds that the slowest request of the failover client may exceed the slowest normal one, when a region is lost',
        NOTHING,
        whole(0, 60_000).default(1_000),
      ),
    }).prefault({}),
  ),
  rpoMilliseconds: told(
    'Age at the fault, in milliseconds, of the oldest acknowledged write that may be lost with a region for good',
    NOTHING,
    whole(0, 3_600_000).default(5_000),
  ),
  recoveryPointHours: told(
    "Age of a table's newest recovery point, in hours, from which people are told. By default half as much again as `backup.everyHours`, three hours more at least",
    'The alarm `RecoveryPointOld`, in place',
    whole(2, 24 * 365).optional(),
  ),
  delivery: told('What a version may do to callers before it is taken back', '', delivery.prefault({})),
  partition: told('While replication is paused between all regions, and once it is resumed', '', partition.prefault({})),
  badWrites: told('When a faulty client has corrupted the tables', '', badWrites.prefault({})),
  formulaRatio: told(
    'Whether the model of the system is right',
    '',
    section({
      min: told('Measured over computed time to fail over, at least', NOTHING, positive.default(0.75)),
      max: told('The same at most. Outside these bounds the model of the system is wrong', NOTHING, positive.default(1.1)),
    }).prefault({}),
  ),
});
