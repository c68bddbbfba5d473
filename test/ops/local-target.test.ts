import { createServer } from 'node:http';
import { ListVersionsByFunctionCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LocalSystem } from '../../local/control/api.ts';
import { ControlClient } from '../../local/control/client.ts';
import { messageOf } from '../../ops/errors.ts';
import { LocalTarget } from '../../ops/targets/local.ts';
import { freePort } from '../support/free-port.ts';

const REGION = 'eu-central-1';

describe('the system on this machine, with an emulator that is gone', () => {
  it('tells what was asked of its functions, of whom and where', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const system = systemAt(endpoint);
    const target = new LocalTarget(await controlOf(system), system);
    onTestFinished(() => target.close());
    const { client, apiFunction } = await target.lambda(REGION);
    const error: unknown = await client
      .send(new ListVersionsByFunctionCommand({ FunctionName: apiFunction }))
      .catch((thrown: unknown) => thrown);
    expect(messageOf(error)).toMatch(`Lambda ListVersionsByFunction of api in ${REGION} at ${endpoint}: after`);
    expect(messageOf(error)).toContain('no answer (connect ECONNREFUSED');
  });
});

const systemAt = (endpoint: string): LocalSystem => ({
  pid: process.pid,
  startedAtMs: 0,
  mode: 'owned',
  domain: 'api.tandem.test',
  dns: { address: '127.0.0.1', port: 1 },
  notes: [],
  edgePort: 1,
  routes: [],
  regions: [
    {
      name: REGION,
      state: 'serving',
      dnsAddress: '127.0.0.1',
      address: '127.0.0.1',
      port: 1,
      tlsPort: 1,
      regionalName: `${REGION}.api.tandem.test`,
      endpoint,
      accessKeyId: `local-${REGION}`,
      secretAccessKey: 'secret',
      processGroup: null,
      edge: { kind: 'none' },
      functions: { api: 'api' },
      topicArn: '',
      alarms: [],
    },
  ],
  links: [],
});

const controlOf = async (system: LocalSystem): Promise<ControlClient> => {
  const server = createServer((_, response) => response.end(JSON.stringify(system)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return new ControlClient({ pid: process.pid, controlUrl: `http://127.0.0.1:${port}`, token: 'none' });
};
