import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { loopbackRequest } from '../../local/loopback-request.ts';
import { messageOf } from '../../ops/errors.ts';
import { failureOf } from '../support/failure-of.ts';
import { startHttpServer } from '../support/http-server.ts';

test.each<[string, RequestListener]>([
  ['accepts and says nothing', () => {}],
  ['stops in the middle of its answer', (_, response) => response.writeHead(200).write('{')],
])('a server that %s is named with what was asked and how long it took, and nothing of its query', async (_what, listener) => {
  const { url, stop } = await startHttpServer(listener);
  await using _stop = { [Symbol.asyncDispose]: stop };

  const late = await failureOf(loopbackRequest(`${url}/health?secret=1`, { method: 'POST', withinMs: 50 }));

  expect(messageOf(late)).toBe(`no answer to POST ${url}/health within 0.05 s`);
});

test('a caller that gives up is not told that the server was late', async () => {
  const { url, stop } = await startHttpServer(() => {});
  await using _stop = { [Symbol.asyncDispose]: stop };

  const ended = await failureOf(loopbackRequest(url, { withinMs: 60_000, signal: AbortSignal.abort(new Error('ended by its caller')) }));

  expect(messageOf(ended)).toBe('ended by its caller');
});
