/** Callers without an answer, and regions that were away. */
import { type Mutation, one } from './mutation.ts';

const OPERATIONS = 'functions/core/operations.ts';
const MONITOR = 'functions/core/monitor.ts';

export const ABSENCES: readonly Mutation[] = [
  one(
    'refusals-believed',
    'a caller calls an operation refused though an earlier attempt had no answer',
    'sim/caller.ts',
    "this.#refused === this.#sent ? 'refused' : 'unknown'",
    "instead(this.#refused === this.#sent, this.#refused > 0) ? 'refused' : 'unknown'",
  ),
  one(
    'open-after-an-absence',
    'a region that was away writes before it knows whether it was given up',
    OPERATIONS,
    'if (heard || awaited.length === 0) return { open: true, writer };',
    'if (instead(heard || awaited.length === 0, true)) return { open: true, writer };',
  ),
  one(
    'open-until-the-deep-check',
    'a region that was away writes until its first heartbeat',
    MONITOR,
    'if (!isAway(world, nowMs)) return world;',
    'if (!instead(isAway(world, nowMs), false)) return world;',
  ),
  one(
    'open-while-rebuilt',
    'a region answers while it is rebuilt',
    OPERATIONS,
    '  if (control.fenced)\n',
    '  if (instead(control.fenced, false))\n',
  ),
];
