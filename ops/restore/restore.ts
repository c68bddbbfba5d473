/** A table as it was, beside the one that is there now; and what the live one lacks, put back. */
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { writerOf } from '../../functions/core/item.ts';
import { foldControl, REGIONS_KEY } from '../../functions/core/operations.ts';
import { type Replica, repair } from '../../functions/core/restore.ts';
import { compare, type Difference, keyText, type ToldAnew } from '../../functions/core/restore-compare.ts';
import type { Item } from '../../functions/core/store.ts';
import { regionOf, writerName } from '../../functions/core/writer.ts';
import { messageOf, UserError } from '../errors.ts';
import { OPERATOR_LIMITS } from '../limits.ts';
import type { Progress } from '../progress.ts';
import { scanTable } from '../scan.ts';
import { tandem } from '../tandem.ts';
import type { BackupTarget } from '../targets/backups.ts';
import { checkContent, copyName, findPast, optionOf, type Past, regionOfPast, restorePast } from './past.ts';
import { type Counts, type Listed, RESTORE_FORMAT, type RestoreReport } from './report.ts';

/** How long the other regions may take to hold what was repaired, in looks of `LOOK_MS`. */
const LOOKS_MAX = 120;
const LOOK_MS = 500;
/** Items that a report lists, of each kind and resource. */
const LISTED_MAX = 1_000;

export interface RestoreProps {
  readonly target: BackupTarget;
  readonly past: Past;
  /** Repairs the live table; otherwise it is looked at only. */
  readonly apply: boolean;
  /** Whose replica is restored, or whose table is read. @default the region of the recovery point, else the first that answers */
  readonly region?: string;
  /** Leaves the restored copy where it is. One that was given is left in any case. @default false */
  readonly keepTable?: boolean;
  /** Facts that were told anew since, as a report names them (`PK SK`), and that are put back all the same. @default none */
  readonly replace?: readonly string[];
  readonly progress: Progress;
}

/**
 * @throws {UserError} when that past cannot be had
 * @throws {StoreUnavailable} when a region ceases to answer half-way; run it again to go on
 */
export const restoreTables = async (props: RestoreProps): Promise<RestoreReport> => {
  const { target, past, apply, progress } = props;
  const startedAtMs = Date.now();
  const given = regionGiven(props);
  const { replicas, absent } = await progress.step('look for the regions', (say) => replicasOf(target, say));
  const region = chosen(replicas, given, absent);
  const copy = copyName(past);
  const { atMs, title } = await findPast(target, region, past);
  const restored = await progress.step(title, async (say) => {
    await restorePast(target, region, past, say);
    return scan(target, region, copy);
  });
  // Of the others it is known what they are of.
  if (past.kind === 'table') checkContent(copy, restored);
  const replace = replacedOf(props, restored);
  const differences = await progress.step('compare it with the live table', () => differencesIn(region, replicas, restored, atMs));
  const repaired = apply
    ? await progress.step('repair the live table, each item through its own region', (say) =>
        repair({
          restored,
          replicas,
          clock: { now: Date.now },
          pointMs: atMs,
          replace,
          onProgress: (done, total) => {
            if (done % 100 === 0 || done === total) say(`${done} of ${total} items`);
          },
        }),
      )
    : undefined;
  const repairedAtMs = Date.now();
  const remaining = apply
    ? await progress.step('wait until every region holds it', () => settled(replicas, restored, atMs))
    : new Map(replicas.map((each) => [each.region, differences] as const));
  const kept = props.keepTable === true || past.kind === 'table';
  if (!kept) await progress.step(`delete ${copy}`, () => target.deleteTable(region, copy));
  const missing = [...remaining].map(([name, found]) => ({ region: name, facts: total(found) }));
  const left = repaired?.left ?? [];
  return {
    format: RESTORE_FORMAT,
    past: optionOf(past),
    at: atMs === undefined ? null : new Date(atMs).toISOString(),
    region,
    table: copy,
    kept,
    startedAt: new Date(startedAtMs).toISOString(),
    seconds: { repaired: (repairedAtMs - startedAtMs) / 1_000, all: (Date.now() - startedAtMs) / 1_000 },
    items: restored.length,
    applied: apply,
    absent: [...absent],
    resources: differences.map(countsOf),
    toldAnew: (repaired?.toldAnew ?? differences.flatMap(({ toldAnew }) => toldAnew)).slice(0, LISTED_MAX).map(shownAnew),
    repaired: repaired && {
      facts: { ...repaired.facts },
      spread: repaired.spread,
      rows: repaired.rows.map(({ region: owner, sku, what }) => ({ region: owner, sku, what })),
      left: left.map(({ pk, sk, why }) => ({ pk, sk, why })),
    },
    remaining: missing,
    whole: missing.every((each) => each.facts === 0) && left.length === 0,
  };
};

