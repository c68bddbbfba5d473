import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../infra/config.ts';
import { type DeliveryDrillProps, runDeliveryDrill } from '../../../ops/drill/delivery.ts';
import { abortDrill } from '../../../ops/drill/repair.ts';
import { reportSchema } from '../../../ops/reports/report.ts';
import { verdictText } from '../../../ops/reports/text.ts';
import { eventually, HANG_MS } from '../../support/eventually.ts';
import { scratch } from './scratch.ts';
import { drillOf, operationsIn, reportFile } from './toy-drill.ts';
import { ToySystem } from './toy-system.ts';

const [FIRST, SECOND] = ['eu-central-1', 'us-east-2'] as const;
const config = parseConfig({
  regions: [{ name: FIRST }, { name: SECOND }],
  auth: 'keys',
  delivery: { exposePercent: 40 },
  objectives: { delivery: { spoiledPercent: 25, spoiledSeconds: 120 } },
});

describe.concurrent('a bad version', () => {
  test.each(['errors', 'wrong-answers', 'crash-on-start'] as const)(
    'with a fault that the trial sees (%s) reaches nobody',
    async (fault) => {
      await using world = await opened();
      const report = await runDeliveryDrill({ ...world.props, fault });
      expect(failedOf(report)).toEqual([]);
      expect(report).toMatchObject({
        drill: 'bad-deploy',
        fault,
        controlPlane: 'simulated',
        region: FIRST,
        measured: { answers: 0, exposure: {}, spoiled: { requests: { dns: 0, client: 0 } }, decision: { by: 'trial' } },
      });
      expect(report.measured.versions.map((each) => each.after.live)).toEqual(['1', '1']);
      expect(reportSchema.parse(JSON.parse(await world.file('report.json')))).toEqual(report);
      expect(verdictText(report)).toMatch(/^bad-deploy of eu-central-1 \(.*\): PASSED\nsimulated control plane/);
      expect(await readdir(world.folder)).toEqual(['reports']);
    },
  );

  test('that nobody is told of fails the drill, whatever else the topic says', async () => {
    await using world = await opened();
    world.system.deliveries.settings = { ...world.system.deliveries.settings, tells: false };
    const report = await runDeliveryDrill({ ...world.props, fault: 'errors' });
    expect(failedOf(report)).toEqual(['notifications']);
  });

  test('that fails for one kind of caller reaches some, and the alarm takes it back', async () => {
    await using world = await opened();
    // Exposed until the alarm fires, however slowly a busy machine's callers come.
    world.system.deliveries.settings = { ...world.system.deliveries.settings, exposePercent: 80, minuteMs: 4 * HANG_MS };
    const report = await runDeliveryDrill({ ...world.props, fault: 'rare', ratePerSecond: 60 });
    expect(failedOf(report)).toEqual([]);
    const { spoiled, decision, exposure, versions } = report.measured;
    expect(decision).toMatchObject({ by: 'alarm', detail: 'alarm ToyErrors is ALARM: 3 errors.' });
    expect(verdictText(report)).toContain(': alarm ToyErrors is ALARM: 3 errors.\n');
    expect(spoiled).toMatchObject({ wrong: 0, slow: 0 });
    expect(spoiled.failed).toBeGreaterThanOrEqual(3);
    expect(spoiled.percent).toBeLessThan(25);
    expect(Object.keys(exposure)).toEqual([FIRST]);
    expect(versions.find((each) => each.region === FIRST)?.answeredDuring).toEqual(['toy+1', 'toy+2']);
    expect(versions.find((each) => each.region === SECOND)?.answeredDuring).toEqual(['toy+1']);
    // Only orders with a note were spoiled.
    const spoiledRecords = (await world.operations()).filter(({ sent }) =>
      sent.some((each) => each.version === 'toy+2' && each.end === 'failed'),
    );
    expect(spoiledRecords.length).toBeGreaterThan(0);
    expect(spoiledRecords.every(({ value }) => value.note !== undefined)).toBe(true);
    expect(await world.file('report.html')).toMatch(/class="span"[\s\S]*an alarm took it back/);
  });

  test.each([
    ['errors', 'failed'],
    ['crash-on-start', 'failed'],
    ['slow', 'slow'],
  ] as const)('that the trial lets through (%s) fails the drill', async (fault, as) => {
    await using world = await opened();
    world.system.deliveries.settings = { ...world.system.deliveries.settings, trialSees: false };
    const report = await runDeliveryDrill({ ...world.props, fault, watchSecondsMax: 12 });
    expect(failedOf(report)).toContain('answers that the bad version spoiled');
    expect(report.passed).toBe(false);
    expect(report.measured.spoiled[as]).toBeGreaterThan(0);
  });

  test('that comes to a second region is stopped there, and fails the drill', async () => {
    await using world = await opened();
    // No errors are counted for what answers wrong, so nothing stops it.
    world.system.deliveries.settings = { ...world.system.deliveries.settings, trialSees: false };
    const report = await runDeliveryDrill({ ...world.props, fault: 'wrong-answers', watchSecondsMax: 12 });
    expect(world.system.deliveries.stopped).toBe(1);
    expect(report.measured.spoiled.wrong).toBeGreaterThan(0);
    expect(failedOf(report)).toEqual(
      expect.arrayContaining([
        'answers that the bad version spoiled',
        'versions that came to other regions',
        'regions taken back to the version before',
        'of them others than before',
      ]),
    );
  });

  test('is taken back when the drill is ended in the middle, and no marker stays', async () => {
    await using world = await opened();
    const ended = new AbortController();
    const drill = runDeliveryDrill({ ...world.props, fault: 'rare', signal: ended.signal });
    const failed = expect(drill).rejects.toThrow('enough');
    await eventually(
      () => world.system.deliveries.current()?.state,
      (seen) => seen === 'running',
    );
    ended.abort(new Error('enough'));
    await failed;
    expect(world.system.deliveries).toMatchObject({ stopped: 1 });
    expect(world.system.deliveries.current()).toMatchObject({ state: 'failed' });
    expect(await readdir(world.folder)).toEqual([]);
  });

  test('does not begin while somebody else delivers, whose delivery is left alone', async () => {
    await using world = await opened();
    world.system.deliveries.settings = { ...world.system.deliveries.settings, minuteMs: 60_000 };
    await world.system.deliver({});
    await expect(runDeliveryDrill({ ...world.props, fault: 'rare' })).rejects.toThrow('a delivery runs already');
    expect(world.system.deliveries.current()).toMatchObject({ state: 'running' });
    expect(world.system.deliveries.stopped).toBe(0);
    expect(await readdir(world.folder)).toEqual([]);
    await world.system.stopDelivery();
  });

  test('of a killed drill lets no other begin, and is taken back by `tandem drill --abort`', async () => {
    await using world = await opened();
    world.system.deliveries.settings = { ...world.system.deliveries.settings, minuteMs: 60_000 };
    await world.system.deliver({ fault: 'rare' });
    const marker = { pid: 2 ** 22 + 1, drill: 'bad-deploy', fault: 'rare', phase: 'fault', startedAt: '2026-01-01T00:00:00Z' };
    await writeFile(join(world.folder, 'drill.json'), JSON.stringify(marker));
    // Every region is healthy, and yet callers get a bad version.
    await expect(runDeliveryDrill(world.props)).rejects.toThrow('tandem drill --abort');
    const { rebuild, restore } = world.system;
    const abort = () => abortDrill({ target: world.system, stateFolder: world.folder, rebuild, restore, progress: () => {} });
    expect(await abort()).toBe('a delivery');
    expect(world.system.deliveries.current()).toMatchObject({ state: 'failed' });
    expect(await abort()).toBeUndefined();
  });
});

