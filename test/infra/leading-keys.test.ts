/** Permissions bind which partitions a role writes and nothing of what it writes there: whatever that is, readers must bear it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Authenticator } from '../../functions/aws/authenticator.ts';
import { STACKS, TABLES } from '../../functions/contract/names.ts';
import { SCOPES } from '../../functions/contract/routes.ts';
import { keyItem, keyKey, keyRemovalItem } from '../../functions/core/keys.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { Monitor } from '../../functions/core/monitor.ts';
import { incarnationItem, REGIONS_KEY, switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { CANARY_SCOPES, canaryKid, canarySubject } from '../../functions/core/synthetic.ts';
import { makeTestKey } from '../functions/callers.ts';
import { statementsOf } from './lookup.ts';
import { configOf, dig, list, REGIONS, synthesize } from './system.ts';

const WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'];
const HERE = REGIONS[0];
const CANARY = canarySubject(HERE);

interface Written {
  readonly table: string;
  /** As the permission writes it. */
  readonly key: string;
}

/** Every partition that a statement of this region's cell lets somebody write, and the tables that one lets write whole. */
const writtenBy = (statements: ReturnType<typeof statementsOf>) => {
  const writing = statements.filter(({ actions }) => actions.some((action) => WRITES.includes(action)));
  const tablesOf = (resources: readonly string[]) =>
    Object.values(TABLES).filter((table) => resources.some((each) => each.endsWith(`:table/${table}`)));
  const keysOf = (conditions: unknown) => Object.values(Object(conditions)).flatMap((each) => list(dig(each, 'dynamodb:LeadingKeys')));
  const partitions = writing.flatMap(({ resources, conditions }) =>
    tablesOf(resources).flatMap((table) => keysOf(conditions).map((key): Written => ({ table, key: String(key) }))),
  );
  const whole = writing.filter(({ conditions }) => keysOf(conditions).length === 0).flatMap(({ resources }) => tablesOf(resources));
  return { partitions, whole: [...new Set(whole)] };
};

/** Whom the worst item would name: everybody, by every way to say so. */
const SUBJECTS = ['*', 'ann', 'canary:*', canarySubject(REGIONS[1]), CANARY, 'anonymous'];
const stolen = makeTestKey();

/** Names that fit a pattern, and say the most that they can. */
const expanded = (pattern: string): readonly string[] =>
  ['', 'x', `${REGIONS[1]}-x`, 'shop', '*', `${'x'.repeat(20)}`].map((tail) => pattern.replaceAll('*', tail));

/** Items of every type that anybody reads from a control or data table, put into a partition where no such item belongs. */
const worstOf = (pk: string): readonly Item[] => {
  const key = {
    kid: pk.slice(keyKey('').length),
    publicJwk: String(stolen.item['publicJwk']),
    algorithm: 'ES256',
    issuer: 'tandem',
    audience: 'tandem-api',
    scopes: [...SCOPES, '*'],
    subjects: SUBJECTS,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  } as const;
  const by = HERE;
  const atMs = Date.now();
  const about = REGIONS.flatMap((region) => [
    switchItem({ region, by, evacuate: true, atMs, reason: 'worst' }),
    ...(['FENCED', 'SERVES', 'CLOSED'] as const).map((phase) => incarnationItem({ region, incarnation: 9, by, phase, atMs })),
  ]);
  return [keyItem(key, { by, atMs }), ...about].map((item) => ({ ...item, pk }));
};

describe('the worst that a role can write into the partitions that it may', () => {
  let partitions: readonly Written[] = [];
  let whole: readonly string[] = [];
  beforeAll(() => {
    const system = synthesize(configOf(2));
    system.remove();
    ({ partitions, whole } = writtenBy(statementsOf(system.stack(STACKS.cell(HERE)), '')));
  });

  test('is never all of the control table: whoever writes there names the partition', () => {
    expect(whole).toEqual([TABLES.data]);
    expect(new Set(partitions.map(({ table }) => table))).toEqual(new Set(Object.values(TABLES)));
  });

  test("makes nobody a caller but this region's canary, which may do what a journey does", async () => {
    const identified = new Set<string>();
    for (const { key } of partitions.filter(({ table }) => table === TABLES.control))
      for (const pk of expanded(key)) {
        const control = new MemoryStore();
        for (const item of worstOf(pk)) control.place(item);
        for (const kid of [pk.slice(keyKey('').length), 'shop', canaryKid(REGIONS[1], 'arn')])
          for (const sub of [...SUBJECTS, 'shop-1', 'issuer:x'])
            for (const mode of ['keys', 'none'] as const) {
              const authenticator = new Authenticator({ settings: { mode }, control, clock: { now: () => Date.now() } });
              const who = await authenticator.identify(`Bearer ${stolen.token({ sub, scope: SCOPES.join(' ') }, { kid })}`);
              if (who.kind === 'identified' && who.identity.subject !== 'anonymous') identified.add(JSON.stringify(who.identity));
            }
      }
    expect([...identified]).toEqual([JSON.stringify({ subject: CANARY, scopes: SCOPES.filter((each) => isCanaryScope(each)) })]);
  });

  test('takes no key of anybody else away', async () => {
    const others = [
      makeTestKey({ kid: 'shop' }),
      makeTestKey({ kid: canaryKid(REGIONS[1], 'arn'), subjects: [canarySubject(REGIONS[1])] }),
    ];
    const control = new MemoryStore();
    for (const { item } of others) control.place(item);
    for (const { table, key } of partitions)
      if (table === TABLES.control)
        for (const pk of expanded(key))
          for (const kid of ['', ...others.map((each) => each.kid)]) control.place({ ...keyRemovalItem(kid, { by: HERE, atMs: 0 }), pk });
    const authenticator = new Authenticator({ settings: { mode: 'keys' }, control, clock: { now: () => Date.now() } });
    const answers = [others[0]?.token(), others[1]?.token({ sub: canarySubject(REGIONS[1]) })];
    for (const token of answers) expect((await authenticator.identify(`Bearer ${token}`)).kind).toBe('identified');
  });

  test('evacuates, fences and brings back no region: that is said in the control table, where no role writes it', async () => {
    const [data, control] = [new MemoryStore(), new MemoryStore()];
    for (const { table, key } of partitions)
      for (const item of expanded(key).flatMap(worstOf)) (table === TABLES.control ? control : data).place(item);
    expect(partitions.some(({ key }) => key === REGIONS_KEY)).toBe(true);
    const regions = REGIONS.slice(0, 2);
    const { controls } = await new Monitor({
      data,
      control,
      clock: { now: () => Date.now() },
      region: HERE,
      regions,
      version: '1',
    }).world();
    expect(controls).toEqual(
      regions.map((region) => ({ region, evacuate: false, switchedAtMs: undefined, incarnation: 1, fenced: false, closed: false })),
    );
  });
});

const isCanaryScope = (scope: string): boolean => CANARY_SCOPES.some((each) => each === scope);
