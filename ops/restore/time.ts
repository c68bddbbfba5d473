/** Times as people give them. */
import { InvalidArgumentError } from 'commander';

const UNITS_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const AGO = /^(\d{1,6}) (second|minute|hour|day)s? ago$/;

/** Milliseconds since 1970 of `2026-11-25T10:00:00Z`, or of `5 minutes ago`. A time without a zone would mean another one elsewhere. */
export const parseTime =
  (nowMs: number) =>
  (given: string): number => {
    const atMs = INSTANT.test(given) ? Date.parse(given) : Number.NaN;
    if (!Number.isNaN(atMs)) return atMs;
    const [, count, unit] = AGO.exec(given) ?? [];
    const found = Object.entries(UNITS_MS).find(([name]) => name === unit);
    if (found !== undefined) return nowMs - Number(count) * found[1];
    throw new InvalidArgumentError('allowed: a time with its zone, such as 2026-11-25T10:00:00Z, or one such as "5 minutes ago"');
  };
