import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plainProgress } from '../../ops/progress.ts';
import { startUnderWay, writtenDown } from '../../ops/targets/local-starting.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('a start that is under way tells other terminals of itself and of its step, and leaves nothing behind', async () => {
  const folder = temporaryFolder();
  expect(await startUnderWay(folder)).toBeUndefined();
  await writtenDown(
    folder,
    plainProgress(() => undefined),
    async (progress) => {
      await progress.step('deploy a cell', async () => {
        expect(await startUnderWay(folder)).toMatch(new RegExp(`^process ${process.pid}, begun \\d+ s ago; for \\d+ s at: deploy a cell$`));
      });
    },
  );
  expect(await startUnderWay(folder)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

it('a start that was killed is under way no more, also when another program has its number', async () => {
  const folder = temporaryFolder();
  let left = '';
  await writtenDown(
    folder,
    plainProgress(() => undefined),
    (progress) =>
      progress.step('deploy a cell', async () => {
        left = readFileSync(join(folder, 'starting.json'), 'utf8');
      }),
  );
  const content = JSON.parse(left);
  writeFileSync(join(folder, 'starting.json'), left);
  expect(await startUnderWay(folder)).toContain('deploy a cell');
  writeFileSync(join(folder, 'starting.json'), JSON.stringify({ ...content, process: { ...content.process, started: 'another time' } }));
  expect(await startUnderWay(folder)).toBeUndefined();
});
