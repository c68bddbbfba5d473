/**
 * Two regions in this process, as a target of drills: the real rules over memory stores, replication by a timer, real
 * sockets, and a DNS server whose answer follows a fault after a moment. Seconds instead of minutes.
 */
import { createSocket } from 'node:dgram';
import { decode, encode } from 'dns-packet';
import type { Delivery, DeliveryRequest } from '../../../functions/contract/delivery.ts';
import { performTask, taskOf } from '../../../functions/core/housekeeping.ts';
import { writerOf } from '../../../functions/core/item.ts';
import { MemoryStore } from '../../../functions/core/memory-store.ts';
import { planRebuild } from '../../../functions/core/rebuild.ts';
import { reconcileOrder } from '../../../functions/core/reconcile.ts';
import { repair } from '../../../functions/core/restore.ts';
import { compare } from '../../../functions/core/restore-compare.ts';
import type { Item } from '../../../functions/core/store.ts';
import { parseWriter, regionOf } from '../../../functions/core/writer.ts';
import type { WriteItem } from '../../../ops/drill/faulty-client.ts';
import type { ReadPartition } from '../../../ops/drill/ledger.ts';
import type { Rebuild, Restore } from '../../../ops/drill/repair.ts';
import { RESTORE_FORMAT } from '../../../ops/restore/report.ts';
import type { DeliveryTarget, Fault, LossKind, Target, TargetEvent } from '../../../ops/targets/target.ts';
import { ToyDeliveries } from './toy-deliveries.ts';
import { NAMES, ToyRegion } from './toy-region.ts';

const DOMAIN = 'api.toy.test';
const DETECTION_MS = 700;
const REPLICATION_EVERY_MS = 60;
/** How long replication is behind when a region is killed. */
const BEHIND_MS = 800;

export class ToySystem implements DeliveryTarget, AsyncDisposable {
  readonly kind = 'local';
  readonly regions: Target['regions'];
  readonly dns: Target['dns'];
  readonly faults: Fault[] = [];
  readonly deliveries: ToyDeliveries;
  repaired = 0;
  /** Times that were restored. */
  readonly restoredAt: number[] = [];
  /** Whether its regions look after their own reservations. */
  reconciles = true;
  /** Of the first region's table, as point-in-time recovery would have it. */
  private readonly pictures: { readonly atMs: number; readonly items: readonly Item[] }[] = [];
  private readonly own: readonly ToyRegion[];
  private readonly dnsServer: ReturnType<typeof createSocket>;
  private readonly happened: TargetEvent[] = [];
  private readonly ticker: NodeJS.Timeout;
  private readonly timers = new Set<NodeJS.Timeout>();
  linked = true;

  private constructor(own: readonly ToyRegion[], dnsServer: ReturnType<typeof createSocket>, deliveries: ToyDeliveries) {
    this.own = own;
    this.deliveries = deliveries;
    this.dnsServer = dnsServer;
    this.regions = own.map(({ name, url }) => ({ name, url, host: `${name}.${DOMAIN}` }));
    this.dns = {
      name: DOMAIN,
      server: { address: '127.0.0.1', port: dnsServer.address().port },
      doorAt: (address) => ({ address: '127.0.0.1', port: own.find((each) => each.dnsAddress === address)?.port ?? 0 }),
      subnetNear: (region) => `10.${this.indexOf(region)}.0.0/24`,
    };
    this.ticker = setInterval(() => void this.replicate(), REPLICATION_EVERY_MS);
    dnsServer.on('message', (message, from) => dnsServer.send(this.dnsAnswer(message), from.port, from.address));
  }

  static async open(): Promise<ToySystem> {
    const deliveries = new ToyDeliveries(NAMES);
    const own = NAMES.map((name, index) => new ToyRegion(name, `192.0.2.${index + 1}`, deliveries));
    for (const region of own) await region.open(0);
    const dnsServer = createSocket('udp4');
    await new Promise<void>((resolve) => dnsServer.bind(0, '127.0.0.1', resolve));
    return new ToySystem(own, dnsServer, deliveries);
  }

  readonly read: ReadPartition = (region, pk) => this.find(region).store.query(pk);

  readonly rebuild: Rebuild = async (_, name) => {
    const [region, survivor] = [this.find(name), this.other(name)];
    const writer = `${name}.2`;
    const items = survivor.store.items();
    for (const item of items) region.store.place(item);
    const plan = planRebuild(parseWriter(writer), [items], Date.now());
    for (const item of plan.items) region.store.place(item);
    region.writer = writer;
    for (const id of plan.openOrders) await reconcileOrder(region.context, id);
    region.lost = false;
    await region.open(region.port);
    this.linked = true;
    this.becomes(region, true);
    return { incarnation: 2 };
  };

  readonly scan = async (region: string): Promise<readonly Item[]> => this.find(region).store.items();

  /** Replicated at once. */
  readonly write: WriteItem = async (_, key, item) => {
    for (const { store } of this.own) {
      if (item === undefined) store.commit([{ action: 'delete', key }]);
      else store.place(item);
    }
  };

