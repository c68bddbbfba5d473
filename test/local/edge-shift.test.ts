import { Agent, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FrontDoor } from '../../local/edge/front-door.ts';
import { Stages } from '../../local/edge/stages.ts';
import { eventually } from '../support/eventually.ts';
import { call, callTls, openDoor } from './front-door.ts';

/** As many as the front door sends to the emulator at once. */
const AT_ONCE = 8;

describe('which stage a call gets', () => {
  const stagesOf = (random: () => number) => new Stages({ stagePath: '/live', candidateStagePath: '/candidate', random });

  test('is live until somebody shifts, and candidate below the share', () => {
    const drawn = [0, 0, 0.049, 0.05, 0.999];
    const stages = stagesOf(() => drawn.shift() ?? 0);
    const before = stages.choose();
    stages.shift(0.05, '3', '4');

    expect(before).toEqual({ path: '/live', version: null });
    expect([1, 2, 3, 4].map(() => stages.choose().path)).toEqual(['/candidate', '/candidate', '/live', '/live']);
  });

  test('a share of 0 is nobody and of 1 is everybody, whatever is drawn', () => {
    for (const drawn of [0, 0.5, 1 - Number.EPSILON]) {
      const stages = stagesOf(() => drawn);
      stages.shift(0, '3', '4');
      expect(stages.choose()).toEqual({ path: '/live', version: '3' });
      stages.shift(1, '3', '4');
      expect(stages.choose()).toEqual({ path: '/candidate', version: '4' });
    }
  });

  test('of 100,000 calls the candidate gets its share, each call drawn for itself', () => {
    const calls = 100_000;
    const stages = stagesOf(seeded(20_261_124));
    stages.shift(0.05, '3', '4');

    const chosen = Array.from({ length: calls }, () => stages.choose().path === '/candidate');

    // The draws are the same in each run; four standard deviations tell an even draw from any other rule.
    const deviations = (seen: number, of: number, share: number) => Math.abs(seen - of * share) / Math.sqrt(of * share * (1 - share));
    const count = chosen.filter(Boolean).length;
    expect(deviations(count, calls, 0.05)).toBeLessThan(4);
    // Independent: after a call that the candidate got, the next one is as likely as any.
    const repeated = chosen.filter((each, index) => each && chosen[index + 1] === true).length;
    expect(deviations(repeated, count, 0.05)).toBeLessThan(4);
  });
});

