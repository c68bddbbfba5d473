import { describe, expect, test } from 'vitest';
import { editRecord, getRecord } from '../../functions/core/records.ts';
import { keysOf, tokenOf } from '../../functions/core/token.ts';
import { type Place, valueOf, World } from './world.ts';

describe('a record', () => {
  test('edited in two regions that do not hear of each other keeps both edits, shows both alike, and is one again by an edit of both', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const first = valueOf(await edit(a, [], 'draft')).version;
    world.replicate();
    await edit(a, [first], 'from a');
    await edit(b, [first], 'from b');
    world.replicate();

    const [atA, atB] = [await getRecord(a, NAME), await getRecord(b, NAME)];

    expect(valueOf(atA)).toEqual(valueOf(atB));
    expect([valueOf(atA), ...valueOf(atA).conflicts].map(({ value }) => value).sort()).toEqual(['from a', 'from b']);
    const heads = [valueOf(atA).version, ...valueOf(atA).conflicts.map(({ version }) => version)];
    await edit(b, heads, 'merged');
    world.replicate();
    expect(valueOf(await getRecord(a, NAME))).toMatchObject({ value: 'merged', conflicts: [] });
  });

  test('is not edited by who has not seen all of it', async () => {
    const world = new World();
    const a = world.at('a');
    const first = valueOf(await edit(a, [], 'draft')).version;
    await edit(a, [first], 'second');

    expect(await edit(a, [first], 'third')).toMatchObject({ kind: 'refused', code: 'precondition-failed' });
    expect(await edit(a, [], 'anew')).toMatchObject({ kind: 'refused', code: 'precondition-failed' });
    expect(await edit(a, [first], 'second')).toMatchObject({ kind: 'done', replayed: true });
  });
});

test('a token names what carries an answer, and nothing else can be asked for by one', async () => {
  const world = new World();
  const outcome = await edit(world.at('a'), [], 'draft');
  const carriers = outcome.kind === 'done' ? outcome.carriers : [];

  expect(keysOf(tokenOf(carriers) ?? '')).toEqual(carriers);
  expect(keysOf(tokenOf([{ pk: 'REGIONS', sk: 'SWITCH#a#b' }]) ?? '')).toBeUndefined();
  expect(keysOf('not a token')).toBeUndefined();
});

const NAME = { subject: 'ann', id: 'profile' };

const edit = (place: Place, parents: readonly string[], value: string) =>
  editRecord(place, { ...NAME, parents, value: JSON.stringify(value) });
