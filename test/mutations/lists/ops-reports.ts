/** What a report says of a drill, and whether it can be believed. */
import { mutationsOf } from '../mutation.ts';

const decision = mutationsOf('ops/drill/assemble-delivery.ts', 'test/ops/drill/decision.test.ts');
const partition = mutationsOf('ops/drill/assemble-partition.ts', 'test/ops/drill/assembled.test.ts');
const badWrites = mutationsOf('ops/drill/assemble-bad-writes.ts', 'test/ops/drill/assembled.test.ts');
const regionLoss = mutationsOf('ops/drill/assemble-region-loss.ts', 'test/ops/drill/assembled.test.ts');
const assembled = mutationsOf('ops/drill/assemble.ts', 'test/ops/drill/assembled.test.ts');
const ledger = mutationsOf('ops/drill/settle.ts', 'test/ops/drill/assembled.test.ts');
const believed = mutationsOf('ops/drill/assemble.ts', 'test/ops/drill/contradictions.test.ts');
const shared = mutationsOf('ops/reports/contradictions/shared.ts', 'test/ops/drill/contradictions.test.ts');
const data = mutationsOf('ops/reports/contradictions/data.ts', 'test/ops/drill/contradictions.test.ts');
const delivery = mutationsOf('ops/reports/contradictions/delivery.ts', 'test/ops/drill/contradictions.test.ts');
const named = mutationsOf('ops/reports/activated.ts', 'test/ops/drill/decision.test.ts');

const DECIDING = [
  decision(
    'any-alarm-took-it-back',
    'an alarm that guards no deployment is called the cause',
    'if (nameIn(alarm, activated)) found.push',
    'found.push',
  ),
  decision(
    'the-last-cause',
    'what came last is called the cause',
    'toSorted((a, b) => a.atMs - b.atMs)',
    'toSorted((a, b) => b.atMs - a.atMs)',
  ),
  decision('alarms-of-other-regions', 'what fired in another region took the version back', ' && event.region === region', ''),
  decision('alarms-afterwards', 'what fired once the delivery had ended took the version back', ' && event.atMs <= ended.atMs', ''),
  decision(
    'alarms-that-were-over',
    'an alarm that only turned to OK took the version back',
    "own.findLast(({ state }) => state === 'ALARM')",
    'own.at(-1)',
  ),
  decision(
    'a-limited-trial-failed',
    'a region that may not write is blamed for it',
    'trial && !isGood(trial.verdict)',
    "trial && trial.verdict !== 'pass'",
  ),
  decision(
    'only-failed-trials',
    'a trial that found what both versions need is not told',
    'trial && !isGood(trial.verdict)',
    "trial && trial.verdict === 'fail'",
  ),
  decision(
    'good-bakes-took-it-back',
    'a bake that ended well is called the cause',
    'bake?.ended && !isGood(bake.ended.verdict)',
    'bake?.ended',
  ),
  decision(
    'the-way-back-decides',
    'the deployment that brought the version before back is called the cause',
    " && ended?.state !== 'succeeded'",
    '',
  ),
  decision('earlier-deployments-decide', 'what an earlier delivery came to is told of this one', '?? 0) >= sinceMs &&', '?? 0) >= 0 &&'),
  decision('fired-before-there-was-anything', 'the version was taken back before it was delivered', 'Math.max(atMs, sinceMs)', 'atMs'),
  decision('nobody-stopped-it', 'a person who stopped it is not told', "ended.state === 'stopped' ? 'stopped' : 'unknown'", "'unknown'"),
  named('names-by-letter', 'an alarm whose name has a dash is never named', "text.replace(/[^A-Za-z0-9]/g, '')", 'text'),
  named('no-name-is-named', 'an alarm without a name took the version back', "plain(alarm) !== '' && ", ''),
  named(
    'any-reason-names-alarms',
    'an alarm that a hook spoke of took the version back',
    "/activated alarms: ?(.*)/i.exec(reason)?.[1] ?? ''",
    'reason',
  ),
];

