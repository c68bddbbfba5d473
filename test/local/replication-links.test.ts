/** What links promise when regions are cut, paused, lost and restored, over regions in memory. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { MemoryRegion, type MemoryWorld, withMemory } from './replication-memory.ts';

const WRITES_AT_ONCE = 8;
const CHANGES_MAX = 50_000;

const pair = () => [new MemoryRegion('a'), new MemoryRegion('b')] as const;
const three = () => [new MemoryRegion('a'), new MemoryRegion('b'), new MemoryRegion('c')] as const;
const A_TO_B = { from: 'a', to: 'b' } as const;

const linkOf = ({ replication }: MemoryWorld, { from, to }: { readonly from: string; readonly to: string } = A_TO_B) => {
  const found = replication.links().find((each) => each.from === from && each.to === to);
  if (!found) throw new Error(`no link from ${from} to ${to}`);
  return found;
};
const openLinks = ({ replication }: MemoryWorld): readonly string[] =>
  replication.links().flatMap(({ from, to, cut }) => (cut ? [] : [`${from}${to}`]));
const putMany = (region: MemoryRegion, count: number, value = '1'): void => {
  for (let n = 0; n < count; n += 1) region.put(`k${String(n).padStart(2, '0')}`, value);
};
/** What a link promises not to do is looked for after it has done something else. */
const passed = async (from: MemoryRegion, to: MemoryRegion): Promise<void> => {
  const mark = `mark ${Math.random()}`;
  from.put(mark, '1');
  await eventually(() => to.get(mark) === '1');
};

describe('a cut', () => {
  it('lets nothing come back that was in flight and got no answer', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      b.hold();
      a.put('x', '1');
      await eventually(() => b.held === 1);
      const cut = world.replication.set({ ...A_TO_B, cut: true });
      b.release('lost');
      await cut;
      expect(linkOf(world)).toMatchObject({ cut: true, pending: 0 });
      await passed(b, a);
      expect([b.get('x'), linkOf(world).pending]).toEqual([undefined, 0]);
    });
  });

  it('ends with the writes that were sent: the rest of their batch is not applied', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, paused: true });
      putMany(a, 30);
      await eventually(() => linkOf(world).pending === 30);
      b.hold();
      await world.replication.set({ ...A_TO_B, paused: false });
      await eventually(() => b.held === WRITES_AT_ONCE);
      const cut = world.replication.set({ ...A_TO_B, cut: true });
      b.release('applied');
      await cut;
      await passed(b, a);
      expect(Object.keys(b.contents).filter((key) => key.startsWith('k'))).toHaveLength(WRITES_AT_ONCE);
    });
  });

  it('takes nothing any more: what is written meanwhile waits nowhere', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, paused: true });
      a.put('waiting', '1');
      await eventually(() => linkOf(world).pending === 1);
      await world.replication.set({ ...A_TO_B, cut: true });
      await world.replication.set({ ...A_TO_B, paused: false });
      a.put('later', '1');
      await passed(b, a);
      expect([linkOf(world).pending, b.get('waiting'), b.get('later')]).toEqual([0, undefined, undefined]);
    });
  });

  it('ends a copy that is under way', async () => {
    const [a, b] = pair();
    putMany(a, 30);
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, cut: true });
      putMany(a, 30, '2');
      b.hold();
      const restored = world.replication.set({ ...A_TO_B, cut: false });
      await eventually(() => b.held > 0);
      const sent = b.held;
      const cut = world.replication.set({ ...A_TO_B, cut: true });
      b.release('applied');
      await Promise.all([cut, restored]);
      await passed(b, a);
      expect(linkOf(world)).toMatchObject({ cut: true, pending: 0 });
      expect(Object.values(b.contents).filter((value) => value === '2')).toHaveLength(sent);
    });
  });
});

describe('a pause', () => {
  it('holds the rest of a batch back and loses none of it', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      b.hold();
      putMany(a, 30);
      await eventually(() => b.held === WRITES_AT_ONCE);
      const paused = world.replication.set({ ...A_TO_B, paused: true });
      b.release('applied');
      await paused;
      await passed(b, a);
      expect(Object.keys(b.contents).filter((key) => key.startsWith('k'))).toHaveLength(WRITES_AT_ONCE);
      expect(linkOf(world).pending).toBe(30 - WRITES_AT_ONCE);
      await world.replication.set({ ...A_TO_B, paused: false });
      await eventually(() => Object.keys(b.contents).filter((key) => key.startsWith('k')).length === 30);
    });
  });

  it('keeps the order: a key never goes back to an older value, and its last write is there in the end', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, paused: true });
      for (let n = 1; n <= 100; n += 1) a.put('x', String(n).padStart(3, '0'));
      a.remove('y');
      a.put('y', '1');
      a.remove('y');
      await eventually(() => linkOf(world).pending >= 102);
      await world.replication.set({ ...A_TO_B, paused: false });
      await eventually(() => linkOf(world).pending === 0);
      const seen = b.history.filter((each) => each.startsWith('x='));
      expect(seen).toEqual(seen.toSorted());
      expect([b.get('x'), b.get('y')]).toEqual(['100', undefined]);
    });
  });
});

