/** What a canary sees, and what it decides about a version. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const bake = mutationsOf('functions/canary/bake.ts', 'test/canary/bake.test.ts');
const trial = mutationsOf('functions/canary/trial.ts', 'test/canary/trial.test.ts');
const watch = mutationsOf('functions/canary/watch.ts', 'test/canary/watch.test.ts');
const targets = mutationsOf('functions/canary/targets.ts', 'test/canary/watch.test.ts');
const journey = mutationsOf('functions/canary/journey.ts', 'test/canary/journey.test.ts');
const questions = mutationsOf('functions/canary/questions.ts', 'test/canary/journey.test.ts');
const ending = mutationsOf('functions/canary/ending.ts', 'test/canary/ending.test.ts');

export const CANARY: readonly TestedMutation[] = [
  bake('bake-ends-early', 'a bake ends well before its time is over', 'if (nowMs < bake.untilMs) return GO_ON;', ''),
  bake(
    'bake-blind-is-well',
    'a bake ends well although the canary saw nothing',
    "if (own.kind === 'blind') return `the canary",
    "if (own.kind === 'made') return `the canary",
  ),
  bake(
    'bake-unread-alarms-are-quiet',
    'alarms that cannot be read are taken for quiet ones',
    "return alarms.kind === 'unknown' && !ignoreAlarms ?",
    "return alarms.kind === 'unknown' && ignoreAlarms ?",
  ),
  bake('bake-ignores-alarms', 'a firing alarm does not end a bake', "state === 'ALARM'", "state === 'INSUFFICIENT_DATA'"),
  bake(
    'bake-never-gives-up',
    'a bake about which nothing is known is never ended',
    'nowMs - bake.atMs >= BAKE_MS_MAX',
    'nowMs - bake.atMs >= 2 * BAKE_MS_MAX',
  ),
  bake(
    'bake-blames-the-version',
    'what fails in other regions alike is blamed on the version',
    'return alike.length === 0',
    'return alike.length >= 0',
  ),
  bake(
    'bake-any-step-excuses',
    'any failure elsewhere excuses the version, at whatever step',
    'result.failure.step === step',
    'result.failure.step !== undefined',
  ),
  bake(
    'bake-limited-passes',
    'a region that takes no writes is said to have made every journey',
    "return own.kind === 'limited'",
    "return own.kind === 'blind'",
  ),
  trial('trial-one-bad-round', 'a version whose journey failed is tried on', 'if (made.ok) continue;', 'continue;'),
  trial(
    'trial-blames-nobody',
    'a failure that only the candidate has is called a trouble of others',
    "if (!serving.failure) return { verdict: 'fail'",
    "if (!serving.failure) return { verdict: 'dependency'",
  ),
  trial(
    'trial-any-failure-excuses',
    'any other failure of the version that serves excuses the candidate',
    'a.step === b.step && a.kind === b.kind && a.status === b.status',
    'a.step !== undefined || b.step !== undefined',
  ),
  trial(
    'trial-first-must-fail',
    'the first version passes although it fails',
    "if (!serving) return { verdict: 'fail'",
    "if (!serving) return { verdict: 'dependency'",
  ),
  trial('trial-leaks-pass', 'a version that leaks passes', 'candidateMb <= GROWTH_MB_MAX', 'candidateMb <= 1_000 * GROWTH_MB_MAX'),
  trial(
    'trial-leak-of-both',
    'what grows in both versions is blamed on the new one',
    'liveMb > GROWTH_MB_MAX',
    'liveMb > 1_000 * GROWTH_MB_MAX',
  ),
  trial('trial-slow-passes', 'a version that takes ten times as long passes', 'ms <= allowedMs', 'ms <= 100 * allowedMs'),
  trial('trial-small-is-slow', 'a few milliseconds more refuse a version', 'servingMs + SLOW_MS', 'servingMs'),
  trial('trial-few-rounds-pass', 'a version that was hardly tried passes', 'if (made < ROUNDS)', 'if (made < 1)'),
  trial(
    'trial-limited-is-tried',
    'a region that may not write has its version blamed',
    'return limit === undefined',
    'return limit !== undefined',
  ),
  trial(
    'trial-cold-counts',
    'the first journey, which met cold functions, counts as slow',
    'made.slice(made.length > 2 ? 1 : 0)',
    'made.slice(0)',
  ),
  watch(
    'watch-blind-never',
    'a canary that reaches nothing blames every region',
    'const blind = !seen.some(isReached);',
    'const blind = seen.length === 0;',
  ),
  watch(
    'watch-blind-tells',
    'a blind canary tells of journeys',
    'blind ? [] : seen.flatMap',
    'blind ? seen.flatMap(journeyMeasurements) : seen.flatMap',
  ),
  watch('watch-failures-are-not-counted', 'a journey that failed counts as none', 'metrics: [failures(1)]', 'metrics: [failures(0)]'),
  watch(
    'watch-timeouts-reach',
    'a target that hangs counts as reached',
    "outcome.failure.kind !== 'unreachable' && outcome.failure.kind !== 'timeout'",
    "outcome.failure.kind !== 'unreachable'",
  ),
  watch(
    'watch-twice-in-a-minute',
    "a second run in one minute fails at the first one's order",
    'return isMade ? look(',
    'return !isMade ? look(',
  ),
  targets(
    'targets-no-origin',
    'nobody asks for the shared name at each region',
    'via: dnsNames(domain, each).origin',
    'via: dnsNames(domain, region).origin',
  ),
  targets('targets-own-door', 'the front door of another region counts as its own', 'regions: [name],', 'regions,'),
  journey(
    'journey-replay-is-new',
    'an order that was there before counts as placed now',
    "if (answer.headers[HEADERS.replayed] === 'true')",
    "if (answer.headers[HEADERS.replayed] === 'yes')",
  ),
  journey('journey-strangers-see', 'nobody notices that strangers see orders', 'status: 401,', 'status: 200,'),
  journey(
    'journey-open-to-all',
    'the question of the stranger is left out',
    'if (!this.#props.traveller.open) await this.#stranger();',
    '',
  ),
  journey(
    'journey-foreign-writer',
    'an order that another region wrote counts as its own',
    'if (wrongWriter !== undefined) throw',
    'if (wrongWriter === undefined && placed.region === "") throw',
  ),
  journey(
    'journey-lost-payment',
    'a payment that is not there is not missed',
    "other('what is paid', order.paid, payments.length * AMOUNT)",
    'undefined',
  ),
  journey(
    'journey-list-never',
    'an order that never comes into the list is not missed',
    'if (look >= LIST_LOOKS_MAX) throw',
    'if (look >= LIST_LOOKS_MAX) return; if (look < 0) throw',
  ),
  journey(
    'journey-without-end',
    'a journey goes on for as long as each step answers',
    'this.#startedMs > JOURNEY_MS_MAX',
    'this.#startedMs > 100 * JOURNEY_MS_MAX',
  ),
  questions(
    'questions-any-version',
    'the version that serves answers for the one that is tried',
    "given?.split('+').at(-1) !== version",
    "given?.split('+').at(0) === version",
  ),
  questions('questions-any-region', 'another region answers for the one that is asked', '|| !regions.includes(region))', ')'),
  questions(
    'questions-shape-is-a-status',
    'an answer of another shape is told as one of another status',
    "'content',\n      `the answer has another shape",
    "'status',\n      `the answer has another shape",
  ),
  ending('ending-cancels-are-well', 'a deployment that was stopped ended well', "STOP: 'stopped'", "STOP: 'succeeded'"),
  ending(
    'ending-forgets-why',
    'why a bake ended badly is not told',
    '...(bake && !isGood(bake.verdict) ?',
    '...(bake && isGood(bake.verdict) ?',
  ),
  mutationsOf('functions/canary/records.ts', 'test/canary/records.test.ts')(
    'find-reads-them-all',
    'a hook reads all deployments that there ever were',
    'deploymentsKey(region), deploymentPrefix(id)',
    'deploymentsKey(region)',
  ),
  mutationsOf('functions/core/deployments.ts', 'test/canary/records.test.ts')(
    'bakes-of-today-alone',
    'a bake that began before midnight is never ended',
    'length: days + 1',
    'length: 1',
  ),
  mutationsOf('functions/core/deployments.ts', 'test/canary/records.test.ts')(
    'deployments-for-ever',
    'deployments stay in the table for ever',
    '  ...attributes,\n  ...expiry(about),',
    '  ...attributes,',
  ),
];
