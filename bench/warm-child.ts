/**
 * The API handler's own work for warm requests: everything but the SDK, which answers at once. Runs apart, so that its log
 * lines go nowhere and no other benchmark's heap is in the way.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshalAll } from '../functions/aws/marshal.ts';
import { median } from './statistics.ts';

const WARM_UP = 3_000;
const REQUESTS = 3_000;

/** Set by the parent. */
const { token, items }: { token: string; items: { pk: string; sk: string; v: number }[] } = JSON.parse(process.env['BENCH'] ?? '{}');
const partitions = new Map(
  Object.entries(Object.groupBy(items, ({ pk }) => pk)).map(([pk, rows]) => [pk, { Items: (rows ?? []).map(marshalAll) }]),
);

const answer = async (command: { readonly input: { readonly ExpressionAttributeValues?: { readonly ':v0'?: { readonly S?: string } } } }) =>
  partitions.get(command.input.ExpressionAttributeValues?.[':v0']?.S ?? '') ?? {};
Object.defineProperty(DynamoDBClient.prototype, 'send', { value: answer });

const { handler } = await import('../functions/api.handler.ts');
const event = (httpMethod: string, resource: string, pathParameters: Record<string, string> | null, body?: object) => ({
  httpMethod,
  resource,
  pathParameters,
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: body === undefined ? null : JSON.stringify(body),
});
const lines = ['tea', 'cup', 'pot'].map((sku) => ({ sku, quantity: 1 }));
const kinds = [
  { name: 'POST /orders', event: event('POST', '/orders', null, { lines }), status: 201 },
  { name: 'GET /orders/{id}', event: event('GET', '/orders/{id}', { id: 'a'.repeat(32) }), status: 200 },
  { name: 'GET /stock/{sku}', event: event('GET', '/stock/{sku}', { sku: 'tea' }), status: 200 },
] as const;

const measured = [];
for (const kind of kinds) {
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + REQUESTS; n += 1) {
    // A new key each time: a new order, not the replay of one.
    const request = { ...kind.event, headers: { ...kind.event.headers, 'idempotency-key': `bench-key-${n}` } };
    const started = performance.now();
    const { statusCode } = await handler(request, { awsRequestId: 'bench' });
    if (n >= WARM_UP) times.push(performance.now() - started);
    if (statusCode !== kind.status) throw new Error(`${kind.name} was answered ${statusCode}`);
  }
  measured.push({ name: kind.name, milliseconds: median(times) });
}
process.send?.(measured);
process.disconnect?.();