describe.concurrent('a good version', () => {
  test('spoils no request, and comes to every region', async () => {
    await using world = await opened();
    const report = await runDeliveryDrill(world.props);
    expect(failedOf(report)).toEqual([]);
    expect(report).toMatchObject({ drill: 'good-deploy', fault: null, measured: { decision: null }, delivery: { state: 'succeeded' } });
    expect(report.measured.versions.map((each) => each.after.live)).toEqual(['2', '2']);
    expect(report.measured.answers).toBeGreaterThan(0);
    // Everything that the real rules answered was right.
    expect((await world.operations()).flatMap((record) => record.sent).filter((sent) => sent.wrong !== null)).toEqual([]);
    expect(await world.file('report.html')).toContain('<svg');
  });
});

const failedOf = ({ verdicts }: Awaited<ReturnType<typeof runDeliveryDrill>>): readonly string[] =>
  verdicts.filter((verdict) => !verdict.passed).map((verdict) => verdict.name);

const opened = async () => {
  const system = await ToySystem.open();
  const files = await scratch();
  const folder = files.path;
  const props: DeliveryDrillProps = {
    ...drillOf(system, folder),
    config,
    exposeMinutes: 1,
    bakeMinutes: 1,
    ratePerSecond: 30,
    callersPerRegion: 5,
    control: system.deliveries.control,
    versions: system.deliveries.versions,
  };
  const close = async (): Promise<void> => {
    await system[Symbol.asyncDispose]();
    await files[Symbol.asyncDispose]();
  };
  const file = (name: string) => reportFile(folder, name);
  return { system, folder, file, operations: () => operationsIn(folder), props, [Symbol.asyncDispose]: close };
};