const ASSEMBLING = [
  partition(
    'failed-before-it-counts',
    'what had ended before the partition counts',
    'endMs >= partitionMs && startMs < healMs',
    'startMs < healMs',
  ),
  partition('failed-afterwards-counts', 'what was due after the partition counts', ' && startMs < healMs', ''),
  partition('own-failures-do-not-count', "the drill's own requests may fail", 'dns + client + region)', 'dns + client)'),
  partition('dns-failures-do-not-count', 'requests of callers by DNS may fail', 'dns + client + region)', 'client + region)'),
  partition(
    'wrong-answers-of-one-kind',
    'callers by DNS may be answered wrong',
    'measured.wrongAnswers.dns + measured.wrongAnswers.client',
    'measured.wrongAnswers.client',
  ),
  partition(
    'wrong-answers-of-clients',
    'the failover client may be answered wrong',
    'measured.wrongAnswers.dns + measured.wrongAnswers.client',
    'measured.wrongAnswers.dns',
  ),
  partition('wrong-before-the-baseline', 'what went wrong before the baseline counts', ' && each.endMs >= baselineMs', ''),
  partition(
    'conflicts-are-not-counted',
    'a conflict may end in any way',
    'measured.conflicts.filter((each) => each.wrong !== null).length',
    '0 * measured.conflicts.length',
  ),
  partition(
    'never-agreed',
    'regions that never agree pass',
    'objectives.agreeSeconds, agreedSeconds)',
    'objectives.agreeSeconds, agreedSeconds ?? 0)',
  ),
  partition('broken-rules-pass', 'tables may break any rule after a partition', '0, measured.broken.length)', '1, measured.broken.length)'),
  partition('lost-writes-pass', 'a partition may lose writes', "'writes', 0, ledger.lost.length)", "'writes', 1, ledger.lost.length)"),
  badWrites(
    'never-spread',
    'bad writes count that never spread',
    'measured.spreadSeconds === null ? null : measured.damage.length',
    'measured.damage.length',
  ),
  badWrites(
    'nothing-harmed',
    'a drill that took nothing away passes',
    "'writes', 1, measured.harmedWrites)",
    "'writes', 0, measured.harmedWrites)",
  ),
  badWrites('rpo-by-the-oldest', 'what is not back is as old as the oldest write', '(repairedMs - Math.max(', '(repairedMs - Math.min('),
  badWrites(
    'rpo-by-the-first-bad-write',
    'the age of what is not back is measured from the wrong end',
    '(repairedMs - Math.max(...',
    '(corruptedMs - Math.max(...',
  ),
  badWrites(
    'failures-under-way-are-after',
    'what was due before the repair had ended counts as after',
    'startMs >= repairedMs',
    'startMs >= corruptedMs',
  ),
  badWrites('failed-at-the-very-end', 'what was due as the repair ended does not count', 'startMs >= repairedMs', 'startMs > repairedMs'),
  badWrites(
    'wrong-afterwards-is-fine',
    'answers may be wrong after the repair',
    '0, total(measured.wrongAfter))',
    '1, total(measured.wrongAfter))',
  ),
  badWrites(
    'repaired-in-part',
    'a restore that left something is whole',
    'restored?.whole ? (repairedMs',
    'restored !== undefined ? (repairedMs',
  ),
  badWrites(
    'not-as-before-is-fine',
    'facts may read otherwise after the repair',
    "'items', 0, measured.notAsBefore)",
    "'items', 1, measured.notAsBefore)",
  ),
  badWrites(
    'broken-after-the-repair',
    'tables may break any rule after a restore',
    "'rules', 0, measured.broken.length)",
    "'rules', 1, measured.broken.length)",
  ),
  badWrites(
    'noticed-from-the-end-on',
    'what callers noticed before the repair is not told',
    'each.endMs >= corruptedMs && each.startMs < repairedMs',
    'each.endMs >= repairedMs',
  ),
  regionLoss(
    'lost-by-their-ids',
    'writes lost for good have no age',
    '.map((write) => write.ackMs)',
    '.map((write) => write.ackMs + 1_000_000)',
  ),
  assembled(
    'passed-with-some',
    'one objective that is met is enough',
    'verdicts.every((each) => each.passed)',
    'verdicts.some((each) => each.passed)',
  ),
  ledger(
    'missing-in-one-region-only',
    'a write that one region lacks is not missing',
    'new Set([...missing.values()].flat()',
    'new Set([...missing.values()].slice(1).flat()',
  ),
];

