/** A DynamoDB endpoint on loopback that answers at once: what is left is the function's and the SDK's own time. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { marshalAll } from '../functions/aws/marshal.ts';
import type { Item } from '../functions/core/store.ts';
import { jsonOf, jsonReply, Refusal, startGuardedServer } from '../local/guarded-server.ts';
import { SHARED_ADDRESS } from '../local/network.ts';

const BODY_BYTES_MAX = 1_048_576;
const requestSchema = z.looseObject({
  ExpressionAttributeValues: z.record(z.string(), z.looseObject({ S: z.string().optional() })).optional(),
});

export interface StubTable {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Answers `GetItem` with nothing, and `Query` with the items of the partition it asks for. */
export const startStubTable = async (items: readonly Item[]): Promise<StubTable> => {
  const server = await startGuardedServer({
    address: SHARED_ADDRESS,
    secret: randomBytes(24).toString('base64url'),
    bodyBytesMax: BODY_BYTES_MAX,
    answer: ({ body }) => {
      const { ExpressionAttributeValues: values } = requestSchema.parse(jsonOf(body));
      const found = items.filter((item) => values?.[':v0']?.S === item.pk && item.sk.startsWith(values[':v1']?.S ?? ''));
      return jsonReply(200, values ? { Items: found.map(marshalAll) } : {}, 'application/x-amz-json-1.0');
    },
    failed: (error) => jsonReply(error instanceof Refusal ? error.status : 400, { message: String(error) }),
  });
  return { endpoint: server.url, close: () => server.close() };
};
