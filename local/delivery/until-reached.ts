import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;

/**
 * What `look` finds at last, while an update goes on.
 * @throws what ended the update; an Error when it ended well and there was nothing to find
 */
export const untilReached = async <T>(look: () => Promise<T | undefined>, update: Promise<void>): Promise<T> => {
  // Its failure is told in the race below, which may come long after it: until then it is nobody's.
  const ended = update.then(() => true);
  ended.catch(() => undefined);
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (await Promise.race([ended, sleep(POLL_MS, false)])) throw new Error('CloudFormation has not waited for CodeDeploy');
  }
};