describe('a delay', () => {
  it('holds each change back until it is that old, and no longer', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, delayMs: 600_000 });
      a.put('x', '1');
      await eventually(() => linkOf(world).pending === 1 || b.get('x') === '1');
      await passed(b, a);
      expect(b.get('x')).toBeUndefined();
      await world.replication.set({ ...A_TO_B, delayMs: 700 });
      await eventually(() => b.get('x') === '1');
      await eventually(() => linkOf(world).lagMs !== null);
      expect(linkOf(world).lagMs).toBeGreaterThanOrEqual(700);
    });
  });

  it.each([-1, 0.5, 3_600_001])('of %d ms is refused', async (delayMs) => {
    await withMemory(pair(), async ({ replication }) => {
      await expect(replication.set({ ...A_TO_B, delayMs })).rejects.toThrow(`given delayMs ${delayMs}; allowed: whole milliseconds`);
    });
  });
});

describe('of three regions', () => {
  it('restoring one leaves the links of another cut that is cut itself', async () => {
    const [a, b, c] = three();
    await withMemory([a, b, c], async (world) => {
      await world.replication.cutRegion('b');
      await world.replication.cutRegion('c');
      expect(openLinks(world)).toEqual([]);
      a.put('x', '1');
      await world.replication.restore('b');
      expect(openLinks(world)).toEqual(['ab', 'ba']);
      expect([b.get('x'), c.get('x')]).toEqual(['1', undefined]);
      b.put('y', '1');
      await eventually(() => a.get('y') === '1');
      expect(c.contents).toEqual({});
      await world.replication.restore('c');
      expect(openLinks(world)).toHaveLength(6);
      expect(c.contents).toEqual({ x: '1', y: '1' });
    });
  });

  it('one that came back with other tables is cut by itself, and only its own restoring brings it back', async () => {
    const [a, b, c] = three();
    await withMemory([a, b, c], async (world) => {
      a.put('x', '1');
      await eventually(() => b.get('x') === '1' && c.get('x') === '1');
      b.lose();
      await eventually(() => openLinks(world).join() === 'ac,ca');
      expect(world.told()).toContain('a b cut: the tables of b are not the ones they were; restore it when it is whole');
      await world.replication.cutRegion('c');
      const restored = world.replication.restore('c');
      await eventually(() => openLinks(world).includes('ac'));
      expect(openLinks(world)).toEqual(['ac', 'ca']);
      await restored;
      expect([b.contents, a.get('x')]).toEqual([{}, '1']);
      await world.replication.restore('b');
      expect(openLinks(world)).toHaveLength(6);
      expect(b.get('x')).toBe('1');
    });
  });

  it('a write travels once to each, and nothing echoes', async () => {
    const [a, b, c] = three();
    await withMemory([a, b, c], async (world) => {
      a.put('x', '1');
      b.put('y', '1');
      await eventually(() => [a, b, c].every(({ contents }) => Object.keys(contents).length === 2));
      await eventually(() => world.replication.links().every(({ pending }) => pending === 0));
      await passed(c, a);
      await passed(c, b);
      for (const region of [a, b]) expect(region.history.filter((each) => !each.startsWith('mark'))).toHaveLength(2);
    });
  });
});

