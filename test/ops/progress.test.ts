import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { plainProgress } from '../../ops/progress.ts';
import { Interrupted, interruptible, untilAborted } from '../../ops/signals.ts';

describe('progress in a pipe', () => {
  const collected = () => {
    const lines: string[] = [];
    return { lines, progress: plainProgress((line) => lines.push(line.replace(/\d+\.\d s/, 'N s'))) };
  };

  it('is one line for each thing that happens, with how long it took', async () => {
    const { lines, progress } = collected();
    const result = await progress.step('deploying', async (say) => {
      say('bootstrap');
      return 5;
    });
    expect(result).toBe(5);
    expect(lines).toEqual(['deploying ...', '  bootstrap', 'deploying: done (N s)']);
  });

  it('says that a step failed, and passes the error on', async () => {
    const { lines, progress } = collected();
    const failed = progress.step('deploying', () => Promise.reject(new Error('no disk')));
    await expect(failed).rejects.toThrow('no disk');
    expect(lines.at(-1)).toBe('deploying: failed after N s');
  });
});

describe('progress on a terminal', () => {
  it('shows every step, what it said and what comes after it', () => {
    const module = new URL('../../ops/progress.ts', import.meta.url).href;
    const program = `
      const { progressFor } = await import('${module}');
      const progress = progressFor();
      const sum = await progress.step('first step', async (say) => { say('one'); say('two'); return 41; });
      await progress.step('second step', async (say) => say('three'));
      progress.line('then ' + (sum + 1));`;
    const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
    const terminal = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))';
    const args = ['-c', terminal, process.execPath, '--input-type=module', '--eval', program];
    const output = execFileSync(python, args, { encoding: 'utf8', env: { ...process.env, TERM: 'xterm', COLUMNS: '120' } });
    expect(output).toMatch(/first step[\s\S]*one[\s\S]*two[\s\S]*second step[\s\S]*three[\s\S]*then 42/);
  });
});

describe('interruptible work', () => {
  it('is told of a signal once, with the exit code it means, and leaves no listener behind', async () => {
    const before = process.listenerCount('SIGHUP');
    const work = interruptible(async (signal) => {
      process.emit('SIGHUP', 'SIGHUP');
      process.emit('SIGHUP', 'SIGHUP');
      await untilAborted(signal);
      return signal.reason;
    });
    const reason: unknown = await work;
    expect(reason).toBeInstanceOf(Interrupted);
    expect(reason).toMatchObject({ exitCode: 129, message: 'ended by SIGHUP' });
    expect(process.listenerCount('SIGHUP')).toBe(before);
  });

  it('cleans up after an error that nobody caught, and then fails with it', async () => {
    const steps: string[] = [];
    const work = interruptible(async (signal) => {
      process.emit('uncaughtException', new Error('a broken part'));
      await untilAborted(signal);
      steps.push('cleaned up');
    });
    await expect(work).rejects.toThrow('a broken part');
    expect(steps).toEqual(['cleaned up']);
  });
});
