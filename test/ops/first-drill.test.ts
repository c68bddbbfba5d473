import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { firstDrill } from '../../ops/commands/start.ts';
import { UserError } from '../../ops/errors.ts';

const cannot = () => Promise.reject(new UserError('not every region serves: us-east-2 is silent'));
const running = () => new AbortController().signal;

describe('the first drill of a start that cannot begin', () => {
  it('leaves the system up, says why, and how to try again', async () => {
    const said: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    onTestFinished(() => write.mockRestore());
    expect(await firstDrill(cannot, { how: 'kill', exit: false, signal: running() })).toBe(1);
    expect(said.join('')).toMatch(
      /no verdict: not every region serves: us-east-2 is silent\n.*stays up.*`\S*bin\/tandem drill region-loss --how kill`/s,
    );
  });

  it('ends a start that ends after it, with the reason', async () => {
    await expect(firstDrill(cannot, { how: 'kill', exit: true, signal: running() })).rejects.toThrow('us-east-2 is silent');
  });

  it('ends with a start that the user ends', async () => {
    await expect(firstDrill(cannot, { how: 'kill', exit: false, signal: AbortSignal.abort() })).rejects.toThrow(UserError);
  });

  it('is told by its exit code when it has a verdict', async () => {
    expect(await firstDrill(async () => 0, { how: 'kill', exit: false, signal: running() })).toBe(0);
  });
});
