import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { foldOrder } from '../../functions/core/order-fold.ts';
import { previousTag, Workshop } from './releases.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

describe('the release before', () => {
  const root = mkdtempSync(join(tmpdir(), 'tandem-history-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: root, stdio: 'ignore' });
  const commit = (text: string) => {
    writeFileSync(join(root, 'README.md'), text);
    git('add', '.');
    git('commit', '-m', text);
  };

  it('is the newest tag of a release in the history, and not the one that is checked out', async () => {
    // given a folder without a history, and then with one
    expect(previousTag(root)).toBeUndefined();
    git('init', '--initial-branch=main');
    cpSync(join(REPOSITORY, 'functions'), join(root, 'functions'), { recursive: true });
    commit('first');
    expect(previousTag(root)).toBeUndefined();
    git('tag', 'v0.9.0');
    expect(previousTag(root)).toBeUndefined();
    // when it goes on
    commit('second');
    expect(previousTag(root)).toBe('v0.9.0');
    git('tag', 'v0.10.0');
    git('tag', 'v0.11.0-rc.1');
    git('tag', 'very-new');
    git('checkout', '-b', 'elsewhere');
    commit('elsewhere');
    git('tag', 'v7.0.0');
    git('checkout', 'main');
    commit('third');
    // then the newest by number counts, of those that led here
    expect(previousTag(root)).toBe('v0.10.0');
    // and it is built from what was tagged
    rmSync(join(root, 'functions'), { recursive: true });
    using workshop = new Workshop(root);
    const { name, rules } = await workshop.build('v0.10.0');
    expect([name, rules.foldOrder([]), rules.foldOrder]).toEqual([
      'v0.10.0',
      undefined,
      expect.not.toSatisfy((fold) => fold === foldOrder),
    ]);
  });
});
