import { describe, expect, test } from 'vitest';
import { FORMS } from '../../functions/contract/values.ts';
import type { Outcome } from '../../functions/core/context.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { editRecord, getHistory, getRecord, RECORD_BYTES_MAX, recordKey } from '../../functions/core/records.ts';
import type { Item } from '../../functions/core/store.ts';
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

  test('made or edited twice, in two regions, is one version, and each repetition gets the same answer', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const first = await edit(a, [], 'draft');
    const others = [await edit(b, [], 'draft'), await edit(a, [], 'draft')];
    expect(first).toMatchObject({ replayed: false, created: true, tag: valueOf(first).version });
    expect(others).toMatchObject([
      { replayed: false, created: true, tag: valueOf(first).version },
      { replayed: true, created: true, value: valueOf(first) },
    ]);
    world.replicate();
    expect(valueOf(await getRecord(b, NAME))).toEqual(valueOf(await getRecord(a, NAME)));
    expect(valueOf(await getHistory(b, { ...NAME, limit: 9 })).versions).toHaveLength(1);
  });

  test('claimed by two callers in one region with equal words has one who is told so, however often each asks', async () => {
    const a = new World().at('a');
    const free = valueOf(await edit(a, [], 'free')).version;

    const first = await edit(a, [free], 'claimed', 'claim by a phone');
    const second = await edit(a, [free], 'claimed', 'claim by a laptop');
    const [firstAgain, secondAgain] = [
      await edit(a, [free], 'claimed', 'claim by a phone'),
      await edit(a, [free], 'claimed', 'claim by a laptop'),
    ];

    expect(first).toMatchObject({ kind: 'done', replayed: false });
    expect(firstAgain).toMatchObject({ kind: 'done', replayed: true, value: valueOf(first) });
    expect([second, secondAgain]).toMatchObject(Array.from({ length: 2 }, () => ({ kind: 'refused', code: 'precondition-failed' })));
  });

  test('that has gone on is not made anew with the words that it began with', async () => {
    const a = new World().at('a');
    const first = valueOf(await edit(a, [], '0', 'maker')).version;
    await edit(a, [first], '7');
    expect(await edit(a, [], '0', 'another maker')).toMatchObject({ kind: 'refused', code: 'precondition-failed' });
  });

  test('claimed with equal words in two regions that do not hear of each other has two who are told so, and shows both', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const free = valueOf(await edit(a, [], 'free')).version;
    world.replicate();
    const claims = [
      valueOf(await edit(a, [free], 'claimed', 'by ann')).version,
      valueOf(await edit(b, [free], 'claimed', 'by bob')).version,
    ];
    world.replicate();
    const seen = valueOf(await getRecord(a, NAME));
    expect([seen, ...seen.conflicts].map(({ version }) => version).sort()).toEqual(claims.sort());
  });

  test('takes one key for another edit: the key names an edit together with all else that it is', async () => {
    const a = new World().at('a');
    const first = valueOf(await edit(a, [], '1', 'key')).version;
    const second = valueOf(await edit(a, [first], '2', 'key')).version;
    expect(second).not.toBe(first);
    expect(await edit(a, [first], '3', 'key')).toMatchObject({ kind: 'refused', code: 'precondition-failed' });
    expect(await edit(a, [first], '2', 'key')).toMatchObject({ kind: 'done', replayed: true });
  });

  test("of another subject is another record, and one's own id tells nothing of it", async () => {
    const a = new World().at('a');
    const mine = valueOf(await edit(a, [], 'mine')).version;
    const bob = { subject: 'bob', id: NAME.id };
    expect(await getRecord(a, bob)).toMatchObject({ kind: 'refused', code: 'not-found' });
    expect(await editRecord(a, { ...bob, parents: [mine], value: '"his"', key: 'e1' })).toMatchObject({ code: 'unknown-version' });
    expect(valueOf(await editRecord(a, { ...bob, parents: [], value: '"mine"', key: 'mine' })).version).not.toBe(mine);
  });

  test('names the last edit of the region in the count that guards the next', async () => {
    const a = new World().at('a');
    const first = valueOf(await edit(a, [], 'draft')).version;
    const second = valueOf(await edit(a, [first], 'second')).version;
    expect(headOf(a)).toMatchObject({ rev: 2, vid: second });
  });
});

