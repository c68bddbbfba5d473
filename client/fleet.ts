/**
 * What a client knows about its regions: a circuit for each, and what `/regions` said. Everything here is done in
 * passing, when requests come: no timers, nothing to close, and an idle client sends nothing.
 */
import type { Regions } from '../functions/contract/answers.ts';
import { Circuit, type CircuitSettings } from './circuit.ts';
import type { Runtime } from './runtime.ts';

export interface Endpoint {
  /** The region's name, as problems and `/regions` spell it. */
  readonly region: string;
  /** Base URL of its front door, such as `https://eu-central-1.api.example.com`. */
  readonly url: string;
}

export interface FleetSettings {
  readonly circuit: CircuitSettings;
  /** Milliseconds between readings of `/regions`, on average; 0: never. */
  readonly refreshMs: number;
}

/** A region, its place in the caller's order of preference, and its circuit. */
export interface Member extends Endpoint {
  readonly preference: number;
  readonly circuit: Circuit;
}

/** The requests that the fleet makes by itself; both reject or answer within a bounded time. */
export interface Scout {
  healthy(endpoint: Endpoint): Promise<boolean>;
  regions(endpoint: Endpoint): Promise<Pick<Regions, 'regions'>>;
}

/** Readings of `/regions` that count before they are too old to be believed. */
const READINGS_KEPT = 6;
/** Milliseconds for which an evacuation is believed where nobody reads `/regions`. */
const HEARD_MS = 60_000;

export class Fleet {
  readonly members: readonly Member[];
  private readonly settings: FleetSettings;
  private readonly runtime: Runtime;
  private readonly scout: Scout;
  private evacuated: ReadonlySet<string> = new Set();
  private readAtMs = 0;
  private refreshAtMs = 0;
  private refreshing = false;

  constructor(endpoints: readonly Endpoint[], settings: FleetSettings, scout: Scout, runtime: Runtime) {
    this.members = endpoints.map((endpoint, preference) => ({
      ...endpoint,
      preference,
      circuit: new Circuit(settings.circuit, runtime.random),
    }));
    this.settings = settings;
    this.runtime = runtime;
    this.scout = scout;
  }

  /** Whether a region can be used as if nothing were wrong with it. */
  usable(member: Member): boolean {
    return this.rank(member) === 0;
  }

  /**
   * Best first: usable ones, then evacuated or on trial, then those that asked for a rest, then those that fail, the one
   * whose last failure is longest ago first. Nobody is left out: when all are bad, the client is as open as DNS is, and
   * asks them all the same, in turn.
   */
  ranked(): readonly Member[] {
    return this.members.toSorted((a, b) => this.rank(a) - this.rank(b) || failedMs(a) - failedMs(b) || a.preference - b.preference);
  }

  /** A region said with an answer that these are evacuated. That one is no longer, `/regions` says. */
  heard(evacuated: readonly string[]): void {
    if (evacuated.length === 0) return;
    this.evacuated = new Set(
      this.members.flatMap(({ region }) => (this.evacuated.has(region) || evacuated.includes(region) ? [region] : [])),
    );
    this.readAtMs = this.runtime.monotonic();
  }

  /** Starts whatever is due: a probe of each open circuit, and a reading of `/regions`. */
  maintain(): void {
    const nowMs = this.runtime.monotonic();
    for (const member of this.members) {
      if (member.circuit.startProbe(nowMs)) void this.probe(member);
    }
    if (this.settings.refreshMs > 0 && !this.refreshing && nowMs >= this.refreshAtMs) void this.refresh();
  }

  private rank(member: Member): number {
    const nowMs = this.runtime.monotonic();
    if (member.circuit.state === 'open') return 3;
    if (member.circuit.resting(nowMs)) return 2;
    if (!member.circuit.usable(nowMs) || this.isEvacuated(member, nowMs)) return 1;
    return 0;
  }

  private isEvacuated(member: Member, nowMs: number): boolean {
    const believedMs = this.settings.refreshMs > 0 ? this.settings.refreshMs * READINGS_KEPT : HEARD_MS;
    return this.evacuated.has(member.region) && nowMs - this.readAtMs < believedMs;
  }

  private async probe(member: Member): Promise<void> {
    const healthy = await this.scout.healthy(member).catch(() => false);
    member.circuit.probed(healthy, this.runtime.monotonic());
  }

  /**
   * Asks the next best region, not the one in use: an operator writes the switch in a region that survives, and the one
   * being evacuated may be too ill to have heard of it.
   */
  private async refresh(): Promise<void> {
    this.refreshing = true;
    const [first, second] = this.ranked();
    const reporter = second !== undefined && second.circuit.state === 'closed' ? second : first;
    try {
      if (reporter === undefined) return;
      const view = await this.scout.regions(reporter);
      this.evacuated = new Set(view.regions.filter((each) => each.evacuate).map((each) => each.region));
      this.readAtMs = this.runtime.monotonic();
    } catch {
      // The last reading counts until it is too old; requests tell of themselves whether a region answers.
    } finally {
      this.refreshing = false;
      this.refreshAtMs = this.runtime.monotonic() + this.settings.refreshMs * (0.5 + this.runtime.random());
    }
  }
}

/** Counts among those that fail: the others are asked in order of preference. */
const failedMs = ({ circuit }: Member): number => (circuit.state === 'open' ? circuit.failedMs : 0);
