import { describe, expect, it } from 'vitest';
import { foldControl, incarnationItem } from '../../../functions/core/operations.ts';
import type { Writer } from '../../../functions/core/writer.ts';
import { lastMark, type Mark, markItem } from '../../../ops/recovery/marks.ts';

const NEW: Writer = { region: 'a', incarnation: 2 };
const set = (mark: Mark, by: string, atMs: number, writer = NEW) => markItem(mark, writer, { by, atMs });

describe('the marks of a recovery', () => {
  it('are of one incarnation of one region, and the last of them counts, whoever set it', () => {
    const others = [set('ADMITTED', 'b', 9, { region: 'a', incarnation: 1 }), set('CUT', 'b', 9, { region: 'b', incarnation: 2 })];
    expect(lastMark(others, NEW)).toBeUndefined();
    expect(lastMark([...others, set('CUT', 'b', 5)], NEW)).toEqual({ mark: 'CUT', atMs: 5 });
    expect(lastMark([set('ADMITTED', 'c', 7), set('CUT', 'b', 5)], NEW)).toEqual({ mark: 'ADMITTED', atMs: 7 });
    expect(lastMark([set('ADMITTED', 'b', 7), set('CUT', 'c', 8), set('CUT', 'b', 5)], NEW)).toEqual({ mark: 'CUT', atMs: 8 });
  });

  it('say nothing to the functions, which read them with everything else', () => {
    const said = [incarnationItem({ ...NEW, by: 'b', phase: 'FENCED', atMs: 1 })];
    expect(foldControl('a', [...said, set('CUT', 'b', 2), set('ADMITTED', 'b', 3)])).toEqual(foldControl('a', said));
  });
});