describe('a refused edit tells a record that has moved on from a region that has not heard', () => {
  test.each([
    ['a version is superseded here', ['v1', 'v2'], ['v1'], 'precondition-failed'],
    ['a head is here that the caller did not see', ['v1', 'v2', 'w2'], ['v2'], 'precondition-failed'],
    ['the record exists', ['v1'], [], 'precondition-failed'],
    ['the version is not here', ['v1'], ['v2'], 'unknown-version'],
    ['one of the versions is not here', ['v1', 'v2'], ['v2', 'w2'], 'unknown-version'],
    ['the record is not here', [], ['v1'], 'unknown-version'],
    ['a version is superseded here, whatever else is missing', ['v1', 'v2', 'v4'], ['v1'], 'precondition-failed'],
  ])('where %s', async (_, here, made, code) => {
    // given v1 <- v2 <- v3 <- v4 and v1 <- w2 in region a, of which b holds some
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const vids = new Map<string, string>();
    for (const [name, parent] of Object.entries({ v1: undefined, v2: 'v1', v3: 'v2', v4: 'v3' }))
      vids.set(name, valueOf(await edit(a, parent === undefined ? [] : [vids.get(parent) ?? ''], name)).version);
    const elsewhere = new World().at('b');
    await edit(elsewhere, [], 'v1');
    vids.set('w2', valueOf(await edit(elsewhere, [vids.get('v1') ?? ''], 'w2')).version);
    const wanted = here.map((name) => `V#${vids.get(name)}#`);
    for (const item of [...a.store.items(), ...elsewhere.store.items()])
      if (wanted.some((prefix) => item.sk.startsWith(prefix))) b.store.place(item);

    // when
    const outcome = await edit(
      b,
      made.map((name) => vids.get(name) ?? ''),
      'new',
    );

    // then
    expect(outcome).toMatchObject({ kind: 'refused', code });
  });
});

describe('a region that lacks versions of a record', () => {
  test('shows no version beside what superseded it, says that it is incomplete, and takes an edit of what it shows', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const vids = await edits(a, 3);
    for (const item of a.store.items()) if ([vids[0], vids[2]].some((vid) => item.sk.startsWith(`V#${vid}#`))) b.store.place(item);

    const read = await getRecord(b, NAME);

    expect(valueOf(read)).toMatchObject({ version: vids[2], conflicts: [], incomplete: true });
    expect(await edit(b, tagIn(read).split('.'), 'next')).toMatchObject({ kind: 'done' });
    world.replicate();
    expect(valueOf(await getRecord(b, NAME))).toMatchObject({ value: 'next', conflicts: [] });
    expect('incomplete' in valueOf(await getRecord(b, NAME))).toBe(false);
  });

  test('has a tag that does not grow with what it lacks, and takes it back', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const vids = await edits(a, 140);
    for (const item of a.store.items()) if (vids.some((vid, at) => at % 2 === 1 && item.sk.startsWith(`V#${vid}#`))) b.store.place(item);
    const tag = tagIn(await getRecord(b, NAME));
    expect(tag).toBe(vids.at(-1));
    expect(FORMS.recordTag.pattern.test(`"${tag}"`)).toBe(true);
    expect(await edit(b, tag.split('.'), 'next')).toMatchObject({ kind: 'done' });
  });

  test('shows an edit that was made apart all the same, and goes on showing it until an edit names it', async () => {
    const world = new World();
    const [a, b] = [world.at('a'), world.at('b')];
    const [first = '', second = ''] = await edits(a, 2);
    for (const item of a.store.items()) if (item.sk.startsWith(`V#${first}#`)) b.store.place(item);
    const apart = valueOf(await edit(b, [first], 'apart')).version;
    const third = valueOf(await edit(a, [second], 'third')).version;
    for (const item of a.store.items()) if (item.sk.startsWith(`V#${third}#`)) b.store.place(item);
    const seen = valueOf(await getRecord(b, NAME));
    expect([seen, ...seen.conflicts].map(({ version }) => version).sort()).toEqual([apart, third].sort());
  });

  test('counts on where its count was damaged or is gone, so that no later edit passes for a superseded one', async () => {
    for (const rev of ['seven', true, undefined]) {
      const a = new World().at('a');
      const vids = await edits(a, 2);
      const head = headOf(a);
      if (head === undefined) throw new Error('no count');
      const { rev: _, ...rest } = head;
      a.store.place(rev === undefined ? rest : { ...rest, rev });
      const next = valueOf(await edit(a, vids.slice(-1), 'next')).version;
      expect(valueOf(await getRecord(a, NAME))).toMatchObject({ version: next, conflicts: [] });
      expect(headOf(a)).toMatchObject({ rev: 3, vid: next });
    }
  });
});

