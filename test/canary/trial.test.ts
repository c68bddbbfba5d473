import { describe, expect, it } from 'vitest';
import { median, slope } from '../../functions/canary/statistics.ts';
import { type Answer, type Transport, TransportError } from '../../functions/canary/transport.ts';
import { type TrialProps, type TrialResult, tryVersion } from '../../functions/canary/trial.ts';
import { incarnationItem, switchItem } from '../../functions/core/operations.ts';
import { changed, edited, type Lane, startLane, type Told, taking } from './lane.ts';

/** What a version does to an answer of the real API. */
type Fault = (answer: Answer, told: Told) => Answer | Promise<Answer>;

describe('the trial of a version', () => {
  it('passes one that does what the one that serves does', async () => {
    const result = await tried({});
    expect(result).toEqual({ verdict: 'pass', detail: '6 journeys of the version ended well, 3 of 3 of the version that serves' });
  });

  it('passes a first version, beside which nothing serves', async () => {
    expect(await tried({ first: true })).toEqual({ verdict: 'pass', detail: '6 journeys of the version ended well' });
  });

  it('passes one that mends what the one that serves does wrong', async () => {
    expect((await tried({ live: failing('placeOrder') })).verdict).toBe('pass');
    expect((await tried({ live: (answer) => ({ ...answer, status: 502, body: '' }) })).verdict).toBe('pass');
  });

  it.each([
    ['crashes when it starts', crashing, 'health: it crashed'],
    ['crashes at one route', (answer: Answer, told: Told) => (told.route === 'payOrder' ? crashing() : answer), 'pay: it crashed'],
    ['answers errors', failing('cancelOrder'), 'cancel: answered 500, expected 202'],
    ['answers an error to each third write of a kind', someWrites, 'answered 500'],
    ['answers nothing in time', silent, 'read: no answer'],
    [
      'answers as another version',
      (answer: Answer) => ({ ...answer, headers: { ...answer.headers, 'tandem-version': '1.0.0+6' } }),
      'version 1.0.0+6 answered',
    ],
    [
      'shows one unit too many',
      (answer: Answer, { route }: Told) =>
        route === 'getOrder' ? { ...answer, body: answer.body.replace('"quantity":1', '"quantity":2') } : answer,
      "read: the order's lines is",
    ],
    [
      'lets strangers in',
      (answer: Answer, { authorized, route }: Told) => (route === 'getOrder' && !authorized ? { ...answer, status: 200 } : answer),
      'stranger: ',
    ],
    [
      'tells a health that is no verdict',
      (answer: Answer, { route }: Told) => (route === 'health' ? edited(answer, () => ({ verdict: 'pass' })) : answer),
      'health: the answer has another shape',
    ],
    [
      'tells a failed health under a good status',
      (answer: Answer, { route }: Told) => (route === 'health' ? edited(answer, (body) => ({ ...body, verdict: 'fail' })) : answer),
      'health: the verdict is',
    ],
  ])('fails one that %s', async (_what, candidate, detail) => {
    const result = await tried({ candidate });
    expect(result).toMatchObject({ verdict: 'fail', detail: expect.stringContaining(detail) });
    expect((await tried({ candidate, first: true })).verdict).toBe('fail');
  });

  it('blames neither where both fail alike at the same step', async () => {
    for (const fault of [failing('payOrder'), silent, crashing]) {
      const result = await tried({ candidate: fault, live: fault });
      expect(result).toMatchObject({ verdict: 'dependency', detail: expect.stringContaining('the version that serves fails alike') });
    }
  });

  it('blames the version where both fail, but in different ways', async () => {
    const result = await tried({ candidate: failing('placeOrder'), live: failing('cancelOrder') });
    expect(result).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('the version that serves fails otherwise (cancel: ') });
    expect((await tried({ candidate: crashing, live: failing('health') })).verdict).toBe('fail');
  });

  it('blames the table for what the table does to both, and the version for what it finds of it alone', async () => {
    const broken: Fault = (answer, { route }) =>
      route === 'health'
        ? { ...edited(answer, (body) => ({ ...body, verdict: 'fail', reasons: [{ code: 'table', detail: 'gone' }] })), status: 503 }
        : answer;
    expect(await tried({ candidate: broken, live: broken })).toMatchObject({ verdict: 'dependency' });
    expect(await tried({ candidate: broken })).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('health: gone') });
  });
});

