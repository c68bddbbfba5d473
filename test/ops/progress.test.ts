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
