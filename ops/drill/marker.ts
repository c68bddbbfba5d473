/**
 * The file that says "a fault is in force": so that two drills never run at once, and so that what a killed drill left
 * broken can be found and repaired.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import { ownProcess, processShape, stillRuns } from '../targets/local-process.ts';

const shared = {
  ...processShape,
  /** `before`: nothing is broken yet. `left`: the drill has ended and could not repair. */
  phase: z.enum(['before', 'fault', 'left']),
  startedAt: z.string(),
};
const marker = z.discriminatedUnion('drill', [
  z.strictObject({ ...shared, drill: z.literal('region-loss'), region: z.string(), how: z.enum(['kill', 'freeze', 'blackhole']) }),
  z.strictObject({ ...shared, drill: z.enum(['bad-deploy', 'good-deploy']), fault: z.string().nullable() }),
  z.strictObject({ ...shared, drill: z.literal('partition') }),
  z.strictObject({
    ...shared,
    drill: z.literal('bad-writes'),
    /** The point before the bad writes, milliseconds since 1970; null: there are none yet. */
    atMs: z.int().nullable(),
    /** A partition of the drill's own: tables that do not have it are not those that it wrote to. */
    witness: z.string(),
  }),
]);
export type Marker = z.infer<typeof marker>;
/** What a drill does, as its marker tells it. */
export type MarkerContent =
  | { readonly drill: 'region-loss'; readonly region: string; readonly how: 'kill' | 'freeze' | 'blackhole' }
  | { readonly drill: 'bad-deploy' | 'good-deploy'; readonly fault: string | null }
  | { readonly drill: 'partition' }
  | { readonly drill: 'bad-writes'; readonly atMs: number | null; readonly witness: string };

/** What may be broken. */
export const brokenBy = (content: MarkerContent): string => {
  switch (content.drill) {
    case 'region-loss':
      return content.region;
    case 'bad-deploy':
    case 'good-deploy':
      return 'a delivery';
    case 'partition':
      return 'replication';
    case 'bad-writes':
      return 'the tables';
  }
};

/** How it was broken. */
export const howOf = (content: MarkerContent): string => {
  switch (content.drill) {
    case 'region-loss':
      return content.how;
    case 'bad-deploy':
    case 'good-deploy':
      return content.fault ?? content.drill;
    case 'partition':
      return 'paused between all regions';
    case 'bad-writes':
      return content.atMs === null ? 'bad writes' : `bad writes after ${new Date(content.atMs).toISOString()}`;
  }
};

/** Where the marker of a state folder is. */
export const markerPath = (stateFolder: string): string => join(stateFolder, 'drill.json');

/** The marker of the last drill that has not ended. @throws {UserError} when the file is not one of ours */
export const readMarker = async (stateFolder: string): Promise<Marker | undefined> => {
  const path = markerPath(stateFolder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return marker.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${path} is damaged; see that every region serves, then remove the file`, { cause });
  }
};

const leftText = (marker: Marker): string =>
  `a drill has left ${brokenBy(marker)} broken (${howOf(marker)}, begun ${marker.startedAt}); repair it with \`${tandem('drill', '--abort')}\``;

/** Whether its drill still runs, and repairs by itself. */
export const drillRuns = async (marker: Marker): Promise<boolean> => marker.phase !== 'left' && (await stillRuns(marker));

/** What a person who looks at the system is to know of its drill. `broken`: it has ended and has not repaired. */
export const drillText = async (marker: Marker): Promise<{ readonly text: string; readonly broken: boolean } | undefined> => {
  if (await drillRuns(marker))
    return {
      text: `a drill runs (process ${marker.pid}, ${marker.drill} of ${brokenBy(marker)}), and repairs what it breaks`,
      broken: false,
    };
  return marker.phase === 'before' ? undefined : { text: leftText(marker), broken: true };
};

/** For a system that begins anew: what an earlier drill broke went with its own system. A drill that runs keeps its marker. */
export const forgetEnded = async (stateFolder: string): Promise<void> => {
  const before = await readMarker(stateFolder).catch(() => undefined);
  if (before === undefined || !(await drillRuns(before))) await removeMarker(stateFolder);
};

/**
 * Takes the place of the one drill that may run.
 *
 * @param whole whether every region serves and nothing is broken: then what an earlier drill left is mended, or went with the system it broke
 * @throws {UserError} while another drill runs, or when a killed one left a fault in force
 */
export const takeMarker = async (
  stateFolder: string,
  content: MarkerContent & { readonly startedAt: string },
  whole: (before: Marker) => Promise<boolean>,
): Promise<MarkerHold> => {
  await mkdir(stateFolder, { recursive: true });
  const before = await readMarker(stateFolder);
  if (before && (await drillRuns(before)))
    throw new UserError(
      `a drill runs already (process ${before.pid}, ${before.drill} of ${brokenBy(before)}); wait for it, or stop it with Ctrl-C where it runs`,
    );
  if (before && before.phase !== 'before' && !(await whole(before))) {
    throw new UserError(leftText(before));
  }
  const path = markerPath(stateFolder);
  if (before) await rm(path);
  let told: MarkerContent = content;
  const own = await ownProcess();
  const text = (phase: Marker['phase']) => `${JSON.stringify({ ...content, ...told, ...own, phase })}\n`;
  const remove = () => rm(path, { force: true });
  try {
    await writeFile(path, text('before'), { flag: 'wx' });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
      throw new UserError(`another drill began at the same moment; wait for it (${path})`, { cause });
    // Of a disk that is full the file is there, and empty.
    await remove();
    throw cause;
  }
  /** Whole or not at all: whoever is killed here, or finds the disk full, leaves what the marker said before. */
  const write = async (phase: Marker['phase']): Promise<void> => {
    const draft = `${path}.${process.pid}`;
    try {
      await writeFile(draft, text(phase));
      await rename(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
  };
  let inForce = false;
  return {
    fault: async (known) => {
      told = known ?? content;
      await write('fault');
      inForce = true;
    },
    leave: () => write('left'),
    release: async () => {
      inForce = false;
      await remove();
    },
    close: async () => {
      if (!inForce) await remove();
    },
  };
};

export interface MarkerHold {
  /** Called before anything is broken. @param known what the marker says from now on. @default what it said before */
  fault(known?: MarkerContent): Promise<void>;
  /** Called when what is broken could not be repaired. */
  leave(): Promise<void>;
  /** Called when everything is repaired. */
  release(): Promise<void>;
  /** Called at the end. With a fault still in force the marker stays, for `tandem drill --abort`. */
  close(): Promise<void>;
}

export const removeMarker = (stateFolder: string): Promise<void> => rm(markerPath(stateFolder), { force: true });
