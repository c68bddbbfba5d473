/** Whoever is paged finds what to do: every alarm of the templates has its heading, and every heading an alarm. */
import { afterAll, describe, expect, test } from 'vitest';
import { STACKS } from '../../functions/contract/names.ts';
import { alarmsOf } from '../infra/lookup.ts';
import { configOf, DOMAIN, dig, REGIONS, synthesize } from '../infra/system.ts';
import { pageAt } from './pages.ts';

const KEYS = Object.fromEntries(REGIONS.slice(0, 2).map((region) => [region, `arn:aws:kms:${region}:123456789012:key/1`]));
/** Everything that makes an alarm. */
const full = synthesize(
  configOf(2, { domain: DOMAIN, encryptionKeys: KEYS, backup: { copyTo: { account: '111122223333', vault: 'copies' } } }),
);
const open = synthesize(configOf(2));
afterAll(() => {
  full.remove();
  open.remove();
});
const [HERE, THERE] = REGIONS;

/** Names as the page writes them, each with its urgency. */
const alarmsIn = (system: typeof full): ReadonlyMap<string, string> =>
  new Map(
    system.templates
      .filter(({ stack }) => stack === STACKS.cell(HERE) || stack === STACKS.global)
      .flatMap((template) => [...alarmsOf(template)])
      .map(([name, { Properties }]) => [
        name.replace(THERE, name.startsWith('OutOfService') ? 'REGION' : 'PEER').replace(HERE, 'REGION'),
        /^\w+/.exec(String(dig(Properties, 'AlarmDescription')))?.[0] ?? '',
      ]),
  );

const BACKUP_PAGE = 'backup.md';
const rows = [...pageAt('docs/alarms.md').text.matchAll(/^\| \[(\S+)\]\((\S*)#(\S+)\) \| (.+?) \| (.+?) \|$/gm)].map(
  ({ 1: name = '', 2: page = '', 3: anchor = '', 4: urgency = '', 5: exists = '' }) => ({ name, page, anchor, urgency, exists }),
);
const headingsOf = (path: string, after: string): readonly string[] =>
  [...(pageAt(path).text.split(after)[1] ?? '').matchAll(/^### (\S+)$/gm)].map(({ 1: name = '' }) => name);

describe('docs/alarms.md', () => {
  const alarms = alarmsIn(full);

  test('lists every alarm of the templates, and no other', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...alarms.keys()].toSorted());
    expect(alarms.size).toBeGreaterThan(25);
  });

  test('has a heading for each, or leads to the one of the page on backups', () => {
    const own = headingsOf('docs/alarms.md', '## Which alarm');
    const ofBackups = headingsOf('docs/backup.md', '## Alarms');
    expect([...own, ...ofBackups].toSorted()).toEqual([...alarms.keys()].toSorted());
    for (const { name, page, anchor } of rows) {
      expect(page, name).toBe(ofBackups.includes(name) ? BACKUP_PAGE : '');
      expect(anchor, name).toBe(name.toLowerCase());
    }
  });

  test('says how urgent each is, as the alarm says it', () => {
    const bare = alarmsIn(open);
    for (const { name, urgency } of rows) {
      const [always, without] = [alarms.get(name), bare.get(name)];
      expect(urgency, name).toBe(without === undefined || without === always ? always : `${always}; without a domain ${without}`);
    }
  });

  test('says which exist only with what', () => {
    const bare = alarmsIn(open);
    for (const { name, exists } of rows) {
      if (bare.has(name)) expect(exists, name).toMatch(/^(always|with `backup.restoreTest`)$/);
      else expect(exists, name).toMatch(/^with `(domain|backup.copyTo)`$/);
    }
  });

  test('is named by every alarm, and so by every mail about it', () => {
    for (const template of full.templates)
      for (const [name, { Properties }] of alarmsOf(template))
        expect(dig(Properties, 'AlarmDescription'), name).toMatch(/\. What to do: docs\/alarms\.md\.$/);
  });

  test('names the dashboards that there are', () => {
    const names = full.templates.flatMap((template) =>
      template.ofType('AWS::CloudWatch::Dashboard').map(({ Properties }) => String(dig(Properties, 'DashboardName'))),
    );
    expect(names.toSorted()).toEqual([...REGIONS.slice(0, 2).map(STACKS.cell), STACKS.global].toSorted());
    for (const name of names) expect(pageAt('docs/alarms.md').text).toContain(`\`${name.replace(/Cell-.*/, 'Cell-REGION')}\``);
  });
});
