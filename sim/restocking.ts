/** Acts in which a region is restocked, and whoever did it looks at the stock elsewhere. A stream of chance of their own. */
import type { Attempt, Call } from './caller.ts';
import type { Wish } from './memory.ts';
import { mix, Random } from './random.ts';
import { ACT_MS } from './schedule.ts';

const STREAM = 8_000;
/** Share of the acts. */
const RESTOCKED = 0.2;
const CALLERS = 3;

interface Planned {
  readonly act: number;
  readonly atMs: number;
  readonly call: Call;
}

export const restocking = (
  seed: number,
  given: { readonly acts: number; readonly regions: readonly string[]; readonly skus: readonly string[] },
): readonly Planned[] => {
  const random = new Random(mix(seed, STREAM));
  const planned: Planned[] = [];
  for (let act = 0; act < given.acts; act += 1)
    if (random.chance(RESTOCKED)) planned.push(...restocked(random, given).map((each) => ({ act, ...each })));
  return planned;
};

/** Receipts that cross in one region; each caller looks in another one, by what it was told. */
const restocked = (
  random: Random,
  { regions, skus }: { readonly regions: readonly string[]; readonly skus: readonly string[] },
): readonly Omit<Planned, 'act'>[] => {
  const [fed = 'a', ...others] = random.shuffled(regions);
  const sku = random.pick(skus);
  const aroundMs = random.whole(600, ACT_MS * 0.6);
  const at = (who: number, atMs: number, wish: Wish, region: string): Omit<Planned, 'act'> => {
    const attempts: readonly Attempt[] = [{ region, patienceMs: 1_000, lost: 'no' }];
    return { atMs, call: { who, wish, attempts, carries: wish.kind === 'stock', replicated: false } };
  };
  return Array.from({ length: CALLERS }, (_, index) => index + 1).flatMap((who) => {
    const receipt = { sku, region: fed, key: `restock-${who}-${aroundMs}`, quantity: random.whole(1, 6) };
    const taken = at(who, aroundMs + random.whole(0, 30), { kind: 'receive', ...receipt }, random.chance(0.8) ? fed : random.pick(others));
    const looks = [random.whole(60, 300), random.whole(60, 900)];
    return [taken, ...looks.map((laterMs) => at(who, aroundMs + laterMs, { kind: 'stock', sku }, random.pick(others)))];
  });
};
