/** Requests for tests of what is measured. */
import type { OperationRecord } from '../../../ops/drill/operations.ts';

/** A read of the failover client that was due at `startMs` and took 10 ms. */
export const recordOf = (startMs: number, more: Partial<OperationRecord> = {}): OperationRecord => ({
  caller: 'client-a-1',
  kind: 'client',
  near: 'a',
  operation: 'getStock',
  key: null,
  value: { sku: 'x' },
  region: 'a',
  startMs,
  endMs: startMs + 10,
  outcome: 'ok',
  status: 200,
  id: null,
  missed: false,
  attempts: 1,
  detail: '',
  wrong: null,
  sent: [],
  ...more,
});

/** One request each `everyMs`; those due from `failFromMs` until before `failToMs` fail. */
export const stream = (
  fromMs: number,
  toMs: number,
  everyMs: number,
  fail: readonly [number, number] = [0, 0],
  more: Partial<OperationRecord> = {},
): OperationRecord[] =>
  Array.from({ length: Math.ceil((toMs - fromMs) / everyMs) }, (_, index) => {
    const startMs = fromMs + index * everyMs;
    const failed = startMs >= fail[0] && startMs < fail[1];
    return recordOf(startMs, { outcome: failed ? 'failed' : 'ok', ...more });
  });
