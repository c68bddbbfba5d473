/**
 * The templates that AWS gets, synthesized here, and what callers are answered in *every* combination of regions that are
 * up, sick or gone and of switches that are thrown.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dnsNames, EVACUATE_TEXT, HEALTHY_TEXT, STACKS } from '../../functions/contract/names.ts';
import { build } from '../../infra/app.ts';
import { parseConfig } from '../../infra/config.ts';
import type { EndpointCheck } from '../../local/route53/checks.ts';
import { evaluateChecks } from '../../local/route53/health.ts';
import type { StackTemplate } from '../../local/route53/intrinsics.ts';
import { nearestRegions } from '../../local/route53/latency.ts';
import { addressesOf, resolve } from '../../local/route53/resolver.ts';
import { frontDoorRegion, purposeOf, readZone, type Zone } from '../../local/route53/zone.ts';

const DOMAIN = { name: 'api.tandem.test', hostedZoneId: 'Z0TEST', zoneName: 'tandem.test' };
const folder = mkdtempSync(join(tmpdir(), 'tandem-route53-'));
/** Code that is never run: these templates are only read. */
const code = join(folder, 'code');
const module = join(code, 'index.js');
beforeAll(() => {
  mkdirSync(code, { recursive: true });
  writeFileSync(module, '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `sick`: its deep check fails, and it still tells its switches. */
type RegionState = 'up' | 'sick' | 'down';
interface World {
  readonly states: ReadonlyMap<string, RegionState>;
  /** `A@B`: B says that A must be evacuated. */
  readonly switches: ReadonlySet<string>;
}

describe.each([
  ['two regions', ['eu-central-1', 'us-east-2'], []],
  ['three regions', ['eu-central-1', 'us-east-2', 'ap-southeast-2'], []],
  ['three regions, one of which joins', ['eu-central-1', 'us-east-2', 'ap-southeast-2'], ['us-east-2']],
])('%s', (_, regions, joining) => {
  let zone: Zone;
  beforeAll(() => {
    zone = readZone(DOMAIN.zoneName, synthesize(regions, joining));
  });
  const serving = regions.filter((region) => !joining.includes(region));

  it('callers near each region are answered the nearest region in service, or the nearest when none is', () => {
    const wrong: unknown[] = [];
    let worlds = 0;
    for (const world of allWorlds(regions)) {
      worlds += 1;
      const health = evaluateChecks(zone.checks, (id) => passes(zone, id, world));
      for (const near of regions) {
        const nearest = nearestRegions(near, regions);
        const view = {
          isHealthy: (check: string) => health.get(check) === true,
          nearest,
          addressOf: (region: string) => region,
          random: () => 0,
        };
        const given = addressesOf(resolve(zone, { name: DOMAIN.name, type: 'A' }, view));
        const right =
          nearest.find((region) => serving.includes(region) && inService(region, regions, world)) ??
          nearest.find((region) => serving.includes(region));
        if (given.length !== 1 || given[0] !== right)
          wrong.push({ near, given, right, states: [...world.states], switches: [...world.switches] });
      }
    }
    expect(wrong).toEqual([]);
    expect(worlds).toBe(3 ** regions.length * 2 ** (regions.length * (regions.length - 1)));
  });

  it('a front door of a region is answered for its own names, whatever the health', () => {
    for (const region of regions) {
      for (const name of [dnsNames(DOMAIN.name, region).regional, dnsNames(DOMAIN.name, region).origin]) {
        const view = { isHealthy: () => false, nearest: regions.toReversed(), addressOf: (each: string) => each, random: () => 0 };
        expect(addressesOf(resolve(zone, { name, type: 'A' }, view))).toEqual([region]);
      }
    }
  });

  it('each region has one deep check, a switch check at each peer and one calculated check, told apart', () => {
    const purposes = [...zone.checks.values()].map((check) => purposeOf(zone, check)).map(({ role, region }) => `${region} ${role}`);
    expect(purposes.toSorted()).toEqual(
      regions.flatMap((region) => [`${region} deep`, `${region} calculated`, ...regions.slice(1).map(() => `${region} switch`)]).toSorted(),
    );
  });

  it('no check watches the name that it decides about, and every record of that name is checked', () => {
    const records = zone.records.get(DOMAIN.name) ?? [];
    expect(records.map(({ policy, check, ttlSeconds }) => ({ policy, checked: check !== null, ttlSeconds }))).toEqual(
      serving.map((region) => ({ policy: { kind: 'latency', region }, checked: true, ttlSeconds: 10 })),
    );
    for (const check of zone.checks.values()) if (check.kind === 'endpoint') expect(check).not.toMatchObject({ fqdn: DOMAIN.name });
  });
});

function synthesize(regions: readonly string[], joining: readonly string[]): readonly StackTemplate[] {
  const config = parseConfig({
    regions: regions.map((name) => ({ name, state: joining.includes(name) ? 'joining' : 'serving' })),
    auth: 'keys',
    domain: DOMAIN,
  });
  const app = new App({ outdir: mkdtempSync(join(folder, 'out-')), builtinCloudFormationValidation: false });
  build(app, config, { hash: '0'.repeat(16), folder: () => code, module: () => module, code: () => Code.fromAsset(code) });
  const stacks = new Set<string>([STACKS.global, ...regions.map((region) => STACKS.cell(region))]);
  return app
    .synth()
    .stacks.filter(({ stackName }) => stacks.has(stackName))
    .map(({ template, environment }) => ({ region: environment.region, template }));
}

function* allWorlds(regions: readonly string[]): Generator<World> {
  const pairs = regions.flatMap((target) => regions.filter((at) => at !== target).map((at) => `${target}@${at}`));
  const states: readonly RegionState[] = ['up', 'sick', 'down'];
  for (let chosen = 0; chosen < states.length ** regions.length; chosen += 1) {
    const given = new Map(
      regions.map((region, index) => [region, states[Math.floor(chosen / states.length ** index) % states.length] ?? 'up'] as const),
    );
    for (let thrown = 0; thrown < 2 ** pairs.length; thrown += 1) {
      yield { states: given, switches: new Set(pairs.filter((_, index) => (thrown >> index) % 2 === 1)) };
    }
  }
}

/** What must be true of a region that gets traffic, said without checks and records. */
function inService(region: string, regions: readonly string[], world: World): boolean {
  const told = regions.some((at) => world.states.get(at) !== 'down' && world.switches.has(`${region}@${at}`));
  return world.states.get(region) === 'up' && !told;
}

/** What the front door that a check asks answers to the very request of the template. */
function passes(zone: Zone, id: string, world: World): boolean {
  const check = zone.checks.get(id);
  if (check?.kind !== 'endpoint') throw new Error(`no endpoint check "${id}"`);
  const body = bodyOf(check, frontDoorRegion(zone, check.fqdn) ?? '', world);
  return body !== undefined && check.searchText !== null && body.includes(check.searchText);
}

function bodyOf(check: EndpointCheck, at: string, world: World): string | undefined {
  const state = world.states.get(at);
  if (state === undefined || state === 'down') return undefined;
  if (check.path === '/health') return state === 'up' ? `{${HEALTHY_TEXT}}` : '{"verdict":"fail"}';
  const target = /^\/switch\/([a-z0-9-]+)$/.exec(check.path)?.[1];
  return target === undefined ? undefined : `{${world.switches.has(`${target}@${at}`) ? EVACUATE_TEXT : '"evacuate":false'}}`;
}
