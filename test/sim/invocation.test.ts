import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { VirtualTime } from '../../sim/agenda.ts';
import { type Crash, type Host, Invocation } from '../../sim/invocation.ts';
import { Scheduler } from '../../sim/scheduler.ts';

describe('a handler under the scheduler', () => {
  it('lets others happen between any two of its calls, and never within one', async () => {
    const world = new Lab();
    const log: string[] = [];
    for (const name of ['x', 'y', 'z']) {
      world.start(name, async (invocation) => {
        for (let n = 1; n <= 3; n += 1) {
          log.push(await invocation.step(label, () => `${name}${n}`));
          // What follows from an answer comes before anything else.
          await Promise.resolve();
          log.push(`after ${name}${n}`);
        }
      });
    }
    await world.scheduler.run();
    expect(log).toHaveLength(18);
    for (let n = 0; n < log.length; n += 2) expect(log[n + 1]).toBe(`after ${log[n]}`);
    const names = log.filter((_, index) => index % 2 === 0).map((each) => each[0]);
    expect(names.join('')).not.toMatch(/(.)\1\1(.)\2\2/);
  });

  it.each([
    [{ step: 2, applied: false }, ['1']],
    [{ step: 2, applied: true }, ['1', '2']],
  ])('is lost at %o with what it had done, and answers nobody', async (crash, done) => {
    const world = new Lab();
    const effects = world.start('x', threeSteps, crash);
    await world.scheduler.run();
    expect(effects).toEqual({ done, ended: 'lost' });
  });

  it('goes on where it stopped when its host was frozen, and is ended when that took too long', async () => {
    for (const [forMs, ended] of [
      [1_000, 'answered'],
      [60_000, 'lost'],
    ] as const) {
      const world = new Lab();
      const effects = world.start('x', threeSteps);
      world.freeze(forMs);
      await world.scheduler.run();
      expect(effects.ended).toBe(ended);
    }
  });

  it('cannot tell whether a call that the database did not answer was done', async () => {
    for (const answer of ['no', 'no, but does it'] as const) {
      const world = new Lab(answer);
      const effects = world.start('x', threeSteps);
      await world.scheduler.run();
      expect(effects).toEqual({ done: answer === 'no' ? [] : ['1'], ended: 'threw StoreUnavailable' });
    }
  });

  it('may wait for several calls at a time', async () => {
    const world = new Lab();
    const effects = world.start('x', async (invocation, done) => {
      await Promise.all([1, 2, 3].map((n) => invocation.step(label, () => done.push(String(n)))));
      await invocation.step(label, () => done.push('last'));
    });
    await world.scheduler.run();
    expect([effects.done.length, effects.done.at(-1), effects.ended]).toEqual([4, 'last', 'answered']);
  });
});

type Handler = (invocation: Invocation, done: string[]) => Promise<unknown>;

const label = (): string => 'step';

const threeSteps: Handler = async (invocation, done) => {
  for (const n of ['1', '2', '3']) await invocation.step(label, () => done.push(n));
};

/** A host that can be frozen, and a scheduler. */
class Lab {
  readonly scheduler = new Scheduler(new VirtualTime(0));
  readonly #host: Host & { state: Host['state'] };
  readonly #thawing: (() => void)[] = [];

  constructor(answer: ReturnType<Host['answers']> = 'yes') {
    this.#host = { name: 'lab', state: 'up', whenThawed: (act) => this.#thawing.push(act), answers: () => answer };
  }

  start(name: string, handler: Handler, crash?: Crash): { readonly done: string[]; ended: string } {
    const effects: { readonly done: string[]; ended: string } = { done: [], ended: 'never' };
    const onCrash = (): void => {
      effects.ended = 'lost';
    };
    const invocation = new Invocation({ name, host: this.#host, scheduler: this.scheduler, seed: name.charCodeAt(0), crash, onCrash });
    invocation.run(
      () => handler(invocation, effects.done),
      (ended) => {
        effects.ended = 'value' in ended ? 'answered' : `threw ${ended.error instanceof StoreUnavailable ? ended.error.name : ended.error}`;
      },
    );
    return effects;
  }

  freeze(forMs: number): void {
    this.#host.state = 'frozen';
    const thaw = (): void => {
      this.#host.state = 'up';
      for (const act of this.#thawing) act();
    };
    this.scheduler.agenda.after(forMs, thaw, label);
  }
}
