/** What an emulator cannot be made to do: a stream that loses records or ends, and a function that nobody can ask. */
import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Answer, Discarded } from '../../../local/streams/batch.ts';
import { Follower, type FollowerProps } from '../../../local/streams/follower.ts';
import { type OpenShard, type Position, PositionLost, type StreamPage, Unreachable } from '../../../local/streams/reader.ts';
import { VirtualClock } from '../route53/virtual-clock.ts';

const RULES = {
  streamArn: 'arn:stream',
  patterns: [],
  batchSize: 10,
  windowMs: 0,
  bisects: false,
  reports: true,
  retriesMax: undefined,
  ageMsMax: undefined,
};
const DONE: Answer = { failed: false, payload: '' };
const LONG_MS = 10_000;

describe('a follower of a stream', () => {
  it('goes on after the last record that it read when its place has expired', async () => {
    const world = new World();
    world.add('1', '2');
    await world.pass();
    world.fail(new PositionLost(false, {}));
    await world.pass();
    world.add('3');
    await world.pass();

    expect(world.handed).toEqual(['1,2', '3']);
    expect(world.opened).toEqual([undefined, '2']);
    await world.stop();
  });

  it('goes on with the oldest record that is left when the stream has lost its place, and when nothing answered', async () => {
    const world = new World();
    world.add('1');
    await world.pass();
    world.fail(new Unreachable('frozen'), new PositionLost(true, {}));
    await world.pass();
    expect(world.opened).toEqual([undefined, '1', undefined]);
    expect(world.handed).toEqual(['1', '1']);
    await world.stop();
  });

  it('hands over the events that are asked for, and does not come back to the others', async () => {
    const world = new World({ patterns: [{ eventName: ['MODIFY'] }] });
    world.add('1', '2');
    await world.pass();
    world.fail(new PositionLost(false, {}));
    await world.pass();
    expect([world.handed, world.opened]).toEqual([[], [undefined, '2']]);
    await world.stop();
  });

  it('rests at the end of a stream that was closed', async () => {
    const world = new World();
    world.add('1');
    world.closed = true;
    await world.pass();
    const { reads } = world;
    await world.pass();

    expect([world.handed, world.reads]).toEqual([['1'], reads]);
    await world.stop();
  });

  it('waits the window for more, and does not wait for a batch that is full', async () => {
    const world = new World({ batchSize: 3, windowMs: 60_000 });
    world.add('1');
    await world.pass();
    expect(world.handed).toEqual([]);
    world.add('2', '3', '4');
    await world.pass();
    expect(world.handed).toEqual(['1,2,3']);
    await world.pass(60_000);
    expect(world.handed).toEqual(['1,2,3', '4']);
    await world.stop();
  });

  it('takes a function that nobody could ask for no failure: it counts against no retries, until the records are too old', async () => {
    const world = new World({ retriesMax: 0, ageMsMax: 60_000 });
    world.answer = () => {
      throw new Unreachable('throttled');
    };
    world.add('1');
    await world.pass(50_000);
    expect(world.handed.length).toBeGreaterThan(10);
    expect(world.discarded).toEqual([]);

    await world.pass(20_000);
    expect(world.discarded).toEqual([['RecordAgeExceeded', 0, undefined]]);
    await world.stop();
  });

  it('tells of what it gave up with the last answer, and hands over the next', async () => {
    const failed: Answer = { failed: true, payload: '' };
    const world = new World({ batchSize: 1, retriesMax: 2 });
    world.answer = (ids) => (ids === '1' ? failed : DONE);
    world.add('1', '2');
    await world.pass();

    expect(world.handed).toEqual(['1', '1', '1', '2']);
    expect(world.discarded).toEqual([['RetryAttemptsExhausted', 3, failed]]);
    await world.stop();
  });

  it('stops while it waits to try again, and hands nothing over any more', async () => {
    const world = new World();
    world.answer = () => ({ failed: true, payload: '' });
    world.add('1');
    await world.pass();
    await world.stop();
    const { length } = world.handed;
    await world.pass();
    expect(world.handed).toHaveLength(length);
  });
});

/** A stream in memory, whose function answers as it is told. */
class World {
  readonly handed: string[] = [];
  readonly opened: (string | undefined)[] = [];
  readonly discarded: unknown[] = [];
  reads = 0;
  closed = false;
  answer: (ids: string) => Answer = () => DONE;
  readonly #clock = new VirtualClock();
  readonly #records: { readonly id: string; readonly atMs: number }[] = [];
  readonly #failures: Error[] = [];
  readonly #follower: Follower<Answer>;

  constructor(rules: Partial<FollowerProps<Answer>['rules']> = {}) {
    this.#follower = new Follower<Answer>({
      clock: this.#clock,
      rules: { ...RULES, ...rules },
      reader: { open: this.#open, read: this.#read },
      invoke: async (records) => {
        const ids = records.map(({ sequence }) => sequence).join();
        this.handed.push(ids);
        return this.answer(ids);
      },
      onDiscarded: async ({ condition, invocations }: Discarded, _, last) => {
        this.discarded.push([condition, invocations, last]);
      },
    });
    void this.#follower.start();
  }

  add(...ids: readonly string[]): void {
    this.#records.push(...ids.map((id) => ({ id, atMs: this.#clock.nowMs() })));
  }

  /** The next reads fail. */
  fail(...errors: readonly Error[]): void {
    this.#failures.push(...errors);
  }

  async pass(ms = LONG_MS): Promise<void> {
    // What was set off before sleeps by then.
    await settled();
    await this.#clock.advance(ms);
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** An iterator is the number of the next record. */
  readonly #open = async (_: string, { after }: Position): Promise<OpenShard> => {
    this.opened.push(after);
    return { shardId: 'shardId-1', iterator: String(this.#records.findIndex(({ id }) => id === after) + 1) };
  };

  readonly #read = async (iterator: string): Promise<StreamPage> => {
    this.reads += 1;
    const failure = this.#failures.shift();
    if (failure) throw failure;
    const records = this.#records.slice(Number(iterator)).map(({ id, atMs }) => ({
      eventName: 'INSERT' as const,
      dynamodb: { SequenceNumber: id, ApproximateCreationDateTime: new Date(atMs) },
    }));
    return { records, next: this.closed ? undefined : String(this.#records.length) };
  };
}
