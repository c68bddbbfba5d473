import { describe, expect, test } from 'vitest';
import { DeliveryRecord } from '../../../local/delivery/record.ts';
import type { NewEvent } from '../../../local/events.ts';

const [A, B, C] = ['eu-west-1', 'us-east-2', 'ap-south-1'] as const;

describe('what is known of a delivery', () => {
  test('begins with regions that wait, in the order of the waves once that is known', () => {
    const { record } = begin();

    record.reorder([B, C, A]);

    expect(record.delivery.regions.map(({ region, state }) => `${region} ${state}`)).toEqual([
      `${B} waiting`,
      `${C} waiting`,
      `${A} waiting`,
    ]);
    expect(record.delivery).toMatchObject({ state: 'running', endedAtMs: null });
  });

  test('keeps what a region had, and tells each step', () => {
    const { record, told } = begin();

    record.update(A, { state: 'deploying', deploymentId: 'd-TEST00001', detail: 'one' });
    record.update(A, { from: '1', to: '2' });
    record.update(A, { state: 'exposed', percent: 5, detail: 'two' });
    record.update(A, { state: 'succeeded', detail: 'three' });

    expect(record.delivery.regions[0]).toMatchObject({ state: 'succeeded', deploymentId: 'd-TEST00001', from: '1', to: '2', percent: 100 });
    expect(told.map((event) => (event.kind === 'delivery' ? `${event.state} ${event.to} ${event.percent}` : ''))).toEqual([
      'deploying null 0',
      'deploying 2 0',
      'exposed 2 5',
      'succeeded 2 100',
    ]);
  });

  test('cancels what waits when it fails, and such a region never began', () => {
    const { record } = begin();
    record.update(A, { state: 'deploying' });
    record.update(A, { state: 'failed', detail: 'why' });
    record.update(B, { state: 'skipped' });

    record.end('failed', 'A failed');

    const [a, b, c] = record.delivery.regions;
    expect(a).toMatchObject({ state: 'failed', startedAtMs: expect.any(Number), endedAtMs: expect.any(Number), percent: 0 });
    expect(b).toMatchObject({ state: 'skipped', startedAtMs: null });
    expect(c).toMatchObject({ state: 'cancelled', detail: 'A failed', startedAtMs: null });
    expect(record.delivery).toMatchObject({ state: 'failed', detail: 'A failed', endedAtMs: expect.any(Number) });
  });
});

const begin = () => {
  const told: NewEvent[] = [];
  const record = new DeliveryRecord('delivery-1', [A, B, C], { add: (event) => told.push(event) });
  return { record, told };
};
