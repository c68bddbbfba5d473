/** What a cell's API does with a request, in the order of `functions/http/api.ts`: gate, tokens, use case, a peer's word. */
import { arrives, arrivesAtPeer, witnesses } from '../functions/core/consistency.ts';
import { holds } from '../functions/core/holdings.ts';
import { listing } from '../functions/core/listed.ts';
import { gateOf, isDrained } from '../functions/core/operations.ts';
import { type Key, StoreBusy } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';
import type { Environment } from './environment.ts';
import type { Told } from './ledger.ts';
import { isWrite, perform, type Request } from './requests.ts';

/** Milliseconds from a switch until an evacuated region answers 503. */
const DRAIN_MS = 2_000;
/** As infra/config.ts has them. */
const TOKEN_WAIT_MS = 500;
export const REPLICATED_DEADLINE_MS = 1_500;

/** A request with what its caller asks for beside it. */
export interface Asked {
  readonly request: Request;
  /** Answers that the caller goes by: their tokens come with the request. */
  readonly told: readonly Told[];
  /** Whether a peer is to hold it, too; of a read, what the tokens name. */
  readonly replicated: boolean;
}

export type Answer =
  | {
      readonly kind: 'done';
      readonly value: unknown;
      readonly replayed: boolean;
      readonly tag: string | undefined;
      readonly carriers: readonly Key[];
      /** The region does not hold all that the tokens name. */
      readonly stale: boolean;
      /** A peer was seen to hold it. */
      readonly replicated: boolean;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string; readonly region: string | undefined }
  /** 503, or no answer of the table: nobody knows what came of it. */
  | { readonly kind: 'unavailable'; readonly detail: string };

/** As functions/http/api.ts: nothing was done. */
const busyOr = (error: unknown) => {
  if (!(error instanceof StoreBusy)) throw error;
  return { kind: 'refused', code: 'busy', detail: error.message, region: undefined } as const;
};

export const handle = async (cell: Cell, environment: Environment, { request, told, replicated }: Asked): Promise<Answer> => {
  const { regions, gated, scheduler } = cell.surroundings;
  const { data: store, clock, hlc } = environment;
  const beganMs = scheduler.agenda.nowMs;
  const world = gated ? await environment.monitor.world() : undefined;
  let { writer } = cell;
  if (world) {
    const gate = gateOf(world);
    // A region that is rebuilt or replaced answers nothing, one that is behind answers reads.
    if (!gate.open && (gate.reason !== 'behind' || isWrite(request))) return { kind: 'unavailable', detail: gate.detail };
    if (isDrained(world, clock.now(), DRAIN_MS)) return { kind: 'unavailable', detail: `${cell.region} is evacuated` };
    writer = gate.writer;
  }
  const pause = (ms: number): Promise<void> => environment.pause(ms);
  const named = told.flatMap(({ carriers }) => carriers);
  const stale = named.length > 0 && !(await arrives(store, named, { clock, pause, holds, waitMs: TOKEN_WAIT_MS }));
  if (named.length > 0 && !stale) cell.surroundings.caughtUp(cell, told);
  const { shortages, heat } = environment;
  const context = { store: listing(store, named), clock, hlc, region: cell.region, regions, writer, named, shortages, heat };
  const outcome = await perform(context, request).catch(busyOr);
  if (outcome.kind === 'refused') {
    cell.surroundings.refused({ request, code: outcome.code, cell, beganMs });
    return { kind: 'refused', code: outcome.code, detail: outcome.detail, region: outcome.region };
  }
  const { value, replayed, tag, carriers } = outcome;
  if (!isWrite(request)) cell.surroundings.read({ request, value, cell, told: stale ? [] : told });
  const keys = isWrite(request) ? carriers : stale ? [] : named;
  const waited = { clock, pause, memory: environment.memory, waitMs: REPLICATED_DEADLINE_MS };
  const seen =
    replicated && keys.length > 0 && world !== undefined
      ? await arrivesAtPeer(
          witnesses(world).map((each) => environment.peer(each)),
          keys,
          waited,
        )
      : false;
  if (seen) cell.surroundings.replicated({ cell, carriers: keys, beganMs });
  if (isWrite(request)) {
    const atMs = scheduler.agenda.nowMs;
    cell.surroundings.acknowledged({ request, value, carriers, replayed, cell, writer, beganMs, atMs, replicated: seen });
  }
  return { kind: 'done', value, replayed, tag, carriers, stale, replicated: seen };
};
