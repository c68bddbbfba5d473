/** The routes that need no token: what the regions say of themselves and each other. */

import type { Health, Regions, SwitchState } from '../contract/answers.ts';
import { dnsNames } from '../contract/names.ts';
import { ROUTES } from '../contract/routes.ts';
import { instant } from '../core/context.ts';
import type { Checked } from '../core/monitor.ts';
import { controlOf, gateOf, type HealthView, switchOf, type WorldView } from '../core/operations.ts';
import type { Secrets } from '../core/secrets.ts';
import { writerName } from '../core/writer.ts';
import type { Input } from './input.ts';
import { Refusal } from './refusal.ts';

export interface OpenProps {
  readonly monitor: { readonly secrets: Secrets; world(): Promise<WorldView>; check(): Promise<Checked> };
  readonly region: string;
  readonly regions: readonly string[];
  readonly version: string;
  /** Shared name of the API; undefined without a domain. */
  readonly domain: string | undefined;
}

export interface OpenAnswer {
  readonly status: number;
  readonly body: unknown;
}

type OpenRoute = (props: OpenProps, input: Input, nowMs: number) => Promise<OpenAnswer>;

export const OPEN_ROUTES = {
  /** The body is small and its keys are in this order: Route 53 finds `HEALTHY_TEXT` well within its 5,120 bytes. */
  health: async ({ monitor, region, version }) => {
    const { health, world, atMs } = await monitor.check();
    const writer = writerName(controlOf(world, region));
    const body: Health = { verdict: health.verdict, region, version, writer, reasons: [...health.reasons], checkedAt: instant(atMs) };
    return { status: statusOf(health), body };
  },
  switchState: async ({ monitor, regions }, input) => {
    const region = input.param('region', ROUTES.switchState.params.region);
    if (!regions.includes(region)) throw new Refusal('not-found', 'there is no such region in this system');
    const { health, world } = await monitor.check();
    const body: SwitchState = { ...switchOf(world, region, health), region };
    return { status: 200, body };
  },
  regions: async (props, _input, nowMs) => ({ status: 200, body: regionsAnswer(await props.monitor.world(), props, nowMs) }),
  openapi: async () => ({ status: 200, body: (await import('../contract/openapi.ts')).openApiDocument() }),
} as const satisfies Record<string, OpenRoute>;

const statusOf = (health: HealthView): number => (health.verdict === 'pass' ? 200 : 503);

const regionsAnswer = (world: WorldView, { region: own, regions, domain }: OpenProps, nowMs: number): Regions => ({
  region: own,
  at: instant(nowMs),
  regions: regions.map((region) => {
    const beat = world.beats.find((each) => each.region === region);
    const control = controlOf(world, region);
    return {
      region,
      writer: writerName(control),
      heartbeatAgeMs: beat ? Math.max(0, nowMs - beat.atMs) : null,
      version: beat?.version ?? null,
      verdict: beat?.verdict ?? null,
      evacuate: control.evacuate,
      writable: region === own ? gateOf(world).open : null,
      url: domain === undefined ? null : `https://${dnsNames(domain, region).regional}`,
    };
  }),
});