  readonly restore: Restore = async (_, atMs) => {
    this.restoredAt.push(atMs);
    const [first] = this.own;
    const restored = this.pictures.findLast((picture) => picture.atMs <= atMs)?.items ?? [];
    const replicas = this.own.map(({ name, writer, store }) => ({ region: name, writer, store, scan: async () => store.items() }));
    const { facts, spread, rows, left } = await repair({ restored, replicas, clock: { now: Date.now } });
    await new Promise((resolve) => setTimeout(resolve, REPLICATION_EVERY_MS * 4));
    const lacking = ({ store }: ToyRegion) =>
      compare(restored, store.items()).flatMap(({ missing, changed }) => [...missing, ...changed]).length;
    const remaining = this.own.map((region) => ({ region: region.name, facts: lacking(region) }));
    const at = new Date(atMs).toISOString();
    return {
      format: RESTORE_FORMAT,
      past: `--at ${at}`,
      at,
      region: first?.name ?? '',
      table: 'toy',
      kept: false,
      startedAt: at,
      seconds: { repaired: 0, all: 0 },
      items: restored.length,
      applied: true,
      toldAnew: [],
      absent: [],
      resources: [],
      repaired: { facts: { ...facts }, spread, rows: rows.map((row) => ({ ...row })), left: left.map((each) => ({ ...each })) },
      remaining,
      whole: remaining.every((each) => each.facts === 0) && left.length === 0,
    };
  };

  dynamo(): never {
    throw new Error('the toy has no DynamoDB');
  }

  async lose(name: string, kind: LossKind): Promise<Fault> {
    const region = this.find(name);
    if (kind === 'kill') {
      this.linked = false;
      await new Promise((resolve) => setTimeout(resolve, BEHIND_MS));
      region.lost = true;
      region.store = new MemoryStore();
      await region.close();
    } else {
      region.swallows = true;
      this.linked = kind === 'blackhole';
    }
    this.becomes(region, false);
    const fault: Fault = {
      region: name,
      kind,
      atMs: Date.now(),
      statelost: kind === 'kill',
      repair: async () => {
        if (kind !== 'kill') await this.repairAll();
      },
    };
    this.faults.push(fault);
    return fault;
  }

  async lostRegions(): Promise<readonly string[]> {
    return this.own.filter((region) => region.lost).map((region) => region.name);
  }

  async closeDoor(): Promise<void> {}
  async restartEmpty(): Promise<void> {}
  async cutLinks(): Promise<void> {}
  async restoreLinks(): Promise<void> {}
  async admit(): Promise<void> {}

  async partition(): Promise<void> {
    this.linked = false;
  }

  async heal(): Promise<void> {
    this.linked = true;
  }

  async events(): Promise<readonly TargetEvent[]> {
    return [...this.happened, ...this.deliveries.events].sort((a, b) => a.atMs - b.atMs);
  }

  async deliver(request: DeliveryRequest): Promise<Delivery> {
    return this.deliveries.begin(request);
  }

  async delivery(): Promise<Delivery | undefined> {
    return this.deliveries.current();
  }

  stopDelivery(): Promise<void> {
    return this.deliveries.stop();
  }

  lambda(): never {
    throw new Error('the toy has no Lambda');
  }

  async listen(region: string) {
    return { heard: this.deliveries.heard(region), close: async () => {} };
  }

  async repairAll(): Promise<void> {
    this.repaired += 1;
    for (const region of this.own.filter((each) => each.swallows)) {
      region.swallows = false;
      // As after a black hole, what hung for long is gone.
      region.server.closeAllConnections();
      this.becomes(region, true);
    }
    this.linked = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.ticker);
    for (const timer of this.timers) clearTimeout(timer);
    this.dnsServer.close();
    await Promise.all(this.own.map((region) => region.close()));
  }

  private becomes(region: ToyRegion, healthy: boolean): void {
    const timer = setTimeout(() => {
      region.healthy = healthy;
      this.happened.push({
        atMs: Date.now(),
        region: region.name,
        detail: healthy ? 'healthy' : 'unhealthy',
        kind: 'check',
        check: 'toy',
        role: 'calculated',
        healthy,
      });
    }, DETECTION_MS);
    this.timers.add(timer);
  }

  private async replicate(): Promise<void> {
    this.pictures.push({ atMs: Date.now(), items: this.own[0]?.store.items() ?? [] });
    if (!this.linked) return;
    for (const from of this.own) {
      const to = this.other(from.name);
      for (const item of from.store.items()) {
        const before = to.store.peek(item);
        if (regionOf(writerOf(item)) !== from.name || before === item) continue;
        to.store.place(item);
        const task = taskOf(item, before, to.name);
        if (task && (task.kind !== 'reconcile' || this.reconciles)) await performTask(to.context, task);
      }
    }
  }

  private dnsAnswer(message: Buffer): Buffer {
    const query = decode(message);
    const [subnet] = (query.additionals ?? []).flatMap((each) => (each.type === 'OPT' ? each.options : []));
    const near = this.own[Number(subnet && 'ip' in subnet ? subnet.ip?.split('.')[1] : 0)];
    const region = near?.healthy ? near : (this.own.find((each) => each.healthy) ?? near);
    const origin = `${region?.name}.origin.${DOMAIN}`;
    return encode({
      type: 'response',
      id: query.id ?? 0,
      questions: query.questions ?? [],
      answers: [
        { type: 'CNAME', name: DOMAIN, ttl: 1, data: origin },
        { type: 'A', name: origin, ttl: 60, data: region?.dnsAddress ?? '' },
      ],
    });
  }

  private indexOf(name: string): number {
    return this.own.findIndex((region) => region.name === name);
  }

  private find(name: string): ToyRegion {
    const region = this.own.find((each) => each.name === name);
    if (!region) throw new Error(`no region ${name}`);
    return region;
  }

  private other(name: string): ToyRegion {
    const region = this.own.find((each) => each.name !== name);
    if (!region) throw new Error(`no other region than ${name}`);
    return region;
  }
}
