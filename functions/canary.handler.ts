/** A region's canary. Invoked by the clock each minute: beats, watches, ends bakes; what fails does not keep the rest from its turn. */
import { readAlarms } from './aws/alarms.ts';
import { canaryToken, patientClock, traveller } from './aws/canary-runtime.ts';
import { readDelivery } from './aws/delivery-environment.ts';
import { answerHook, codeDeployClient } from './aws/deployment-hook.ts';
import { withHttps } from './aws/https-transport.ts';
import { embedded, errorFields, log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { tendBakes } from './canary/bakes.ts';
import { openRecords } from './canary/records.ts';
import { journeyKey, minuteOf } from './canary/replica-age.ts';
import { isOwn, type WatchTarget } from './canary/targets.ts';
import { look, type Measurement, measurementsOf, type Watched, type WatchProps, watch } from './canary/watch.ts';
import { DIMENSIONS, METRICS } from './contract/names.ts';
import type { WorldView } from './core/operations.ts';

const { environment, control, monitor, clock } = startRuntime(process.env);
const { keyArn, apiUrl, bakeAlarms, ignoreAlarms } = readDelivery(process.env, (from) => ({
  keyArn: from.text('canaryKey'),
  apiUrl: from.url('apiUrl'),
  bakeAlarms: from.list('bakeAlarms'),
  ignoreAlarms: from.flag('ignoreAlarms'),
}));
const { region, regions, domain } = environment;
const token = canaryToken(keyArn, region);
const codeDeploy = codeDeployClient();

export const handler = async (): Promise<void> => {
  const failures: unknown[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error: unknown) {
      log('ERROR', what, errorFields(error));
      failures.push(error);
      return undefined;
    }
  };
  const { world, trouble } = await beat();
  if (trouble !== undefined) await attempt('no heartbeat', () => Promise.reject(new Error(trouble)));
  const minute = await attempt('no watch', watchAll);
  await attempt('no bake was tended', () => tend(world, minute));
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of the canary's tasks failed`);
};

/** This region's heartbeat, and how old the others' look from here. */
const beat = async (): Promise<{ readonly world: WorldView; readonly trouble: string | undefined }> => {
  const { health, world, atMs } = await monitor.check();
  for (const peer of regions.filter((each) => each !== region)) {
    const seen = world.beats.find((each) => each.region === peer);
    if (seen) tell('heartbeat', heartbeatAge(peer, Math.max(0, atMs - seen.atMs) / 1_000));
  }
  return { world, trouble: health.reasons.find((reason) => reason.code === 'table')?.detail };
};

interface Minute {
  readonly props: WatchProps;
  readonly watched: Watched;
}

const watchAll = async (): Promise<Minute> => {
  const props: WatchProps = {
    region,
    regions,
    domain,
    apiUrl,
    connect: (target: WatchTarget, work) => withHttps(target, work),
    clock: patientClock,
    traveller: await traveller(environment, token).catch((error: unknown) => {
      // Without a token nothing can be told of any target.
      for (const each of measurementsOf(BLIND)) tell('canary', each);
      throw error;
    }),
  };
  const watched = await watch(props);
  for (const { target, outcome } of watched.seen)
    if (!outcome.ok) log('WARN', 'journey failed', { target: target.name, via: target.via ?? target.url, ...outcome.failure });
  for (const each of measurementsOf(watched)) tell('canary', each);
  return { props, watched };
};

const BLIND: Watched = { seen: [], blind: true, ages: [] };

const tend = async (world: WorldView, minute: Minute | undefined): Promise<void> => {
  const nowMs = clock.now();
  await tendBakes({
    region,
    records: await openRecords({ control, region, clock }),
    nowMs,
    watched: minute?.watched ?? BLIND,
    world,
    again: async () => {
      const own = minute?.watched.seen.find(({ target }) => isOwn(target, region))?.target;
      if (!minute || !own) return undefined;
      const key = `${journeyKey({ watcher: region, target: own.name, minute: minuteOf(nowMs) })}.again.${nowMs}`;
      return (await look(minute.props, own, key)).journey;
    },
    alarms: () => readAlarms(bakeAlarms),
    ignoreAlarms,
    tell: (hook, outcome) => answerHook(codeDeploy, hook, outcome),
  });
};

const heartbeatAge = (peer: string, seconds: number): Measurement => ({
  metrics: [{ name: METRICS.heartbeatAge, unit: 'Seconds', value: seconds }],
  dimensions: { [DIMENSIONS.peer]: peer },
  sets: [[DIMENSIONS.peer]],
});

const tell = (message: string, measured: Measurement): void => log('INFO', message, embedded(measured, clock.now()));
