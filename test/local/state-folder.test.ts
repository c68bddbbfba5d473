import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkStateFolder, StateFolderError } from '../../local/state-folder.ts';

describe('the folder of a system', () => {
  it('is made, and nothing is left in it', () =>
    inScratch((scratch) => {
      const folder = join(scratch, 'a', 'b');
      checkStateFolder(folder);
      expect(readdirSync(folder)).toEqual([]);
    }));

  it('is refused where nothing can be written, with its name and what to do', () =>
    inScratch((scratch) => {
      writeFileSync(join(scratch, 'file'), '');
      const folder = join(scratch, 'file', 'local');
      const check = () => checkStateFolder(folder);
      expect(check).toThrow(StateFolderError);
      expect(check).toThrow(/^cannot write to .+file\/local, where a system keeps its state \(.+\); make it writable$/);
      expect(check).toThrow(folder);
    }));

  it('is refused on a disk that is nearly full, with what is left and what is needed', () =>
    inScratch((scratch) => {
      expect(() => checkStateFolder(scratch, Number.MAX_SAFE_INTEGER)).toThrow(/has \d+ MiB left; needed: \d+ MiB; make room there$/);
      expect(readdirSync(scratch)).toEqual([]);
    }));
});

const inScratch = (work: (folder: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-state-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