const BELIEVING = [
  believed(
    'contradictions-pass',
    'a report that contradicts itself passes',
    'verdicts, passed: false, contradictions',
    'verdicts, contradictions',
  ),
  shared(
    'passed-with-a-missed-objective',
    'a report passes with an objective that was missed',
    'report.passed === ((report.failures ?? []).length === 0 && report.verdicts.every(({ passed }) => passed)),',
    'true,',
  ),
  shared('no-objectives', 'a report passes that looked at nothing', '[report.verdicts.length > 0,', '[report.verdicts.length >= 0,'),
  shared('verdicts-as-they-are-said', 'an objective may be called met that is not', 'passed === met &&', 'passed !== null &&'),
  shared('objectives-without-a-bound', 'an objective may allow anything', ' && (min !== null || max !== null),', ','),
  shared('moments-in-any-order', 'a region may serve again before its repair began', 'atMs >= before.atMs - CLOCK_MS', 'atMs > 0'),
  shared(
    'two-times',
    'an event may have two times',
    '[same(sinceFaultSeconds, (atMs - zeroMs) / 1_000),',
    '[same(sinceFaultSeconds, sinceFaultSeconds),',
  ),
  shared('events-before-the-load', 'an event may be before the drill', '[atMs >= phases.loadMs - CLOCK_MS,', '[atMs >= 0,'),
  shared('events-after-the-drill', 'an event may be after the drill', '[atMs <= lastMs + CLOCK_MS,', '[atMs >= 0,'),
  shared('more-lost-than-written', 'more may be lost than was acknowledged', '[lost.length <= acknowledged,', '[lost.length >= 0,'),
  shared(
    'agreed-and-missing',
    'the ledgers may agree while regions lack writes',
    '(settledSeconds === null) === missing + duplicates > 0,',
    'true,',
  ),
  shared(
    'missing-by-nobody',
    'regions may lack fewer writes than they are said to lack',
    'missing <= lacking.reduce((sum, count) => sum + Math.max(0, count), 0),',
    'missing >= 0,',
  ),
  shared(
    'measured-twice',
    'an objective may have measured another number than the report tells',
    'measured === value : same(measured, value)',
    'measured === value : measured !== value + 1e9',
  ),
  data('recovered-before-it-failed', 'callers may recover of whom none had failed', '[rto === null || rto === 0 || failed > 0,', '[true,'),
  data(
    'recovered-after-nobody-watched',
    'callers may recover after the repair',
    'rto === null || rto * 1_000 <= repairMs - faultMs + CLOCK_MS,',
    'true,',
  ),
  shared(
    'lost-without-names',
    'writes may be lost that nobody names',
    'writes === named || (!allNamed(ledger) && writes > named)',
    'writes >= named',
  ),
  data(
    'served-at-two-times',
    'a region may serve again at two times',
    'same(rebuildSeconds, (servingMs - repairMs) / 1_000)',
    'rebuildSeconds > 0',
  ),
  data('never-taken-and-ended-well', 'a conflict may end well that was never taken', 'status !== null && status < 300),', 'status !== 0),'),
  data(
    'spread-after-the-repair',
    'bad writes may be everywhere only once they are being repaired',
    'spreadSeconds === null || phases.corruptedMs + spreadSeconds * 1_000 <= phases.repairMs + CLOCK_MS,',
    'true,',
  ),
  data('repaired-and-left', 'all may be repaired with something left', '[repairSeconds === null || putBack.left === 0,', '[true,'),
  delivery(
    'culprits-that-guard-nothing',
    'an alarm that guards no deployment may be the culprit',
    '[alarm === null || said.some((text) => nameIn(alarm, text)),',
    '[true,',
  ),
  delivery(
    'culprits-that-did-not-fire',
    'an alarm that did not fire may be the culprit',
    ' && event.region === region && event.atMs === atMs),',
    ' || event.atMs > 0),',
  ),
  delivery(
    'fired-after-the-rollback',
    'what took the version back may happen after its delivery had ended',
    '|| atMs <= phases.endedMs + CLOCK_MS,',
    '|| atMs > 0,',
  ),
  delivery(
    'served-after-it-was-taken-back',
    'a bad version may serve long after it was taken back',
    'own.toMs <= atMs + TAKEN_BACK_MS_MAX,',
    'own.toMs > 0,',
  ),
  delivery('refused-and-served', 'a version may serve that the trial refused', "[by !== 'trial' || own === undefined,", '[true,'),
  delivery(
    'taken-back-and-succeeded',
    'a delivery may succeed whose version was taken back',
    "[delivery.state !== 'succeeded', 'a version",
    "[true, 'a version",
  ),
  delivery('more-requests-than-answers', 'fewer answers may be spoiled than requests', '[requests <= answers,', '[requests >= 0,'),
  delivery('hidden-beside-the-sum', 'counts by class need not add up', 'requests + spoiled.hidden <= answers,', 'requests >= 0,'),
];

export const REPORTING = [...DECIDING, ...ASSEMBLING, ...BELIEVING];
