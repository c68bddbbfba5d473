import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { Alarms } from '../canary/bake.ts';
import type { AlarmState } from '../contract/delivery.ts';
import { clientLimits } from './client-limits.ts';

const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const satisfies readonly AlarmState[];

/** States of alarms by name, composite ones too. An alarm that is not there is told, not taken for a quiet one. */
export const readAlarms = async (names: readonly string[]): Promise<Alarms> => {
  if (names.length === 0) return { kind: 'read', states: [] };
  const client = new CloudWatchClient(clientLimits());
  try {
    const command = new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
    const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(command);
    const found = new Map([...MetricAlarms, ...CompositeAlarms].map(({ AlarmName, StateValue }) => [AlarmName, StateValue]));
    const states = names.flatMap((name) => {
      const state = STATES.find((each) => each === found.get(name));
      return state === undefined ? [] : [{ name, state }];
    });
    const missing = names.filter((name) => !states.some((each) => each.name === name));
    return missing.length === 0 ? { kind: 'read', states } : { kind: 'unknown', detail: `there is no alarm ${missing.join(', ')}` };
  } catch (error: unknown) {
    return { kind: 'unknown', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    client.destroy();
  }
};