describe('a link that is started anew', () => {
  it('copies all, deletions too, and loses nothing that is written while it copies', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      putMany(a, 9);
      a.put('doomed', '1');
      await eventually(() => Object.keys(b.contents).length === 10);
      await world.replication.cutRegion('a');
      a.remove('doomed');
      a.put('new', '1');
      const gate = Promise.withResolvers<void>();
      a.scanAfter(gate.promise);
      const restored = world.replication.restore('a');
      await eventually(() => !linkOf(world).cut);
      a.put('meanwhile', '1');
      a.remove('k00');
      await eventually(() => b.get('meanwhile') === '1');
      gate.resolve();
      await restored;
      await eventually(() => linkOf(world).pending === 0);
      expect(b.contents).toEqual(a.contents);
      expect(b.get('doomed')).toBeUndefined();
      expect(world.told().some((each) => /^a b \d+ items copied in \d+ ms$/.test(each))).toBe(true);
    });
  });

  it('is restored once its copy has been applied, and not before', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.cutRegion('a');
      a.put('x', '1');
      b.hold();
      let restored = false;
      const restoring = world.replication.restore('a').then(() => {
        restored = true;
      });
      await eventually(() => b.held === 1);
      await passed(b, a);
      expect(restored).toBe(false);
      b.release('applied');
      await restoring;
      expect(b.get('x')).toBe('1');
    });
  });

  it('tries a copy again whose writes were lost on their way', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.cutRegion('a');
      a.put('x', '1');
      b.hold();
      const restored = world.replication.restore('a');
      await eventually(() => b.held === 1);
      b.release('lost');
      await restored;
      expect(b.get('x')).toBe('1');
    });
  });

  it('overwrites an item that is older than the stream, of which only the table knows', async () => {
    const [a, b] = pair();
    b.put('x', 'ancient');
    b.trim();
    await withMemory([a, b], async () => {
      expect(a.get('x')).toBe('ancient');
      a.put('x', 'new');
      await eventually(() => b.get('x') === 'new');
      expect(a.get('x')).toBe('new');
    });
  });

  it('drops what it cannot hold, says so, and copies all instead', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await world.replication.set({ ...A_TO_B, paused: true });
      for (let n = 0; n <= CHANGES_MAX; n += 1) a.put(`k${n % 10}`, String(n));
      await eventually(() => world.told().some((each) => each.includes(`more than ${CHANGES_MAX} changes wait`)));
      expect(linkOf(world).pending).toBeLessThan(CHANGES_MAX);
      await world.replication.set({ ...A_TO_B, paused: false });
      await eventually(() => linkOf(world).pending === 0 && b.get('k0') === String(CHANGES_MAX));
      expect(b.contents).toEqual(a.contents);
    });
  });

  it('lets the newer of what was written on both sides stand, deletions among it', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      for (const key of ['newer here', 'newer there', 'deleted there']) a.put(key, '1');
      await eventually(() => Object.keys(b.contents).length === 3);
      await world.replication.cutRegion('a');
      b.put('newer here', 'old');
      a.put('newer there', 'old');
      a.put('deleted there', 'old');
      await new Promise((resolve) => setTimeout(resolve, 5));
      a.put('newer here', 'new');
      b.put('newer there', 'new');
      b.remove('deleted there');
      await world.replication.restore('a');
      await eventually(() => a.get('newer there') === 'new' && b.get('newer here') === 'new' && a.get('deleted there') === undefined);
      expect(b.contents).toEqual(a.contents);
    });
  });
});

describe('a reader of a stream', () => {
  it('that lost records to the end of their time has all items copied, and goes on', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      a.put('before', '1');
      await eventually(() => b.get('before') === '1');
      a.answer(false);
      putMany(a, 5);
      a.trim();
      a.answer(true);
      await eventually(() => Object.keys(b.contents).length === 6);
      a.put('after', '1');
      await eventually(() => b.get('after') === '1');
      expect(world.told().filter((each) => each.includes('items copied')).length).toBeGreaterThan(2);
    });
  });

  it('whose position has expired goes on after the last record: what was overwritten long ago does not come back', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async () => {
      a.put('x', 'old');
      await eventually(() => b.get('x') === 'old');
      b.put('x', 'new');
      await eventually(() => a.get('x') === 'new');
      await passed(a, b);
      a.expire();
      await passed(a, b);
      await passed(b, a);
      for (const { history } of [a, b]) expect(history.filter((each) => each.startsWith('x='))).toEqual(['x=old', 'x=new']);
    });
  });
});

describe('a region that does not answer', () => {
  it('is told of once for each link into it, has its changes wait, and gets them when it answers again', async () => {
    const [a, b] = pair();
    await withMemory([a, b], async (world) => {
      await passed(a, b);
      b.answer(false);
      a.put('x', '1');
      await eventually(() => world.told().some((each) => each.startsWith('a b changes wait')));
      expect(linkOf(world).pending).toBe(1);
      b.answer(true);
      await eventually(() => b.get('x') === '1');
      expect(world.told().filter((each) => / (changes wait|b answers again)/.test(each))).toEqual([
        'a b changes wait: b does not answer',
        'a b b answers again',
      ]);
    });
  });
});