describe('the trial in a region', () => {
  it('that is being rebuilt tries no more than start and health', async () => {
    const lane = await startLane();
    await lane.putControl(
      incarnationItem({ region: lane.world.region, incarnation: 2, by: 'us-east-2', phase: 'FENCED', atMs: Date.now() }),
    );
    expect(await tried({}, lane)).toMatchObject({ verdict: 'limited', detail: expect.stringContaining('is being rebuilt') });
    expect((await tried({ candidate: crashing }, lane)).verdict).toBe('fail');
  });

  it('that is evacuated tries everything: it must be triable before it is brought back', async () => {
    const lane = await startLane();
    await lane.putControl(
      switchItem({ region: lane.world.region, by: lane.world.region, evacuate: true, atMs: Date.now() - 60_000, reason: 'test' }),
    );
    expect((await tried({}, lane)).verdict).toBe('pass');
    expect((await tried({ candidate: failing('payOrder') }, lane)).verdict).toBe('fail');
  });
});

describe('a slow version', () => {
  const LIVE_MS = 20;
  const speeds = async (candidateMs: (told: Told) => number, liveMs: (told: Told) => number = () => LIVE_MS) => {
    const lane = await startLane();
    const { transport, clock } = lane;
    return tryVersion({
      ...propsOf(lane),
      candidate: { transport: taking(transport, clock, candidateMs), version: '7' },
      live: { transport: taking(transport, clock, liveMs), version: undefined },
    });
  };

  it('fails beyond both three times what serves takes and 300 ms more, and at one step alone', async () => {
    expect((await speeds(() => 320)).verdict).toBe('pass');
    expect(await speeds(() => 321)).toMatchObject({
      verdict: 'fail',
      detail: '"place" takes 321 ms at the median, 20 ms in the version that serves; allowed: 320 ms',
    });
    expect((await speeds(({ route }) => (route === 'listOrders' ? 500 : 20))).detail).toMatch(/^"list" takes 500 ms/);
    expect(
      (
        await speeds(
          () => 1_450,
          () => 500,
        )
      ).verdict,
    ).toBe('pass');
    expect(
      (
        await speeds(
          () => 1_600,
          () => 500,
        )
      ).verdict,
    ).toBe('fail');
  });

  it('is none where the first, cold call is slow, where one or two are, and where what serves is as slow', async () => {
    expect((await speeds(({ before, route }) => (before === 0 || route === 'health' ? 3_000 : LIVE_MS))).verdict).toBe('pass');
    expect((await speeds(({ before, route }) => (route === 'payOrder' && (before === 2 || before === 4) ? 4_000 : LIVE_MS))).verdict).toBe(
      'pass',
    );
    const coldAndTwo = await speeds(({ before, route }) => (route === 'payOrder' && before % 2 === 0 ? 4_000 : LIVE_MS));
    expect(coldAndTwo.verdict).toBe('pass');
    expect(
      (
        await speeds(
          () => 900,
          () => 800,
        )
      ).verdict,
    ).toBe('pass');
  });

  it('is not hidden by one outlier of what serves', async () => {
    expect(
      (
        await speeds(
          () => 1_000,
          ({ before }) => (before === 0 ? 2_000 : LIVE_MS),
        )
      ).verdict,
    ).toBe('fail');
  });

  it('fails also where it leaves no time for all rounds; where what serves is as slow, nobody is blamed', async () => {
    expect((await speeds(() => 2_200)).detail).toMatch(/^"place" takes 2200 ms/);
    const lane = await startLane();
    const slow = taking(lane.transport, lane.clock, () => 1_500);
    const both = {
      ...propsOf(lane),
      budgetMs: 40_000,
      candidate: { transport: slow, version: '7' },
      live: { transport: slow, version: undefined },
    };
    expect(await tryVersion(both)).toMatchObject({ verdict: 'dependency', detail: expect.stringMatching(/^only \d of 6 journeys/) });
    expect((await tryVersion({ ...both, key: 'trial.d-2', live: undefined })).verdict).toBe('fail');
  });
});

