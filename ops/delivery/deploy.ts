/** Delivers, tells how it goes, and takes it back when it is asked to. */
import type { Delivery, DeliveryRequest, RegionDelivery } from '../../functions/contract/delivery.ts';
import { auditItem, deploymentsKey, foldDeployments } from '../../functions/core/deployments.ts';
import { pause } from '../drill/wait.ts';
import { messageOf } from '../errors.ts';
import { tandem } from '../tandem.ts';
import { alarmNews } from '../targets/alarm-news.ts';
import { readControl, writeControl } from './cells.ts';
import type { Deployer } from './deployer.ts';
import { phaseOf } from './deployments.ts';

export interface DeployProps {
  readonly deployer: Deployer;
  readonly request: DeliveryRequest;
  /** Why alarms are ignored. */
  readonly reason: string | undefined;
  readonly progress: (line: string) => void;
  /** Stops the delivery, and waits until its region is rolled back. */
  readonly signal: AbortSignal;
  /** Leaves at once, whatever goes on. */
  readonly leave: AbortSignal;
  /** @default 1,000 */
  readonly everyMs?: number;
}

/** Answers in a row that may fail to come: the delivery itself goes on meanwhile. */
const SILENT_MAX = 60;

/** @returns how it ended; `left`: nobody waited for that */
export const deploy = async (props: DeployProps): Promise<Delivery['state'] | 'left'> => {
  const { deployer, request, progress, signal, leave } = props;
  signal.throwIfAborted();
  if (request.settings?.ignoreAlarms === true) await auditIgnoring(props);
  const begun = await deployer.deliver(request);
  const shown = new Shown(progress, begun.startedAtMs);
  let ended = await follow(props, shown, begun, signal);
  if (ended === undefined && signal.aborted) {
    progress('stopping: the version before takes all calls again; once more Ctrl-C leaves it alone');
    const stopped = deployer.stopDelivery().then(
      () => undefined,
      (error: unknown) => progress(`it could not be stopped: ${messageOf(error)}`),
    );
    const told = Promise.all([follow(props, shown, begun, leave), stopped]);
    [ended] = (await Promise.race([told, aborted(leave)])) ?? [];
    if (ended === undefined) {
      progress(`left alone: ${deployer.leftAlone}; see \`${tandem('deployments')}\``);
      return 'left';
    }
  }
  if (ended === undefined) return 'left';
  for (const line of await conclusion(deployer, ended)) progress(line);
  return ended.state;
};

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** Shows what happens until the delivery has ended. @returns undefined when the signal came first */
const follow = async (
  { deployer, everyMs = 1_000 }: DeployProps,
  shown: Shown,
  begun: Delivery,
  signal: AbortSignal,
): Promise<Delivery | undefined> => {
  let silent = 0;
  while (!signal.aborted) {
    try {
      const [delivery = begun, events] = await Promise.all([deployer.delivery(), deployer.events()]);
      shown.now(delivery);
      shown.alarms(events);
      silent = 0;
      if (delivery.state !== 'running') return delivery;
    } catch (error) {
      silent += 1;
      if (silent > SILENT_MAX) throw error;
    }
    await pause(everyMs, signal);
  }
  return undefined;
};

/** What was told already. */
class Shown {
  readonly #progress: (line: string) => void;
  readonly #sinceMs: number;
  readonly #lines = new Map<string, string>();
  readonly #alarms = new Set<string>();

  constructor(progress: (line: string) => void, sinceMs: number) {
    this.#progress = progress;
    this.#sinceMs = sinceMs;
  }

  now(delivery: Delivery): void {
    for (const each of delivery.regions) {
      const line = lineOf(each);
      if (this.#lines.get(each.region) !== line && each.state !== 'waiting') this.#progress(line);
      this.#lines.set(each.region, line);
    }
  }

  alarms(events: Awaited<ReturnType<Deployer['events']>>): void {
    const isNews = alarmNews();
    for (const event of events) {
      if (event.kind !== 'alarm' || !isNews(event) || event.atMs < this.#sinceMs) continue;
      const key = `${event.region} ${event.alarm} ${event.state} ${event.atMs}`;
      if (!this.#alarms.has(key)) this.#progress(`${event.region}: ${event.detail}`);
      this.#alarms.add(key);
    }
  }
}

const PHASES = {
  waiting: 'waits for its wave',
  deploying: 'CloudFormation works',
  'before-traffic': 'the canary tries it before any caller',
  exposed: 'exposed',
  'after-traffic': 'watched with all calls',
  succeeded: 'done',
  unchanged: 'done: the API is unchanged',
  failed: 'FAILED, and taken back',
  skipped: 'skipped',
  cancelled: 'not begun: the delivery ended before',
} as const satisfies Record<RegionDelivery['state'], string>;

const lineOf = ({ region, state, from, to, percent, detail }: RegionDelivery): string => {
  const version = to === null || to === from ? '' : `version ${to}${from === null ? '' : ` after ${from}`}: `;
  const share = state === 'exposed' || state === 'after-traffic' ? ` (${percent} % of calls)` : '';
  return `${region}: ${version}${PHASES[state]}${share}${detail === '' || state === 'cancelled' ? '' : `: ${detail}`}`;
};

/** Why it ended as it did: what the facts of the failed region say. */
const conclusion = async ({ cells }: Deployer, delivery: Delivery): Promise<readonly string[]> => {
  if (delivery.state === 'succeeded') return ['delivered to every region that was not skipped'];
  const failed = delivery.regions.filter((each) => each.state === 'failed');
  const why = await Promise.all(
    failed.map(async ({ region, deploymentId }) => {
      const told = await readControl(cells, region, deploymentsKey(region)).then(
        (items) => foldDeployments(items).deployments.find((each) => each.id === deploymentId),
        () => undefined,
      );
      return told === undefined ? [] : [`${region}: ${phaseOf(told).phase}: ${phaseOf(told).why}`];
    }),
  );
  return [
    `the delivery has failed: ${delivery.detail || 'no reason was told'}`,
    ...why.flat(),
    `regions that were done before stay at the new version; see \`${tandem('deployments')}\``,
  ];
};

const auditIgnoring = async ({ deployer: { cells }, request, reason }: DeployProps): Promise<void> => {
  const who = await cells.actor();
  for (const region of cells.names.filter((name) => !request.skip?.includes(name)))
    await writeControl(cells, region, (writer) => [
      auditItem({ region, writer, atMs: Date.now() }, { who, what: 'deploys although alarms fire', why: reason ?? '' }),
    ]);
};