/** @throws {UserError} for what is no fact of the copy */
const replacedOf = ({ replace = [] }: RestoreProps, restored: readonly Item[]): ReadonlySet<string> => {
  const known = new Map(restored.map((item) => [`${item.pk} ${item.sk}`, keyText(item)]));
  return new Set(
    replace.map((given) => {
      const key = known.get(given);
      if (key === undefined)
        throw new UserError(
          `given --replace "${given}", which the copy does not hold; allowed: "PK SK" of a fact that the report lists as told anew`,
        );
      return key;
    }),
  );
};

/** As it is there: what an attribute means is the reader's to know. */
const shownAnew = ({ restored, live }: ToldAnew) => ({ pk: restored.pk, sk: restored.sk, was: { ...restored }, is: { ...live } });

const regionGiven = ({ past, region }: RestoreProps): string | undefined => {
  const own = regionOfPast(past);
  if (own !== undefined && region !== undefined && own !== region)
    throw new UserError(`given --region ${region} with a recovery point of ${own}; allowed: ${own}; leave it out`);
  return own ?? region;
};

/** The regions that answer and serve, under the names that they write under now. */
const replicasOf = async (
  target: BackupTarget,
  say: (line: string) => void,
): Promise<{ readonly replicas: readonly Replica[]; readonly absent: readonly string[] }> => {
  const replicas: Replica[] = [];
  const absent: string[] = [];
  for (const { name } of target.regions) {
    try {
      const { incarnation, fenced } = foldControl(name, await storeOf(target, name, TABLES.control).query(REGIONS_KEY));
      if (fenced) throw new Error('it is being rebuilt');
      replicas.push({
        region: name,
        writer: writerName({ region: name, incarnation }),
        store: storeOf(target, name, TABLES.data),
        scan: () => scan(target, name, TABLES.data),
      });
    } catch (error) {
      absent.push(name);
      say(`${name} is left out: ${messageOf(error)}`);
    }
  }
  return { replicas, absent };
};

const chosen = (replicas: readonly Replica[], given: string | undefined, absent: readonly string[]): string => {
  const names = replicas.map((each) => each.region);
  const region = given ?? names[0];
  if (region !== undefined && names.includes(region)) return region;
  // Why was said when they were looked for.
  const lost = absent.join(', ');
  throw new UserError(
    region === undefined
      ? `no region answers (${lost}), for the reasons above; see \`${tandem('status')}\``
      : `given region "${region}"; allowed: ${names.join(', ')}${lost === '' ? '' : `; not now: ${lost}`}`,
  );
};

const storeOf = (target: BackupTarget, region: string, table: string): DynamoStore =>
  new DynamoStore({ client: target.dynamo(region), table, limits: OPERATOR_LIMITS });

const scan = (target: BackupTarget, region: string, table: string): Promise<readonly Item[]> => scanTable(target.dynamo(region), table);

const differencesIn = async (
  region: string,
  replicas: readonly Replica[],
  restored: readonly Item[],
  pointMs: number | undefined,
): Promise<readonly Difference[]> => {
  const live = await replicas.find((each) => each.region === region)?.scan();
  return compare(restored, live ?? [], pointMs);
};

/** What is still missing or changed in each region, once nothing is, or replication had its time. */
const settled = async (
  replicas: readonly Replica[],
  restored: readonly Item[],
  pointMs: number | undefined,
): Promise<ReadonlyMap<string, readonly Difference[]>> => {
  const owners = new Set(replicas.map((each) => each.region));
  for (let look = 1; ; look += 1) {
    const found = new Map<string, readonly Difference[]>();
    for (const { region } of replicas) found.set(region, await differencesIn(region, replicas, restored, pointMs));
    if (look >= LOOKS_MAX || [...found.values()].every((each) => total(each, owners) === 0)) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

/** Facts that are missing or changed; `owners`: only theirs, since nobody else can put them back. */
const total = (differences: readonly Difference[], owners?: ReadonlySet<string>): number =>
  differences
    .flatMap(({ missing, changed }) => [...missing, ...changed.map((each) => each.restored)])
    .filter((item) => owners?.has(regionOf(writerOf(item))) ?? true).length;

const countsOf = ({ resource, missing, changed, extra, moved }: Difference): Counts => ({
  resource,
  missing: missing.length,
  changed: changed.length,
  extra: extra.length,
  moved: moved.length,
  listed: {
    missing: listed(missing),
    changed: listed(changed.map((each) => each.restored)),
    extra: listed(extra),
  },
});

const listed = (items: readonly Item[]): Listed => items.slice(0, LISTED_MAX).map(({ pk, sk }) => ({ pk, sk }));
