import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drillText, forgetEnded, type Marker, markerPath, readMarker, takeMarker } from '../../../ops/drill/marker.ts';
import { ownProcess } from '../../../ops/targets/local-process.ts';

/** Above what Linux and macOS give. */
const PID_OF_NOBODY = 2 ** 22 + 1;
const DRILL = { drill: 'partition', startedAt: '2026-01-01T00:00:00.000Z' } as const;

describe('the marker of a drill', () => {
  it('says how far the drill is, and is gone after it', () =>
    inScratch(async (folder) => {
      const hold = await takeMarker(folder, DRILL, whole);
      expect(await readMarker(folder)).toMatchObject({ drill: 'partition', phase: 'before' });
      await hold.fault();
      expect(await readMarker(folder)).toMatchObject({ phase: 'fault', pid: process.pid });
      await hold.release();
      await hold.close();
      expect(await readdir(folder)).toEqual([]);
    }));

  it('that cannot be written is told as such, and not as another drill', async () => {
    // Nobody writes there, root neither.
    const folder = process.platform === 'linux' ? '/proc/self' : '/dev';
    await expect(takeMarker(folder, DRILL, whole)).rejects.toThrow(/drill\.json/);
    await expect(takeMarker(folder, DRILL, whole)).rejects.not.toThrow('another drill began');
  });

  it('keeps what it said when it cannot be written, and is gone after a drill that broke nothing', () =>
    inScratch(async (folder) => {
      const hold = await takeMarker(folder, DRILL, whole);
      // Where its draft would be written there is a folder.
      await mkdir(`${markerPath(folder)}.${process.pid}`);
      await expect(hold.fault()).rejects.toThrow();
      expect(await readMarker(folder)).toMatchObject({ phase: 'before' });
      await hold.close();
      expect(await readMarker(folder)).toBeUndefined();
    }));

  it('of another drill at the same moment is respected', () =>
    inScratch(async (folder) => {
      const racing = takeMarker(folder, DRILL, whole);
      const [first, second] = await Promise.allSettled([racing, takeMarker(folder, DRILL, whole)]);
      const refused = [first, second].filter((each) => each.status === 'rejected');
      expect(refused).toHaveLength(1);
      expect(String(refused[0]?.reason)).toMatch(/another drill began at the same moment|a drill runs already/);
    }));

  it('that is damaged says what to do', () =>
    inScratch(async (folder) => {
      await writeFile(markerPath(folder), '');
      await expect(takeMarker(folder, DRILL, whole)).rejects.toThrow(/is damaged; see that every region serves, then remove the file/);
    }));
});

describe('what whoever looks at the system is told of its drill', () => {
  const marker: Marker = { ...DRILL, pid: process.pid, phase: 'fault' };

  it('while it runs, that it does', async () => {
    expect(await drillText({ ...marker, ...(await ownProcess()) })).toEqual({
      text: `a drill runs (process ${process.pid}, partition of replication), and repairs what it breaks`,
      broken: false,
    });
  });

  it.each([
    ['killed', { ...marker, pid: PID_OF_NOBODY }],
    ['killed, and its number given to another program', { ...marker, started: 'another time' }],
    ['killed, with the number of a program that always runs', { ...marker, pid: 1 }],
    ['ended without a repair', { ...marker, phase: 'left' }],
  ] as const)('%s, what is broken and what to do', async (_, given) => {
    expect(await drillText(given)).toEqual({
      text: 'a drill has left replication broken (paused between all regions, begun 2026-01-01T00:00:00.000Z); repair it with `bin/tandem drill --abort`',
      broken: true,
    });
  });

  it('killed before it broke anything, nothing', async () => {
    expect(await drillText({ ...marker, pid: PID_OF_NOBODY, phase: 'before' })).toBeUndefined();
  });
});

describe('a system that begins anew', () => {
  it.each([
    ['forgets what a killed drill has left of the one before', { pid: PID_OF_NOBODY, phase: 'fault' }, false],
    ['forgets what a drill could not repair', { pid: process.pid, phase: 'left' }, false],
    ['forgets a drill whose number another program has', { pid: process.pid, started: 'another time', phase: 'fault' }, false],
  ] as const)('%s', (_, given, stays) =>
    inScratch(async (folder) => {
      await writeFile(markerPath(folder), JSON.stringify({ ...DRILL, ...given }));
      await forgetEnded(folder);
      expect((await readdir(folder)).length > 0).toBe(stays);
    }),
  );
});

it('a system that begins anew leaves the marker of a drill that runs', () =>
  inScratch(async (folder) => {
    await writeFile(markerPath(folder), JSON.stringify({ ...DRILL, ...(await ownProcess()), phase: 'before' }));
    await forgetEnded(folder);
    expect(await readMarker(folder)).toBeDefined();
  }));

const whole = async (): Promise<boolean> => true;

const inScratch = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-marker-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};
