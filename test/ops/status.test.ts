import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, it, describe as suite } from 'vitest';
import { describe } from '../../ops/commands/status.ts';
import { statusOf } from '../../ops/region-status.ts';
import { startHttpServer } from '../support/http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tandem } from './tandem.ts';

const at = new Date(0).toISOString();
const verdict = (name: string, fail?: string) => ({
  verdict: fail === undefined ? 'pass' : 'fail',
  region: name,
  version: '1.0+3',
  writer: name,
  reasons: fail === undefined ? [] : [{ code: 'table', detail: fail }],
  checkedAt: at,
});
const row = (name: string, rest: object = {}) => ({
  region: name,
  writer: name,
  heartbeatAgeMs: 1200,
  version: '1.0+3',
  verdict: 'pass',
  evacuate: false,
  writable: null,
  url: null,
  ...rest,
});
const world = (name: string, own: object = {}) => ({
  region: name,
  at,
  regions: [row('eu-west-1'), row('us-east-2')].map((each) => (each.region === name ? { ...each, writable: true, ...own } : each)),
});

interface Answers {
  readonly health?: unknown;
  readonly regions?: unknown;
  readonly status?: number;
}

/** A region's front door that answers only to its own name. */
const door = async (name: string, { health = verdict(name), regions = world(name), status = 200 }: Answers = {}) => {
  const answer: RequestListener = ({ url, headers }, response) => {
    const body = headers.host !== `${name}.api.test` ? 'wrong host' : url === '/health' ? JSON.stringify(health) : JSON.stringify(regions);
    response.writeHead(url === '/health' ? status : 200).end(body);
  };
  const { url, stop } = await startHttpServer(answer);
  return { target: { name, url, host: `${name}.api.test` }, [Symbol.asyncDispose]: stop };
};

suite('the status of a region', () => {
  it('is healthy when its check passes and it writes, with the heartbeats it sees', async () => {
    await using eu = await door('eu-west-1');
    await using us = await door('us-east-2');
    const statuses = await statusOf([eu.target, us.target]);
    expect(statuses.map((each) => [each.region, each.state, each.writable])).toEqual([
      ['eu-west-1', 'healthy', true],
      ['us-east-2', 'healthy', true],
    ]);
    expect(statuses[0]?.peers).toEqual([expect.objectContaining({ region: 'us-east-2', heartbeatAgeMs: 1200 })]);
    expect(describe(statuses).split('\n')).toEqual([
      `region     state    ${'front door'.padEnd(eu.target.url.length)}  version  writes as  writable  heartbeat age of peers, seen there`,
      `eu-west-1  healthy  ${eu.target.url}  1.0+3    eu-west-1  yes       us-east-2 1.2 s`,
      `us-east-2  healthy  ${us.target.url}  1.0+3    us-east-2  yes       eu-west-1 1.2 s`,
    ]);
  });

  it.each([
    ['its check fails', { health: verdict('eu-west-1', 'no answer'), status: 503 }, 'table: no answer'],
    ['an operator evacuated it', { regions: world('eu-west-1', { evacuate: true }) }, 'evacuated: an operator switched it off'],
    ['it refuses writes', { regions: world('eu-west-1', { writable: false }) }, 'refuses writes'],
  ])('is unhealthy when %s, and says so', async (_what, answers, reason) => {
    await using eu = await door('eu-west-1', answers);
    const statuses = await statusOf([eu.target]);
    expect(statuses[0]).toMatchObject({ state: 'unhealthy', reasons: [reason] });
    expect(describe(statuses)).toContain(`eu-west-1: ${reason}`);
  });

  it.each([
    ['nobody listens', { name: 'eu-west-1', url: 'http://127.0.0.1:1', host: 'x' }, /ECONNREFUSED/],
    [
      'the name cannot be found',
      { name: 'eu-west-1', url: 'http://nowhere.invalid', host: 'x' },
      /^http:\/\/nowhere\.invalid: no answer \([^()]*nowhere\.invalid\)$/,
    ],
  ])('is silent when %s, without an exception', async (_what, target, reason) => {
    const [status] = await statusOf([target]);
    expect(status).toMatchObject({ state: 'silent', writable: null, peers: [] });
    expect(status?.reasons.join()).toMatch(reason);
  });

  it('is silent when its answer does not fit the contract', async () => {
    await using eu = await door('eu-west-1', { health: { ok: true } });
    const [status] = await statusOf([eu.target]);
    expect(status?.reasons).toEqual([`${eu.target.url}: /health answered 200 with {"ok":true}`]);
  });

  it('of one region does not depend on the others', async () => {
    await using us = await door('us-east-2');
    const statuses = await statusOf([{ name: 'eu-west-1', url: 'http://127.0.0.1:1', host: 'x' }, us.target]);
    expect(statuses.map((each) => each.state)).toEqual(['silent', 'healthy']);
  });
});

suite('the status of a system on AWS without a domain', () => {
  const config = (): string => {
    const file = join(temporaryFolder(), 'config.json');
    writeFileSync(file, JSON.stringify({ regions: [{ name: 'eu-west-1' }, { name: 'us-east-2' }], auth: 'keys' }));
    return file;
  };
  const without = { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' };

  it("is asked at the addresses that the regions' stacks tell, and a region whose stack does not is silent", async () => {
    const answers: RequestListener = ({ url }, response) => {
      response.end(JSON.stringify(url === '/health' ? verdict('eu-west-1') : world('eu-west-1')));
    };
    const front = await startHttpServer(answers);
    const stack = `<StackName>Tandem-Cell-eu-west-1</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>Url</OutputKey><OutputValue>${front.url}</OutputValue></member></Outputs>`;
    // The region stands in what a call is signed for.
    const cloudFormation = await startHttpServer(({ headers }, response) => {
      const found = headers.authorization?.includes('/eu-west-1/cloudformation/') === true;
      response.writeHead(found ? 200 : 400, { 'content-type': 'text/xml' });
      response.end(
        found
          ? `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
          : '<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id Tandem-Cell-us-east-2 does not exist</Message></Error></ErrorResponse>',
      );
    });
    const { code, stdout, stderr } = await tandem(['status', '--target', 'aws', '--json', '--config', config()], {
      ...without,
      AWS_ENDPOINT_URL: cloudFormation.url,
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
    });
    await front.stop();
    await cloudFormation.stop();
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ region: 'eu-west-1', state: 'healthy', url: front.url }),
      expect.objectContaining({
        region: 'us-east-2',
        state: 'silent',
        url: null,
        reasons: [expect.stringMatching(/does not exist.*DescribeStacks/)],
      }),
    ]);
  });

  it('says in a sentence what it needs where there are no credentials', async () => {
    const { code, stdout } = await tandem(['status', '--target', 'aws', '--config', config()], without);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /eu-west-1: .*Could not load credentials.*Without `domain`.*needs credentials with cloudformation:DescribeStacks/,
    );
  });
});
