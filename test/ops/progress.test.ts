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

/** Runs a program in a terminal of that many columns, and passes on what it shows. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
process, terminal = pty.fork()
if process == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 40, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
`;

describe('progress on a terminal', () => {
  const shown = (columns: number) => {
    const module = new URL('../../ops/progress.ts', import.meta.url).href;
    const program = `
      const { progressFor } = await import('${module}');
      const progress = progressFor();
      const sum = await progress.step('first step', async (say) => { say('one'); say('two'); return 41; });
      await progress.step('second step', async (say) => say('three'));
      await progress.step('third step', () => new Promise((resolve) => setTimeout(resolve, 2_200)));
      progress.line('then ' + (sum + 1));`;
    const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
    const args = ['-c', TERMINAL, String(columns), process.execPath, '--input-type=module', '--eval', program];
    return execFileSync(python, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], TERM: 'xterm' } });
  };

  it('shows every step, what it said and what comes after it', () => {
    expect(shown(120)).toMatch(/first step[\s\S]*one[\s\S]*two[\s\S]*second step[\s\S]*three[\s\S]*then 42/);
  });

  it('has a clock while a step goes on, and no colour', () => {
    const text = shown(120).replaceAll('\u001b', 'ESC');
    expect(text).toMatch(/ESC\[Kthird step: [12] s/);
    expect(text).not.toMatch(/ESC\[[0-9;]*m/);
  });

  it('is plain lines where the terminal has no size', () => {
    expect(shown(0)).toMatch(/^first step \.\.\.\s+one\s+two\s+first step: done/);
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
