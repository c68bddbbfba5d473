/**
 * All of a region in one process group: its emulator with its tables, its API function, and the replication of its writes.
 * Whatever is under way from it is lost with it: nothing of it is in another process.
 */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { dynamoClient } from '../functions/aws/clients.ts';
import { TABLES } from '../functions/contract/names.ts';
import { jsonOf, jsonReply, Refusal, startGuardedServer } from '../local/guarded-server.ts';
import { SHARED_ADDRESS } from '../local/network.ts';
import { spawnEmulator, untilEmulatorAnswers } from '../local/region/emulator.ts';
import { Replication } from '../local/replication/links.ts';
import { createTables } from './tables.ts';

/** An event that holds a record at its largest. */
const BODY_BYTES_MAX = 1_048_576;

const place = z.object({ region: z.string(), endpoint: z.url(), accessKeyId: z.string() });
export const childSettings = z.object({
  python: z.string(),
  folder: z.string(),
  /** Of the API's handler. */
  bundle: z.string(),
  own: place,
  survivor: place,
});

const { python, folder, bundle, own, survivor } = childSettings.parse(JSON.parse(process.argv[2] ?? ''));

const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'] ?? '';
spawnEmulator({ region: own.region, python, port: Number(new URL(own.endpoint).port), folder, secretAccessKey, environment: {} });
await untilEmulatorAnswers(own.endpoint, secretAccessKey);
const client = dynamoClient();
await createTables(client);
client.destroy();

const replication = new Replication({
  regions: [own, survivor].map(({ region, ...address }) => ({ name: region, secretAccessKey, ...address })),
  tables: Object.values(TABLES),
  onEvent: () => undefined,
});
await replication.start();

const { handler } = await import(bundle);
const { url } = await startGuardedServer({
  address: SHARED_ADDRESS,
  secret: randomBytes(24).toString('base64url'),
  bodyBytesMax: BODY_BYTES_MAX,
  answer: async ({ body }) => jsonReply(200, await handler(jsonOf(body), { awsRequestId: 'invocation' })),
  failed: (error) => jsonReply(error instanceof Refusal ? error.status : 500, { error: String(error) }),
});
process.stdout.write(`${JSON.stringify({ url })}\n`);