describe('what a region keeps of a record', () => {
  test('is not added to by an edit that met another half-way: the count without its version is read again', async () => {
    // given an edit of which a query shows the count and not yet the version
    const torn = new TornStore();
    const a = new World(['a'], () => torn).at('a');
    const first = valueOf(await edit(a, [], 'draft')).version;
    await edit(a, [first], 'second');
    torn.hides = 1;

    // then the next edit of the same state sees it at its second look
    expect(await edit(a, [first], 'third')).toMatchObject({ kind: 'refused', code: 'precondition-failed' });

    // and a version that is gone for good does not stop a record
    torn.hides = Number.POSITIVE_INFINITY;
    expect(await edit(a, [first], 'third')).toMatchObject({ kind: 'done', replayed: false });
  });

  test('is bounded: a history at its limit is refused more, and stays readable; a repetition still gets its answer', async () => {
    const a = new World().at('a');
    const long = 'x'.repeat(RECORD_BYTES_MAX / 8);
    let parents: readonly string[] = [];
    const edits: (readonly string[])[] = [];
    let outcome = await edit(a, parents, `${long}0`);
    while (outcome.kind === 'done' && edits.length < 20) {
      edits.push(parents);
      parents = [outcome.value.version];
      outcome = await edit(a, parents, `${long}${edits.length}`);
    }
    expect([edits.length, outcome]).toMatchObject([7, { kind: 'refused', code: 'record-full' }]);
    expect(await edit(a, edits[6] ?? [], `${long}6`)).toMatchObject({ kind: 'done', replayed: true });
    expect(valueOf(await getRecord(a, NAME)).version).toBe(parents[0]);
  });
});

describe('a history', () => {
  test('is read page by page, newest first, with what each version was made from, and says which are heads', async () => {
    const world = new World();
    const a = world.at('a');
    const vids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      world.nowMs += 1;
      vids.unshift(valueOf(await edit(a, vids.slice(0, 1), `${n}`)).version);
    }
    const first = valueOf(await getHistory(a, { ...NAME, limit: 3 }));
    const second = valueOf(await getHistory(a, { ...NAME, limit: 3, cursor: first.cursor }));
    const rows = [...first.versions, ...second.versions];
    expect(rows.map(({ version, parents, head }) => [version, parents, head])).toEqual(
      vids.map((vid, at) => [vid, vids.slice(at + 1, at + 2), at === 0]),
    );
    expect([first.versions.length, second.cursor]).toEqual([3, undefined]);
  });

  test('continues only where its cursor is known', async () => {
    const a = new World().at('a');
    await edit(a, [], 'draft');
    expect(await getHistory(a, { ...NAME, limit: 3, cursor: 'f'.repeat(32) })).toMatchObject({ kind: 'refused', code: 'not-found' });
  });
});

/** Hides the newest version from so many queries, as one does that meets a transaction half-way. */
class TornStore extends MemoryStore {
  hides = 0;

  override async query(pk: string, prefix?: string): Promise<readonly Item[]> {
    const items = await super.query(pk, prefix);
    if (this.hides === 0) return items;
    this.hides -= 1;
    const last = items.find((item) => item.sk.startsWith('HEAD#'))?.['vid'];
    return items.filter((item) => !item.sk.startsWith(`V#${String(last)}#`));
  }
}

const headOf = (place: Place) => place.store.peek({ pk: recordKey(NAME.subject, NAME.id), sk: `HEAD#${place.writer}` });

const NAME = { subject: 'ann', id: 'profile' };

/** So many edits, one after the other. */
const edits = async (place: Place, count: number): Promise<readonly string[]> => {
  const vids: string[] = [];
  for (let n = 0; n < count; n += 1) vids.push(valueOf(await edit(place, vids.slice(-1), `${n}`)).version);
  return vids;
};

const tagIn = (outcome: Outcome<unknown>): string => (outcome.kind === 'done' ? (outcome.tag ?? '') : '');

/** Under one key for each value: the same edit, when it is made again. */
const edit = (place: Place, parents: readonly string[], value: string, key = value) =>
  editRecord(place, { ...NAME, parents, value: JSON.stringify(value), key });
