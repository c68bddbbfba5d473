/**
 * One region's emulator, as the alarms need it: logs to read, alarm states to see and to set, events to put. Every call is
 * bounded in time and made once; whoever calls decides about trying again.
 */
import { CloudWatchClient, paginateDescribeAlarms, ResourceNotFound, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { AlarmState } from '../../functions/contract/delivery.ts';
import { clientOptions } from '../emulator-access.ts';
import { ALARM_STATES } from './alarm.ts';
import type { AlarmTurn } from './board.ts';
import type { Verdict } from './evaluate.ts';
import type { LogPage } from './log-tail.ts';

const LIMITS = { attemptsMax: 1, connectMs: 1_000, requestMs: 3_000 } as const;
/** The emulator's most, for one call. */
const EVENTS_MAX = 10_000;

export interface EmulatorSettings {
  readonly region: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Of clients that ask again and again: what a frozen region does not answer is asked at the next turn. */
const clientSettings = ({ region, ...emulator }: EmulatorSettings) => clientOptions({ ...emulator, name: region }, LIMITS);

/** The region's emulator gave no usable answer: refused, hung, or ended the connection. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export class Emulator {
  readonly #alarms: CloudWatchClient;
  readonly #logs: CloudWatchLogsClient;
  readonly #events: EventBridgeClient;
  readonly #region: string;

  constructor(settings: EmulatorSettings) {
    const shared = clientSettings(settings);
    this.#alarms = new CloudWatchClient(shared);
    this.#logs = new CloudWatchLogsClient(shared);
    this.#events = new EventBridgeClient(shared);
    this.#region = settings.region;
  }

  destroy(): void {
    for (const client of [this.#alarms, this.#logs, this.#events]) client.destroy();
  }

  /** By name. @throws {Unreachable} */
  async alarmStates(signal: AbortSignal): Promise<ReadonlyMap<string, AlarmState>> {
    return this.#reach(async () => {
      const states = new Map<string, AlarmState>();
      const types: ('MetricAlarm' | 'CompositeAlarm')[] = ['MetricAlarm', 'CompositeAlarm'];
      for await (const page of paginateDescribeAlarms({ client: this.#alarms }, { AlarmTypes: types }, { abortSignal: signal })) {
        for (const { AlarmName, StateValue } of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) {
          const state = ALARM_STATES.find((each) => each === StateValue);
          if (AlarmName !== undefined && state !== undefined) states.set(AlarmName, state);
        }
      }
      return states;
    });
  }

  /** The emulator then runs the alarm's actions. Nothing happens to an alarm that is not there. @throws {Unreachable} */
  async setAlarmState(name: string, { state, reason }: Verdict, signal: AbortSignal): Promise<void> {
    await this.#reach(async () => {
      try {
        await this.#alarms.send(
          new SetAlarmStateCommand({ AlarmName: name, StateValue: state, StateReason: reason.slice(0, REASON_MAX) }),
          {
            abortSignal: signal,
          },
        );
      } catch (error) {
        if (!(error instanceof ResourceNotFound)) throw error;
      }
    });
  }

  /** A log group that does not exist yet is empty. @throws {Unreachable} */
  async readLog(logGroup: string, fromMs: number, signal: AbortSignal): Promise<LogPage> {
    return this.#reach(async () => {
      try {
        const request = new FilterLogEventsCommand({ logGroupName: logGroup, startTime: Math.floor(fromMs), limit: EVENTS_MAX });
        const { events = [], nextToken } = await this.#logs.send(request, { abortSignal: signal });
        return {
          events: events.map(({ logStreamName = '', timestamp = 0, message = '' }) => ({
            stream: logStreamName,
            atMs: timestamp,
            message,
          })),
          // MiniStack cuts a page off and says nothing.
          truncated: nextToken !== undefined || events.length >= EVENTS_MAX,
        };
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return { events: [], truncated: false };
        throw error;
      }
    });
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html @throws {Unreachable} */
  async putAlarmEvent({ name, from, to, reason, atMs }: AlarmTurn, signal: AbortSignal): Promise<void> {
    const timestamp = new Date(atMs).toISOString();
    const entry = {
      // Nobody may put events of `aws.` sources; the rules of the region's copy listen to this one.
      Source: 'local.aws.cloudwatch',
      DetailType: 'CloudWatch Alarm State Change',
      Time: new Date(atMs),
      Resources: [`arn:aws:cloudwatch:${this.#region}:000000000000:alarm:${name}`],
      Detail: JSON.stringify({ alarmName: name, state: { value: to, reason, timestamp }, previousState: { value: from } }),
    };
    await this.#reach(() => this.#events.send(new PutEventsCommand({ Entries: [entry] }), { abortSignal: signal }));
  }

  async #reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new Unreachable(`${this.#region} gives no usable answer: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

/** AWS's limit for a state's reason. */
const REASON_MAX = 1_023;