describe('a front door that divides calls', () => {
  test('takes effect with the next call, by HTTP and by TLS, also on a connection that is kept', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const { door, seen, ca } = await openDoor((_, response) => response.end());
    const both = async () => {
      await call(door, { agent, path: '/orders?x=1' });
      await callTls(door, ca, { path: '/orders?x=1' });
      return seen.splice(0).map(({ url }) => url);
    };

    expect(await both()).toEqual(['/stage/orders?x=1', '/stage/orders?x=1']);
    door.shift(1, '3', '4');
    expect(await both()).toEqual(['/candidate/orders?x=1', '/candidate/orders?x=1']);
    door.shift(0, '3', '4');
    expect(await both()).toEqual(['/stage/orders?x=1', '/stage/orders?x=1']);
  });

  test('what waits when a version is taken back does not reach it', async () => {
    // given a candidate that keeps everything busy, and a call that waits behind
    const stuck: (() => void)[] = [];
    const { door, seen } = await openDoor((request, response) => {
      if (request.url?.startsWith('/candidate')) stuck.push(() => response.end());
      else response.end();
    });
    door.shift(1, '3', '4');
    const busy = Array.from({ length: AT_ONCE }, () => call(door));
    await eventually(() => stuck.length === AT_ONCE);
    const waiting = call(door, { path: '/waits' });
    await sleep(100);
    // when it is taken back
    door.shift(0, '3', '4');
    for (const answer of stuck) answer();
    // then those on their way are answered, and the one that waited went to the live one
    expect((await Promise.all([...busy, waiting])).map(({ status }) => status)).toEqual(Array(AT_ONCE + 1).fill(200));
    expect(seen.filter(({ url }) => url?.startsWith('/candidate'))).toHaveLength(AT_ONCE);
    expect(seen.at(-1)?.url).toBe('/stage/waits');
  });

  test('works on as many calls at once as without a candidate, of both stages together', async () => {
    const calls = 12 * AT_ONCE;
    // given an emulator that keeps calls until as many are there as may be, and one more could have come
    const kept: (() => void)[] = [];
    let most = 0;
    const { door } = await openDoor((_, response) => {
      kept.push(() => response.end());
      most = Math.max(most, kept.length);
      if (kept.length === AT_ONCE)
        setTimeout(() => {
          for (const answer of kept.splice(0)) answer();
        }, 5);
    });
    door.shift(0.5, '3', '4');

    await Promise.all(Array.from({ length: calls }, () => call(door)));

    expect(most).toBe(AT_ONCE);
  });

  test('drops and doubles no call, and tells every one, while the share changes under load', async () => {
    const { door, seen, served } = await openDoor(asTwoVersions, { random: seeded(7) });
    let share = 0;
    const shifting = setInterval(() => {
      share = (share + 0.25) % 1.25;
      door.shift(share, '3', '4');
    }, 2);
    onTestFinished(() => clearInterval(shifting));

    const answers = await load(door, 40, 50);

    // Every call was answered, and answered once, by the version of the stage that it was sent to.
    expect(answers).toHaveLength(2_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(seen.map(({ headers }) => headers['idempotency-key']).toSorted()).toEqual(answers.map(({ key }) => key).toSorted());
    const sent = (path: string) => seen.filter(({ url }) => url?.startsWith(path)).length;
    const told = (version: string) => served.filter(([each]) => each === version).length;
    await eventually(() => served.length === answers.length);
    expect([told('3'), told('4')]).toEqual([sent('/stage'), sent('/candidate')]);
    expect(answers.filter(({ version }) => version === '1.0.0+4')).toHaveLength(told('4'));
    expect(Math.min(told('3'), told('4'))).toBeGreaterThan(0);
  });

  test('a caller who leaves while waiting frees no turn that is not his, and is sent nowhere', async () => {
    const stuck: (() => void)[] = [];
    const { door, seen } = await openDoor((_, response) => stuck.push(() => response.end()));
    const busy = Array.from({ length: AT_ONCE }, () => call(door));
    await eventually(() => stuck.length === AT_ONCE);
    const agent = new Agent();
    const leaving = call(door, { agent, path: '/leaves' });
    const staying = call(door, { path: '/stays' });
    await sleep(100);

    agent.destroy();
    await expect(leaving).rejects.toThrow();
    await sleep(100);
    expect(seen).toHaveLength(AT_ONCE);
    stuck.splice(0, 1)[0]?.();
    await eventually(() => seen.length === AT_ONCE + 1);
    for (const answer of stuck) answer();

    expect((await Promise.all([...busy, staying])).every(({ status }) => status === 200)).toBe(true);
    expect(seen.some(({ url }) => url === '/stage/leaves')).toBe(false);
  });
});

const asTwoVersions: RequestListener = (request, response) => {
  const version = request.url?.startsWith('/candidate') ? 4 : 3;
  setTimeout(() => response.writeHead(201, { 'tandem-version': `1.0.0+${version}` }).end(), Math.random() * 4);
};

/** Callers that send one call after the other, each under a name of its own. */
const load = async (door: FrontDoor, callers: number, calls: number) => {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const all = Array.from({ length: callers }, async (_, caller) => {
    const answers = [];
    for (let sent = 0; sent < calls; sent += 1) {
      const key = `${caller}-${sent}`;
      const { status, headers } = await call(door, { agent, method: 'POST', headers: { 'idempotency-key': key } }, 'body');
      answers.push({ key, status, version: headers['tandem-version'] });
    }
    return answers;
  });
  return (await Promise.all(all)).flat();
};

/** Numbers from 0 to below 1, the same for a seed: mulberry32. */
const seeded = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
