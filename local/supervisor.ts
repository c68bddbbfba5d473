/** The running system: its regions, the links between them, Route 53; and everything that can be done to it. */

import type { Delivery, DeliveryRequest } from '../functions/contract/delivery.ts';
import type { Cell } from './cell.ts';
import type { EdgeFault, LocalAlarm, LocalEvent, LocalRegion, LocalSystem } from './control/api.ts';
import { type Deliveries, DeliveryStateError } from './delivery/deliveries.ts';
import type { Alarms } from './delivery/ports.ts';
import type { Json } from './deployment/template.ts';
import type { EventLog } from './events.ts';
import { RegionStateError } from './region/region.ts';
import type { LinkChange, Replication } from './replication/links.ts';

/** No region or link has this name. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError';
}

export interface SupervisorProps {
  readonly startedAtMs: number;
  readonly mode: LocalSystem['mode'];
  readonly domain: string;
  readonly dns: LocalSystem['dns'];
  readonly notes: LocalSystem['notes'];
  readonly edgePort: number;
  readonly routes: LocalSystem['routes'];
  /** In the order of the config. */
  readonly cells: readonly Cell[];
  readonly deliveries: Deliveries;
  readonly alarmsOf: (region: string) => Alarms;
  readonly replication: Replication;
  readonly events: EventLog;
  /** Ends what is under way when the system ends. */
  readonly signal: AbortSignal;
}

export class Supervisor {
  readonly #props: SupervisorProps;
  readonly #restarting = new Set<string>();

  constructor(props: SupervisorProps) {
    this.#props = props;
  }

  system(): LocalSystem {
    const { startedAtMs, mode, domain, dns, notes, edgePort, routes, cells, replication } = this.#props;
    return {
      pid: process.pid,
      startedAtMs,
      mode,
      domain,
      dns: { address: dns.address, port: dns.port },
      notes,
      edgePort,
      routes,
      regions: cells.map((cell) => this.#describe(cell)),
      links: replication.links(),
    };
  }

  events(after: number): readonly LocalEvent[] {
    return this.#props.events.after(after);
  }

  /** @throws {RegionStateError | UnknownNameError} as all that follow */
  async lose(name: string): Promise<void> {
    await this.#cell(name).region.lose();
  }

  freeze(name: string): void {
    this.#cell(name).region.freeze();
  }

  thaw(name: string): void {
    this.#cell(name).region.thaw();
  }

  async setEdge(name: string, fault: EdgeFault): Promise<void> {
    await this.#cell(name).region.setEdge(fault);
  }

  /** Starts a lost region empty; also one whose restart, or whose rebuild, was interrupted. */
  async restart(name: string, fence: readonly Json[]): Promise<void> {
    const cell = this.#cell(name);
    const { state } = cell.region;
    if (this.#restarting.has(name))
      throw new RegionStateError(
        `region ${name} is being restarted already; wait until it is "rebuilding" and the request for it is answered`,
      );
    if (state !== 'lost' && state !== 'rebuilding')
      throw new RegionStateError(`region ${name} is ${state} and cannot be restarted; allowed when it is lost or rebuilding`);
    this.#restarting.add(name);
    try {
      await this.#props.deliveries.leave(name);
      // Nothing may come from before, and nothing may reach the empty tables before the fence does.
      for (const link of this.#props.replication.links()) {
        if (link.from === name || link.to === name) await this.#props.replication.set({ from: link.from, to: link.to, cut: true });
      }
      if (state === 'rebuilding') await cell.region.lose();
      await cell.prepare('rebuilding', this.#props.signal);
      await cell.redeploy(fence, this.#props.signal);
      // Its versions count from 1 again, and its alarms have no state there.
      await this.#props.alarmsOf(name).refresh([cell.release.stack]);
    } finally {
      this.#restarting.delete(name);
    }
  }

  admit(name: string): void {
    const { region } = this.#cell(name);
    if (this.#restarting.has(name)) throw new RegionStateError(`region ${name} is being restarted and cannot be admitted yet`);
    region.admit();
  }

  async setLink(change: LinkChange): Promise<void> {
    for (const name of [change.from, change.to]) this.#cell(name);
    if (change.from === change.to) throw new UnknownNameError(`given a link from ${change.from} to itself; allowed: two different regions`);
    await this.#props.replication.set(change);
  }

  /** Ends every fault that leaves a region its state. */
  async repair(): Promise<void> {
    for (const { region } of this.#props.cells) {
      region.thaw();
      if (region.edge.kind !== 'none') await region.setEdge({ kind: 'none' });
    }
    for (const { from, to, paused, cut } of this.#props.replication.links())
      if (paused && !cut) await this.#props.replication.set({ from, to, paused: false });
  }

  /** @throws {DeliveryStateError | ConfigError | UnknownNameError} */
  deliver(request: DeliveryRequest): Delivery {
    for (const name of request.skip ?? []) this.#cell(name);
    if (this.#props.mode === 'attached')
      throw new DeliveryStateError(
        'the regions are served by an emulator that was started elsewhere, whose functions cannot answer CodeDeploy; deliver to a system that starts its own',
      );
    return this.#props.deliveries.begin(request);
  }

  deliveries(): readonly Delivery[] {
    return this.#props.deliveries.list();
  }

  /** @throws {DeliveryStateError} */
  async stopDelivery(): Promise<Delivery> {
    return this.#props.deliveries.stop('an operator stopped it');
  }

  #cell(name: string): Cell {
    const cell = this.#props.cells.find(({ region }) => region.props.name === name);
    if (cell === undefined)
      throw new UnknownNameError(`given region "${name}"; allowed: ${this.#props.cells.map(({ region }) => region.props.name).join(', ')}`);
    return cell;
  }

  #describe({ region, outputs }: Cell): LocalRegion {
    const { name, dnsAddress, address, port, tlsPort, regionalName, endpoint, accessKeyId, secretAccessKey, emulator } = region.props;
    const alarms = [...this.#props.alarmsOf(name).states()].map(([physical, status]): LocalAlarm => ({ name: physical, ...status }));
    return {
      name,
      state: region.state,
      dnsAddress,
      address,
      port,
      tlsPort,
      regionalName,
      endpoint,
      accessKeyId,
      secretAccessKey,
      processGroup: emulator === null ? null : region.processGroup,
      edge: region.edge,
      functions: { api: outputs?.apiFunction ?? '' },
      topicArn: outputs?.topicArn ?? '',
      alarms: alarms.filter(({ state }) => state !== 'OK'),
    };
  }
}
