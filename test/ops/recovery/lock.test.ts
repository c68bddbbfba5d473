import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingDone } from '../../../ops/commands/effect.ts';
import { UserError } from '../../../ops/errors.ts';
import { asOnlyRecovery, atWork } from '../../../ops/recovery/lock.ts';
import { ownProcess } from '../../../ops/targets/local-process.ts';

describe('a recovery', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-recovery-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets no other begin while it runs, and leaves nothing behind', async () => {
    await asOnlyRecovery(folder, 'rebuilding a', async () => {
      const second = asOnlyRecovery(folder, 'rebuilding a', async () => 'twice');
      await expect(second).rejects.toThrow(/"rebuilding a" runs already/);
      await expect(second).rejects.toBeInstanceOf(UserError);
    });
    await expect(
      asOnlyRecovery(folder, 'rebuilding a', async () => {
        throw new Error('interrupted');
      }),
    ).rejects.toThrow('interrupted');
    expect(existsSync(join(folder, 'recovery.json'))).toBe(false);
  });

  it('begins where one was killed, also when another program has its number, and where its file is damaged', async () => {
    const reused = JSON.stringify({ pid: process.pid, started: 'another time', what: 'rebuilding a' });
    const unproven = JSON.stringify({ pid: 1, what: 'rebuilding a' });
    for (const left of [`{"pid":${await endedProcess()},"what":"rebuilding a"}`, 'half a fi', reused, unproven]) {
      writeFileSync(join(folder, 'recovery.json'), left);
      expect(await asOnlyRecovery(folder, 'rebuilding a', async () => 'done')).toBe('done');
    }
  });

  it('does not begin while a drill runs, but where a killed one left a region lost', async () => {
    const marker = { drill: 'region-loss', region: 'a', how: 'kill', phase: 'fault', startedAt: new Date(0).toISOString() };
    expect(nothingDone(await atWork(folder))).toBe('Nothing is done; --yes does it.');
    writeFileSync(join(folder, 'drill.json'), JSON.stringify({ ...marker, ...(await ownProcess()) }));
    expect(nothingDone(await atWork(folder))).toMatch(/^Nothing is done, and --yes is refused for now: a drill runs/);
    await expect(asOnlyRecovery(folder, 'rebuilding a', async () => 'done')).rejects.toThrow(/a drill runs/);
    writeFileSync(join(folder, 'drill.json'), JSON.stringify({ ...marker, pid: await endedProcess() }));
    expect(await asOnlyRecovery(folder, 'rebuilding a', async () => 'done')).toBe('done');
  });
});

const endedProcess = async (): Promise<number> => {
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'close');
  return child.pid ?? 0;
};
