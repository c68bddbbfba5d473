/** Looks at every answer as it is given: what is false at once need not wait for the heal. */
import { VIEW_MS_MAX } from '../functions/core/monitor.ts';
import { BEAT_GAP_MS_MAX } from '../functions/core/operations.ts';
import type { Key } from '../functions/core/store.ts';
import { Booked } from './booked.ts';
import type { Cell, TableName } from './cell.ts';
import { Counters } from './counters.ts';
import { readFacts } from './facts.ts';
import { Fences } from './fences.ts';
import type { Happened } from './happened.ts';
import {
  type Acknowledgement,
  isPresent,
  type Ledger,
  memberOf,
  merged,
  type Read,
  type Refusal,
  type Replicated,
  type Told,
} from './ledger.ts';
import { type Change, keyText } from './replica.ts';
import { describe, orderIdOf } from './requests.ts';
import { Sharing } from './wishes.ts';

/** What answers are held against. */
export interface Watched {
  readonly ledger: Ledger;
  readonly cells: readonly Cell[];
  readonly happened: Pick<Happened, 'ancestors' | 'copiesOf'>;
  violate(rule: string, detail: string): void;
}

export class Watch {
  readonly #world: Watched;
  readonly #fences = new Fences();
  readonly #counters = new Counters();
  readonly #sharing = new Sharing();
  readonly #booked = new Booked();

  constructor(world: Watched) {
    this.#world = world;
  }

  /** An application wrote at a cell. */
  wrote(cell: Cell, table: TableName, change: Change, nowMs: number): void {
    if (table === 'control') return this.control(cell, change.key, nowMs);
    this.#booked.wrote(cell, change);
    this.#counters.changed(cell, change.key, nowMs);
    for (const { rule, detail } of this.#sharing.wrote(cell, change, nowMs)) this.#world.violate(rule, detail);
  }

  /** An item is in a cell's control table, written there or come by replication. */
  control(cell: Cell, key: Key, nowMs: number): void {
    this.#fences.has(cell, key, nowMs);
  }

  acknowledged(acknowledgement: Acknowledgement, gateMustHold: boolean): void {
    const { cell, request, replayed } = acknowledgement;
    const wrong = (rule: string): void => this.#world.violate(rule, `${cell.name} acknowledged "${describe(request)}"`);
    if (cell.absence && cell.absence.forMs > BEAT_GAP_MS_MAX && gateMustHold) wrong('a region that was away hears a peer before it writes');
    if (request.kind === 'ship' && !replayed && this.#world.ledger.wasCancelled(acknowledgement))
      wrong('what a region saw cancelled it does not ship');
    const { isolatedAtMs, outOfReach } = cell;
    if (isolatedAtMs !== undefined && acknowledgement.beganMs > isolatedAtMs && !outOfReach)
      wrong('a region that was given up is taken from its callers');
    // What a zombie says is lost, unless it says that a peer holds it.
    if (isolatedAtMs !== undefined && !acknowledgement.replicated) this.#world.ledger.lostAfterCut.push(acknowledgement);
    else this.#world.ledger.acknowledged(acknowledgement);
  }

  /** A list shows the orders of its subject that its caller was told of, and none of them twice. */
  read({ request, value, cell, told }: Read): void {
    if (request.kind === 'order' && memberOf(value, 'state') === 'cancelled')
      this.#world.ledger.toldCancelled.add(orderIdOf(request.order));
    if (request.kind === 'record') this.#heads(cell, value);
    if (request.kind !== 'orders') return;
    const rows = memberOf(value, 'orders');
    const shown = (Array.isArray(rows) ? rows : []).map((row) => String(memberOf(row, 'id')));
    const lacking = told.find(
      (each) =>
        each.request.kind === 'place' && each.request.order.subject === request.subject && !shown.includes(orderIdOf(each.request.order)),
    );
    if (lacking) this.#world.violate('a list shows what its tokens name', `${cell.name} left out "${describe(lacking.request)}"`);
    if (new Set(shown).size < shown.length) this.#world.violate('a list shows each order once', `${cell.name} showed ${shown.join()}`);
  }

  /** What superseded a version is never shown beside it, whatever has not arrived: callers who put both together would bring it back. */
  #heads(cell: Cell, value: unknown): void {
    const conflicts = memberOf(value, 'conflicts');
    const shown = [value, ...(Array.isArray(conflicts) ? conflicts : [])].map((each) => String(memberOf(each, 'version')));
    const { happened } = this.#world;
    // One that was repeated in another region is counted there under another number, and the answer says what it lacks.
    const wrong = shown.find((vid) => happened.copiesOf(vid) < 2 && shown.some((other) => happened.ancestors(other).has(vid)));
    if (wrong !== undefined)
      this.#world.violate('a conflict is no ancestor of what is shown', `${cell.name} showed ${wrong} of ${shown.join()}`);
  }

  refused(refusal: Refusal): void {
    const { request, code, cell, beganMs } = refusal;
    if (
      request.kind === 'place' &&
      code === 'out-of-stock' &&
      merged(request.lines).every((line) => this.#counters.had(cell, line, beganMs))
    )
      this.#world.violate(
        'what a region can sell it does not refuse',
        `${cell.name} refused "${describe(request)}", and had it all the while`,
      );
    if (refusal.code === 'order-cancelled' || !this.#world.ledger.wasDone(refusal)) return;
    this.#world.violate(
      'what was done is not refused',
      `${refusal.cell.name} answered "${describe(refusal.request)}" with ${refusal.code}`,
    );
  }

  caughtUp(cell: Cell, told: readonly Told[]): void {
    const missing = told.find((each) => {
      const items = [...new Set(each.carriers.map(({ pk }) => pk))].flatMap((pk) => cell.replica('data').query(pk));
      return !isPresent(each, readFacts(items)) || !this.#isShown(cell, each);
    });
    if (missing) this.#world.violate('what is not stale is there', `${cell.name} lacks "${describe(missing.request)}"`);
  }

  /** Stock is read from rows, and not from what tells of it. */
  #isShown(cell: Cell, { request, value }: Told): boolean {
    return request.kind !== 'receive' || this.#booked.isShown(cell, `STOCK#${request.sku}`, String(memberOf(value, 'id')));
  }

  replicated({ cell, carriers, beganMs }: Replicated): void {
    this.#world.ledger.replicated(carriers);
    const bears = (peer: Cell): boolean => {
      if (peer.region === cell.region) return false;
      const fencedMs = this.#fences.sinceMs(cell, peer.region);
      // Fenced lately, it may have held the items when it was asked, and be empty now.
      if (fencedMs !== undefined) return fencedMs > beganMs - VIEW_MS_MAX;
      return carriers.every((key) => peer.replica('data').get(key) !== undefined);
    };
    if (!this.#world.cells.some(bears))
      this.#world.violate('a peer that is replicated to holds it', `${cell.name} said so of ${carriers.map(keyText).join()}`);
  }
}
