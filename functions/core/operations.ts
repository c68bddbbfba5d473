/**
 * What the regions say about themselves and each other. Heartbeats stand in the data table; switches and incarnations in
 * the control table, which the API may only read.
 *
 * | item | table | meaning |
 * |---|---|---|
 * | `REGIONS / BEAT#W` | data | W's region is alive: when, which version, its verdict, and the incarnations it knows to be retired |
 * | `REGIONS / SWITCH#r#W` | control | an operator's word, given through W: evacuate r, or do not. The latest wins |
 * | `REGIONS / FENCED#r#n#W`, `SERVES#r#n#W` | control | r is being rebuilt as incarnation n: all before are retired; n may serve |
 * | `REGIONS / CLOSED#r#n#W` | control | incarnation n was made only to close the books of those before, and never serves |
 *
 * One partition in each table: whoever needs one region's word needs all of them, and a cold start reads them once.
 */
import { flagOf, ITEM_VERSION, isRecord, numberOf, partsOf, textOf, writerOf } from './item.ts';
import type { Item, Write } from './store.ts';
import { compareWriters, parseWriter, regionOf, writerName } from './writer.ts';

/** A region without a heartbeat for so long may have missed that it was given up: it asks a peer before it writes. */
export const BEAT_GAP_MS_MAX = 90_000;
/** Largest difference between two regions' clocks that the gate allows for. Amazon Time Sync keeps far below it. */
export const CLOCK_SKEW_MS_MAX = 1_000;

/** Partition key of everything above. */
export const REGIONS_KEY = 'REGIONS';

export interface Beat {
  readonly region: string;
  readonly writer: string;
  readonly atMs: number;
  /** Counts this writer's heartbeats. */
  readonly rev: number;
  readonly version: string | undefined;
  readonly verdict: Verdict | undefined;
  /** When the region came back after a gap; undefined when it never was away. */
  readonly resumedAtMs: number | undefined;
  /** Newest incarnation of each region that this one knows of, where it is not the first. */
  readonly incarnations: ReadonlyMap<string, number>;
}

export type Verdict = 'pass' | 'fail';

export interface Control {
  readonly region: string;
  readonly evacuate: boolean;
  /** Time of the switch that decides. */
  readonly switchedAtMs: number | undefined;
  readonly incarnation: number;
  /** The newest incarnation is still being rebuilt, or never will be. */
  readonly fenced: boolean;
  /** The newest incarnation only closes the books of those before. */
  readonly closed: boolean;
}

/** The newest incarnation's heartbeat of each region. */
export const foldBeats = (items: readonly Item[]): readonly Beat[] => {
  const rows = items.filter((item) => item.sk.startsWith('BEAT#') && numberOf(item, 'at') !== undefined);
  const oldestFirst = rows.sort((a, b) => compareWriters(writerOf(a), writerOf(b)));
  return [...new Map(oldestFirst.map((row) => [regionOf(writerOf(row)), beatOf(row)])).values()];
};

const beatOf = (item: Item): Beat => {
  const known = isRecord(item['incarnations']) ? Object.entries(item['incarnations']) : [];
  const verdict = textOf(item, 'verdict');
  return {
    region: regionOf(writerOf(item)),
    writer: writerOf(item),
    atMs: numberOf(item, 'at') ?? 0,
    rev: numberOf(item, 'rev') ?? 0,
    version: textOf(item, 'version'),
    verdict: verdict === 'pass' || verdict === 'fail' ? verdict : undefined,
    resumedAtMs: numberOf(item, 'resumedAt'),
    incarnations: new Map(known.flatMap(([region, n]) => (typeof n === 'number' ? [[region, n] as const] : []))),
  };
};

