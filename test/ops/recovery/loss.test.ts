import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../functions/core/memory-store.ts';
import { type Estate, RecoveryRefused } from '../../../functions/core/recovery.ts';
import { StoreUnavailable } from '../../../functions/core/store.ts';
import { OperatorStep, UserError } from '../../../ops/errors.ts';
import { asUser, goesOn, lossAsKnown } from '../../../ops/recovery/loss.ts';
import { Interrupted } from '../../../ops/signals.ts';

const KILL = 'bin/tandem lose a --yes';

describe('a region that is to be brought back', () => {
  it('and is silent, but not lost, is told how it is called lost', async () => {
    const asked = lossAsKnown(estate({ silent: 'a', lost: [] }), 'a', KILL);
    await expect(asked).rejects.toThrow(UserError);
    await expect(asked).rejects.toThrow(
      'a is not lost, and not every region answers: no answer from the table: of a; see `bin/tandem status`. If a is the silent one and will not be back, kill it with `bin/tandem lose a --yes`, then run this again',
    );
  });

  it.each([
    ['lost, while a survivor is silent', estate({ silent: 'b', lost: ['a'] }), KILL],
    ['silent where nobody can call it lost', estate({ silent: 'a', lost: [] }), undefined],
  ])('and is %s, gets the error as it is', async (_, given, kill) => {
    await expect(lossAsKnown(given, 'a', kill)).rejects.toThrow(StoreUnavailable);
  });

  it('and is lost is asked nothing', async () => {
    expect(await lossAsKnown(estate({ silent: 'a', lost: ['a'] }), 'a', KILL)).toMatchObject({ isLost: true, heir: 'b' });
  });

  it('and is not configured is refused with what is allowed', async () => {
    await expect(lossAsKnown(estate({ silent: 'a', lost: [] }), 'mars', KILL)).rejects.toThrow('given region "mars"; allowed: a, b');
  });
});

describe('a recovery that ended half-way', () => {
  it.each([
    ['a signal', new Interrupted('SIGINT'), true],
    ['copies that took too long', new UserError('copies between the regions are still under way'), true],
    ['a region that does not answer', new StoreUnavailable('no answer'), true],
    ['the step of the operator', new OperatorStep('remove the replica'), false],
  ])('by %s tells whether it goes on when it is run again', (_, error, expected) => {
    expect(goesOn(error)).toBe(expected);
  });

  it('by a refusal does not', async () => {
    const refused: unknown = await asUser(Promise.reject(new RecoveryRefused('no other is left'))).catch((error: unknown) => error);
    expect(goesOn(refused)).toBe(false);
  });
});

const never = (): never => {
  throw new Error('not asked for');
};

const estate = ({ silent, lost }: { readonly silent: string; readonly lost: readonly string[] }): Estate => ({
  regions: ['a', 'b'],
  now: () => 0,
  lost: async () => lost,
  store: (region) => {
    const store = new MemoryStore();
    if (region === silent)
      store.query = () => Promise.reject(new StoreUnavailable('no answer from the table', { cause: new Error(`of ${region}`) }));
    return store;
  },
  scan: never,
  closeDoor: never,
  cut: never,
  restartEmpty: never,
  restore: never,
  admit: never,
  pause: never,
  progress: never,
});
