import { DescribeContinuousBackupsCommand, DescribeTimeToLiveCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { Client, type Dispatcher, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ControlError } from '../../local/control/client.ts';
import { networkHere } from '../../local/network.ts';
import { startSystem } from '../../local/system.ts';
import { eventually } from '../support/eventually.ts';
import { EU, freePorts, quietly, startTestSystem, type TestSystem, US } from './local-system.ts';
import { askUdp, opt, parse, query, subnet } from './route53/dns-client.ts';

/** Checks turn within seconds on an idle machine. */
const CHECKS_MS_MAX = 180_000;

describe('the local system of two regions', () => {
  let system: TestSystem;
  let token: string;

  beforeAll(async () => {
    system = await startTestSystem();
    token = await system.token();
  });

  afterAll(() => system?.stop());

  it('takes an order in one region and shows it in the other, found by DNS under the shared name', async () => {
    // given stock that one region holds
    const received = await system.send(EU, `/stock/lamp/regions/${EU}/receipts`, { body: { quantity: 5 }, token });
    expect(received, JSON.stringify(received)).toMatchObject({ status: 201, headers: { 'tandem-region': EU } });
    // when an order is placed there
    const placed = await eventually(
      () => system.send(EU, '/orders', { body: { lines: [{ sku: 'lamp', quantity: 2 }] }, token }),
      ({ status }) => status === 201,
    );
    // then a caller near the other region finds its front door by DNS, and reads the order there
    const { dns, domain, regions } = await system.control.system();
    const other = regions.find(({ name }) => name === US)?.dnsAddress;
    await eventually(
      async () => {
        const { packet } = parse(await askUdp(dns.port, query(domain, { additionals: [opt({ subnet: subnet(2) })] })));
        return packet.answers?.flatMap((record) => (record.type === 'A' ? [record.data] : []));
      },
      // Another test may have lost the region a moment ago.
      (addresses) => addresses?.length === 1 && addresses[0] === other,
      CHECKS_MS_MAX,
    );
    const read = await eventually(
      () => system.send(US, `/orders/${placed.body['id']}`, { token, host: domain }),
      ({ status }) => status === 200,
    );
    expect(read).toMatchObject({ headers: { 'tandem-region': US }, body: { id: placed.body['id'], state: 'placed', placedBy: EU } });
  });

  it("lets the functions of a region look into the other's table, and does without it while that is frozen", async () => {
    const replicated = { 'tandem-durability': 'replicated' };
    const receive = (quantity: number) =>
      system.send(EU, `/stock/pen/regions/${EU}/receipts`, { body: { quantity }, token, headers: replicated });
    // given a region whose functions answer, when the other one is there
    const held = await eventually(
      () => receive(1),
      ({ status }) => status === 201,
    );
    // then what is told of a write holds there, also for a caller who moves there
    expect(held.headers['tandem-durability']).toBe('replicated');
    const moved = { 'tandem-token': String(held.headers['tandem-token']), ...replicated };
    // The receipt is there; what stock rests on, its booking and the row, may come a moment later.
    const read = await eventually(
      () => system.send(US, '/stock/pen', { token, headers: moved }),
      ({ headers }) => headers['tandem-stale'] === undefined,
    );
    expect([read.headers['tandem-stale'], read.headers['tandem-durability']]).toEqual([undefined, 'replicated']);
    // when it hangs
    await system.control.freeze(US);
    try {
      const alone = await receive(2);
      expect([alone.status, alone.headers['tandem-durability']]).toEqual([202, 'local']);
    } finally {
      await system.control.thaw(US);
    }
    // then the write was done all the same, and is told to have arrived when it is asked for again
    await eventually(
      () => receive(2),
      ({ status, headers }) => status === 201 && headers['tandem-durability'] === 'replicated',
    );
  });

  it('takes what callers send as it is: bytes, paths, repeated headers; and answers by the names that callers on AWS see', async () => {
    const region = (await system.control.system()).regions.find(({ name }) => name === EU);
    // One that sends paths as they are.
    const client = new Client(`http://${region?.address}:${region?.port}`);
    onTestFinished(() => client.destroy());
    const good = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'key-of-bytes' };
    const send = async (method: Dispatcher.HttpMethod, path: string, given: Readonly<Record<string, string | string[]>>, body?: Buffer) => {
      const headers = { host: region?.regionalName ?? '', ...given };
      const answer = await client.request({ method, path, headers, body: body ?? null });
      await answer.body.dump();
      return { status: answer.statusCode, told: answer.headers };
    };
    const receive = (bytes: readonly number[], more = {}) =>
      send('POST', `/stock/bytes/regions/${EU}/receipts`, { ...good, ...more }, Buffer.from([...Buffer.from('{"quantity":1'), ...bytes]));
    const spoilt = [...Buffer.from(',"x":"'), 0xe9, ...Buffer.from('"}')];
    expect((await receive(spoilt)).status).toBe(400);
    expect(await receive([0x7d], { 'content-encoding': 'gzip' })).toMatchObject({ status: 415, told: { 'accept-encoding': 'identity' } });
    expect((await receive([0x7d])).status).toBe(201);
    for (const authorization of [
      [good.authorization, 'Bearer a.b.c'],
      ['Bearer a.b.c', good.authorization],
    ])
      expect((await send('GET', '/orders', { authorization })).status).toBe(400);
    const paths = {
      '/stock/byte%73': 200,
      '/stock/byte%2573': 400,
      '/stock/..': 400,
      '/stock/%2e': 400,
      '/stock/a%2Fb': 400,
      '/stock//x': 404,
    };
    for (const [path, status] of Object.entries(paths)) expect([path, (await send('GET', path, good)).status]).toEqual([path, status]);
    expect(await send('HEAD', '/stock/bytes', good)).toMatchObject({ status: 200, told: { 'content-type': 'application/json' } });
    expect(await send('OPTIONS', '/orders', { origin: 'https://app.example.com' })).toMatchObject({
      status: 405,
      told: { allow: 'POST, GET, HEAD' },
    });
    expect((await send('GET', '/orders', {})).told).toMatchObject({ 'x-amzn-remapped-www-authenticate': 'Bearer realm="tandem"' });
  });

  it('has the stream of a region bring it the work that other regions recorded for it', async () => {
    const received = await system.send(EU, `/stock/mat/regions/${US}/receipts`, { body: { quantity: 3 }, token });
    expect(received, JSON.stringify(received)).toMatchObject({ status: 201 });
    const stock = await eventually(
      () => system.send(US, '/stock/mat', { token }),
      ({ body }) => body['received'] === 3,
    );
    expect(stock.body).toMatchObject({ regions: expect.arrayContaining([expect.objectContaining({ region: US, available: 3 })]) });
  });

  it('gives the tables what the emulator drops from the template', async () => {
    for (const name of [EU, US]) {
      const client = await system.dynamo(name);
      for (const TableName of ['tandem-data', 'tandem-control']) {
        const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
        expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
        const { ContinuousBackupsDescription } = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
        expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('ENABLED');
      }
    }
  });

  it('refuses callers under a name that is not its own, as API Gateway does', async () => {
    expect(await system.send(EU, '/health', { host: 'www.example.org' })).toMatchObject({ status: 403, body: { message: 'Forbidden' } });
    expect(await system.send(EU, '/health', { host: `${US}.api.tandem.test` })).toMatchObject({ status: 403 });
  });

  it('says what it replaced, and by what', () => {
    expect(system.running.replaced).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'AWS::Route53::RecordSet', suppliedBy: expect.stringContaining('local/route53') }),
      ]),
    );
  });

  it('brings a lost region back empty, fenced and cut off, until it is admitted', async () => {
    // when its process group is killed
    await system.control.lose(US);
    await expect(system.send(US, '/health')).rejects.toThrow('ECONNREFUSED');
    await expect(system.control.freeze(US)).rejects.toMatchObject({ status: 409 });
    // then it comes back with the fence in its control table, and nothing else
    const fence = { pk: 'TEST#fence', sk: 'A', v: 1, list: ['x'] };
    const back = await system.control.restart(US, [fence]);
    expect(back.regions.find(({ name }) => name === US)?.state).toBe('rebuilding');
    expect(back.links.map(({ cut }) => cut)).toEqual([true, true]);
    const client = await system.dynamo(US);
    const key = { pk: { S: 'TEST#fence' }, sk: { S: 'A' } };
    expect((await client.send(new GetItemCommand({ TableName: 'tandem-control', Key: key }))).Item).toMatchObject({
      list: { L: [{ S: 'x' }] },
    });
    // and its links, started anew, bring what the survivor has
    await system.control.setLink({ from: EU, to: US, cut: false });
    await system.control.setLink({ from: US, to: EU, cut: false });
    await system.control.admit(US);
    const known = await eventually(
      () => system.send(US, '/orders', { token }),
      ({ status }) => status === 200,
    );
    expect(known.headers['tandem-region']).toBe(US);
    const states = (await system.control.events(0)).flatMap((event) =>
      event.kind === 'region' && event.region === US ? [event.state] : [],
    );
    expect(states.slice(-3)).toEqual(['lost', 'rebuilding', 'serving']);
  });

  it('hangs the callers of a frozen region, and answers them when it goes on', async () => {
    await system.control.freeze(US);
    await expect(system.send(US, '/health', { timeoutMs: 500 })).rejects.toThrow(/timeout/i);
    await expect(system.control.setEdge(US, { kind: 'refuse' })).rejects.toMatchObject({ status: 409 });
    await system.control.repair();
    expect(await system.send(US, '/switch/eu-central-1')).toMatchObject({ status: 200 });
  });

  it('plays front door faults and ends them all at once', async () => {
    await system.control.setEdge(US, { kind: 'error', status: 503 });
    expect(await system.send(US, '/health')).toMatchObject({ status: 503 });
    await system.control.setLink({ from: EU, to: US, paused: true, delayMs: 10 });
    const repaired = await system.control.repair();
    expect(repaired.regions.map(({ edge }) => edge.kind)).toEqual(['none', 'none']);
    expect(repaired.links.every(({ paused }) => !paused)).toBe(true);
    expect(await system.send(US, '/switch/eu-central-1')).toMatchObject({ status: 200 });
  });

  it('obeys only who knows the token, and says what is wrong with a request', async () => {
    const { controlUrl } = system.running.file;
    const stranger = await request(`${controlUrl}/system`);
    expect(stranger.statusCode).toBe(403);
    expect(await stranger.body.json()).toEqual({ error: expect.stringContaining('docs/local-differences.md') });
    await expect(system.control.lose('mars-north-1')).rejects.toEqual(
      new ControlError(404, `given region "mars-north-1"; allowed: ${EU}, ${US}`),
    );
    await expect(system.control.setLink({ from: EU, to: US, delayMs: -1 })).rejects.toMatchObject({ status: 400 });
    await expect(system.control.admit(US)).rejects.toMatchObject({ status: 409 });
    await expect(system.control.restart(EU, [])).rejects.toMatchObject({ status: 409 });
  });

  it('refuses to start beside itself, and names the option for each port that is taken', async () => {
    const { folder, ports } = system;
    await expect(startSystem(quietly(folder, await freePorts()))).rejects.toThrow(`runs already, as process ${process.pid}`);
    const other = startSystem(quietly(`${folder}/other`, ports));
    for (const option of ['--edge-port', '--edge-tls-port', '--dns-port', '--control-port', '--emulator-port'])
      await expect(other).rejects.toThrow(option);
    const { edge } = (await networkHere(ports, 2)).regions[1] ?? {};
    await expect(other).rejects.toThrow(`${edge?.address}:${edge?.port}`);
  });
});