/** What operators said about a region. Of two switches given at the same time, "evacuate" wins. */
export const foldControl = (region: string, items: readonly Item[]): Control => {
  const about = (type: string): Item[] => items.filter((item) => item.sk.startsWith(`${type}#${region}#`));
  const switches = about('SWITCH');
  const latest = switches.sort(
    (a, b) => (numberOf(b, 'at') ?? 0) - (numberOf(a, 'at') ?? 0) || Number(flagOf(b, 'evacuate')) - Number(flagOf(a, 'evacuate')),
  )[0];
  const numbered = (type: string): number[] =>
    about(type)
      .map((item) => Number(partsOf(item)[2]))
      .filter(Number.isSafeInteger);
  const [closed, serves] = [Math.max(0, ...numbered('CLOSED')), Math.max(1, ...numbered('SERVES'))];
  const fenced = Math.max(1, closed, ...numbered('FENCED'));
  return {
    region,
    evacuate: latest !== undefined && flagOf(latest, 'evacuate'),
    switchedAtMs: latest && numberOf(latest, 'at'),
    incarnation: Math.max(fenced, serves),
    fenced: fenced > serves,
    closed: closed === Math.max(fenced, serves),
  };
};

export const switchItem = (given: {
  readonly region: string;
  readonly by: string;
  readonly evacuate: boolean;
  readonly atMs: number;
  readonly reason: string;
}): Item => ({
  pk: REGIONS_KEY,
  sk: `SWITCH#${given.region}#${given.by}`,
  v: ITEM_VERSION,
  evacuate: given.evacuate,
  at: given.atMs,
  reason: given.reason,
});

export const incarnationItem = (given: {
  readonly region: string;
  readonly incarnation: number;
  readonly by: string;
  readonly phase: 'FENCED' | 'SERVES' | 'CLOSED';
  readonly atMs: number;
}): Item => ({
  pk: REGIONS_KEY,
  sk: `${given.phase}#${given.region}#${given.incarnation}#${given.by}`,
  v: ITEM_VERSION,
  at: given.atMs,
});

/** What one region knows of all. */
export interface WorldView {
  readonly region: string;
  readonly beats: readonly Beat[];
  readonly controls: readonly Control[];
}

export type Gate =
  | { readonly open: true; readonly writer: string }
  | { readonly open: false; readonly writer: string; readonly reason: 'fenced' | 'retired' | 'behind'; readonly detail: string };

/**
 * Whether this region may write, and under which name. Closed while it is rebuilt; closed for an incarnation that a peer
 * knows to be retired; closed after a gap in its own heartbeat until a peer's later heartbeat has arrived, because only a
 * peer can tell whether it was given up meanwhile. Peers that operators evacuated, or closed the books of, are not waited for.
 */
export const gateOf = (world: WorldView): Gate => {
  const control = controlOf(world, world.region);
  const writer = writerName(control);
  const own = world.beats.find((beat) => beat.region === world.region && beat.writer === writer);
  const peers = world.beats.filter((beat) => beat.region !== world.region);
  const newest = newestIncarnation(world, world.region);
  if (newest > control.incarnation)
    return {
      open: false,
      writer,
      reason: 'retired',
      detail: `incarnation ${newest} of ${world.region} exists; this one is ${control.incarnation}`,
    };
  if (control.fenced)
    return { open: false, writer, reason: 'fenced', detail: `${world.region} is being rebuilt as incarnation ${control.incarnation}` };
  const resumedAtMs = own?.resumedAtMs;
  if (resumedAtMs === undefined) return { open: true, writer };
  const awaited = world.controls.filter((each) => each.region !== world.region && !each.evacuate && !each.closed);
  const heard = peers.some((beat) => beat.atMs > resumedAtMs + CLOCK_SKEW_MS_MAX);
  if (heard || awaited.length === 0) return { open: true, writer };
  return {
    open: false,
    writer,
    reason: 'behind',
    detail: `${world.region} was away and waits for a heartbeat of ${awaited.map((each) => each.region).join(' or ')}`,
  };
};

/** Whether this region was away until now, or is new among others, and has not said so in a heartbeat yet. */
export const isAway = (world: WorldView, nowMs: number): boolean => {
  const writer = writerName(controlOf(world, world.region));
  const own = world.beats.find((beat) => beat.writer === writer);
  return own ? nowMs - own.atMs > BEAT_GAP_MS_MAX : world.beats.some((beat) => beat.region !== world.region);
};

/**
 * The next heartbeat of this region. Marks a return after a gap, and a first heartbeat in a table where peers already
 * wrote theirs: both must hear a peer before they write.
 */