describe('a leaking version', () => {
  const memory = async (candidateMb: (request: number) => number, liveMb: (request: number) => number = () => 90) => {
    const lane = await startLane();
    const telling = (transport: Transport, mb: (request: number) => number): Transport => {
      let request = 0;
      return changed(transport, (answer, { authorized }) => {
        request += 1;
        return authorized ? { ...answer, memoryMb: Math.round(mb(request)) } : answer;
      });
    };
    return tryVersion({
      ...propsOf(lane),
      candidate: { transport: telling(lane.transport, candidateMb), version: '7' },
      live: { transport: telling(lane.transport, liveMb), version: undefined },
    });
  };

  it('fails when its memory grows with each request', async () => {
    expect(await memory((request) => 90 + 4 * request)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/^memory grows by 4\.\d MB with each request, allowed: 1 MB/),
    });
    expect((await memory((request) => 90 + 1.5 * request)).verdict).toBe('fail');
  });

  it('is none that warms up, that collects its garbage late, or whose memory is one outlier', async () => {
    expect((await memory((request) => 90 + 40 * (1 - Math.exp(-request / 10)))).verdict).toBe('pass');
    expect((await memory((request) => 100 + 2 * (request % 10))).verdict).toBe('pass');
    expect((await memory((request) => (request === 30 ? 400 : 90 + request / 4))).verdict).toBe('pass');
  });

  it('is not blamed where what serves grows as well', async () => {
    expect(
      (
        await memory(
          (request) => 90 + 4 * request,
          (request) => 90 + 4 * request,
        )
      ).verdict,
    ).toBe('pass');
  });

  it('is not seen without what it says of its memory', async () => {
    expect((await tried({})).verdict).toBe('pass');
  });
});

describe('the numbers behind it', () => {
  it('are not moved by an outlier', () => {
    expect([median([]), median([3]), median([1, 9]), median([5, 1, 900])]).toEqual([undefined, 3, 5, 5]);
    expect([slope([]), slope([1]), slope([1, 3, 5, 7]), slope([1, 3, 900, 7, 9])]).toEqual([undefined, undefined, 2, 2]);
  });
});

/** The trial of a candidate and of what serves, each the real API but for its fault. */
const tried = async (
  given: { readonly candidate?: Fault; readonly live?: Fault; readonly first?: boolean },
  lane?: Lane,
): Promise<TrialResult> => {
  const here = lane ?? (await startLane());
  const right: Fault = (answer) => answer;
  return tryVersion({
    ...propsOf(here),
    candidate: { transport: changed(here.transport, given.candidate ?? right), version: '7' },
    live: given.first ? undefined : { transport: changed(here.transport, given.live ?? right), version: undefined },
  });
};

const propsOf = (lane: Lane): Omit<TrialProps, 'candidate' | 'live'> => ({
  region: lane.world.region,
  traveller: lane.traveller,
  clock: lane.clock,
  key: 'trial.d-1',
  budgetMs: 120_000,
});

function crashing(): never {
  throw new TransportError('crash', 'it crashed');
}

function silent(answer: Answer, { route }: Told): Answer {
  if (route === 'getOrder') throw new TransportError('timeout', 'no answer');
  return answer;
}

function failing(route: Told['route']): Fault {
  return (answer, told) => (told.route === route ? { ...answer, status: 500, body: '{}' } : answer);
}

function someWrites(answer: Answer, { request, before }: Told): Answer {
  return request.method === 'POST' && before % 3 === 2 ? { ...answer, status: 500, body: '{}' } : answer;
}
