import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { untilReached } from '../../../local/delivery/until-reached.ts';

const LOOK_MS = 60;

test('finds what a later look finds', async () => {
  let looks = 0;

  const found = await untilReached(
    async () => {
      looks += 1;
      return looks > 1 ? 'the gate' : undefined;
    },
    new Promise(() => undefined),
  );

  expect(found).toBe('the gate');
});

test('tells why the update failed, also when it failed in the middle of a look', async () => {
  const unhandled = unhandledRejections();
  const update = sleep(LOOK_MS / 3).then(() => Promise.reject(new Error('the system ends')));
  update.catch(() => undefined);

  await expect(untilReached(() => sleep(LOOK_MS, undefined), update)).rejects.toThrow('the system ends');

  expect(unhandled).toEqual([]);
});

test('says so when the update ended and never came there', async () => {
  await expect(untilReached(async () => undefined, Promise.resolve())).rejects.toThrow('has not waited for CodeDeploy');
});

const unhandledRejections = (): readonly unknown[] => {
  const reasons: unknown[] = [];
  const note = (reason: unknown): void => void reasons.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return reasons;
};