export const nextBeat = (
  world: WorldView,
  given: { readonly nowMs: number; readonly version: string; readonly verdict: Verdict },
): Write => {
  const writer = writerName(controlOf(world, world.region));
  const own = world.beats.find((beat) => beat.writer === writer);
  const resumedAtMs = isAway(world, given.nowMs) ? given.nowMs : own?.resumedAtMs;
  const incarnations = Object.fromEntries(
    world.controls.flatMap((each) => (each.incarnation > 1 ? [[each.region, each.incarnation] as const] : [])),
  );
  return {
    action: 'update',
    key: { pk: REGIONS_KEY, sk: `BEAT#${writer}` },
    add: { rev: 1 },
    set: {
      at: given.nowMs,
      version: given.version,
      verdict: given.verdict,
      incarnations,
      ...(resumedAtMs === undefined ? {} : { resumedAt: resumedAtMs }),
    },
  };
};

export interface Reason {
  readonly code: 'table' | 'evacuated' | 'fenced' | 'retired' | 'behind';
  readonly detail: string;
}

export interface HealthView {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/**
 * The verdict that Route 53 follows. Fails only for what routing away can mend, never for a peer's trouble, replication
 * age or overload: moving an overload kills the survivor.
 */
export const healthOf = (given: {
  readonly world: WorldView;
  readonly table: { readonly ok: true } | { readonly ok: false; readonly detail: string };
}): HealthView => {
  const reasons: Reason[] = [];
  if (!given.table.ok) reasons.push({ code: 'table', detail: given.table.detail });
  const gate = gateOf(given.world);
  if (!gate.open) reasons.push({ code: gate.reason, detail: gate.detail });
  if (controlOf(given.world, given.world.region).evacuate)
    reasons.push({ code: 'evacuated', detail: `an operator evacuates ${given.world.region}` });
  return { verdict: reasons.length === 0 ? 'pass' : 'fail', reasons };
};

/**
 * Milliseconds since this region heard of any other, where that is longer than an absence; undefined: it hears one, never heard
 * any, or there is none that serves. It goes on: with two regions the loss of either would stop both.
 */
export const aloneMsOf = (world: WorldView, nowMs: number): number | undefined => {
  const heard = world.beats.filter(({ region }) => region !== world.region && !controlOf(world, region).fenced);
  if (heard.length === 0) return undefined;
  const silentMs = nowMs - Math.max(...heard.map(({ atMs }) => atMs));
  return silentMs > BEAT_GAP_MS_MAX ? silentMs : undefined;
};

/** Whether user requests are refused because this region is evacuated and the drain time is over. */
export const isDrained = (world: WorldView, nowMs: number, drainMs: number): boolean => {
  const { evacuate, switchedAtMs } = controlOf(world, world.region);
  return evacuate && nowMs - (switchedAtMs ?? 0) >= drainMs;
};

export interface SwitchView {
  readonly evacuate: boolean;
  readonly reason: string;
}

/** What this region tells Route 53 about `subject`. A region that is itself unfit or evacuated speaks for no other. */
export const switchOf = (world: WorldView, subject: string, own: HealthView): SwitchView => {
  const { evacuate, fenced, incarnation } = controlOf(world, subject);
  if (!evacuate && !fenced) return { evacuate: false, reason: 'no switch says evacuate' };
  if (subject !== world.region && own.verdict === 'fail')
    return { evacuate: false, reason: `${world.region} is unfit itself and does not speak for ${subject}` };
  // One that was given up may not have heard of it, and call itself healthy.
  if (!evacuate) return { evacuate: true, reason: `${subject} was given up, and incarnation ${incarnation} does not serve yet` };
  return { evacuate: true, reason: `an operator evacuates ${subject}` };
};

/** Of a region, that anybody was heard to know of. */
export const newestIncarnation = (world: WorldView, region: string): number =>
  Math.max(
    controlOf(world, region).incarnation,
    ...world.beats.map((beat) => (beat.region === region ? parseWriter(beat.writer).incarnation : (beat.incarnations.get(region) ?? 1))),
  );

export const controlOf = (world: WorldView, region: string): Control =>
  world.controls.find((each) => each.region === region) ?? foldControl(region, []);
