import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mendable, UserError } from '../../ops/errors.ts';

describe('an error of the disk', () => {
  it.each([
    ['ENOSPC', 'no space left on device, write', 'the disk is full; make room on it'],
    ['EROFS', "read-only file system, open '/state/drill.json'", 'the disk can only be read; make it writable'],
    ['EACCES', "permission denied, open '/state/drill.json'", 'let this user write there'],
  ])('%s is told with what to do', (code, text, advice) => {
    const found = mendable(systemError(code, text, '/state/drill.json'), 'nothing is left broken; ');
    expect(found).toBeInstanceOf(UserError);
    expect(found).toMatchObject({ message: `${code}: ${text}; nothing is left broken; ${advice}, then run it again` });
  });
});

describe('an error that only looks like one of the disk', () => {
  it('is left as it is', () => {
    const port = systemError('EACCES', 'permission denied 127.0.0.1:80');
    expect(mendable(port)).toBe(port);
    const absent = thrownBy(() => readFileSync('/nonexistent'));
    expect(mendable(absent)).toBe(absent);
    expect(spawnSync('/nonexistent').error).toSatisfy((error: unknown) => mendable(error) === error);
  });
});

const systemError = (code: string, text: string, path?: string): Error =>
  Object.assign(new Error(`${code}: ${text}`), { code, ...(path === undefined ? {} : { path }) });

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
