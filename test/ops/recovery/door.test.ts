import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod/mini';
import type { regions } from '../../../functions/contract/answers.ts';
import { parseConfig } from '../../../infra/config.ts';
import { OperatorStep } from '../../../ops/errors.ts';
import { askDoor, refuseServing } from '../../../ops/recovery/door.ts';
import { AwsRecovery } from '../../../ops/targets/aws-recovery.ts';
import type { TargetRegion } from '../../../ops/targets/target.ts';

const [A, B] = ['eu-central-1', 'us-east-2'] as const;

type Said = z.infer<typeof regions>['regions'][number];
type Answer = { readonly status: number; readonly body: unknown };

const own = (said: Partial<Said>): Answer => ({
  status: 200,
  body: {
    region: A,
    at: '2026-01-01T00:00:00.000Z',
    regions: [
      { region: A, writer: A, heartbeatAgeMs: 1, version: '1', verdict: 'pass', evacuate: false, writable: true, url: null, ...said },
    ],
  },
});
const serving = own({});
const broken: Answer = { status: 502, body: { message: 'Internal server error' } };

/** A front door that gives these answers in turn, and the last one from then on. */
const withDoor = async (answers: readonly Answer[], work: (door: TargetRegion, asked: () => number) => Promise<void>): Promise<void> => {
  let asked = 0;
  const server = createServer((_, response) => {
    const { status, body } = answers[Math.min(asked, answers.length - 1)] ?? serving;
    asked += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await work({ name: A, url: `http://127.0.0.1:${port}`, host: 'a.test' }, () => asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

const pause = async (): Promise<void> => undefined;

describe('the front door of a region that is given up', () => {
  it.each<[string, readonly Answer[], 'open' | 'closed' | 'silent', number]>([
    ['is open where the region says that it may write', [serving], 'open', 1],
    ['is closed where the region says that it may not', [own({ writable: false })], 'closed', 3],
    ['is closed where the region says that it is evacuated', [own({ evacuate: true })], 'closed', 3],
    ['is closed where nothing but 5xx comes', [broken], 'closed', 3],
    ['is open though it failed twice', [broken, broken, serving], 'open', 3],
    ['is not known where something in between says no', [{ status: 403, body: { message: 'Forbidden' } }], 'silent', 1],
    ['is not known where a stranger answers', [{ status: 200, body: 'welcome to the hotel' }], 'silent', 1],
  ])('%s', async (_, answers, state, questions) => {
    await withDoor(answers, async (door, asked) => {
      expect(await askDoor(door, pause)).toMatchObject({ state });
      expect(asked()).toBe(questions);
    });
  });

  it('is not known where nobody answers', async () => {
    const gone: TargetRegion[] = [];
    await withDoor([serving], async (door) => {
      gone.push(door);
    });
    expect(gone).toHaveLength(1);
    for (const door of gone) expect(await askDoor(door, pause)).toMatchObject({ state: 'silent' });
  });
});

it('on this machine a region that serves is not given up, and one that is silent or closed is', async () => {
  await withDoor([serving], async (door) => expect(refuseServing(door)).rejects.toThrow(/eu-central-1 serves: .*; end what answers there/));
  await withDoor([own({ writable: false })], async (door) => expect(refuseServing(door)).resolves.toBeUndefined());
});

describe('on AWS, before it is fenced, a region', () => {
  const closing = async (door: TargetRegion | undefined, outOfReach = false): Promise<readonly string[]> => {
    const lines: string[] = [];
    const config = parseConfig({ regions: [{ name: A }, { name: B }], auth: 'keys' });
    const recovery = new AwsRecovery({ config, region: A, outOfReach, frontDoor: async () => door, options: { askEveryMs: 1 } });
    try {
      await recovery.closeDoor(A, { pause, progress: (line) => lines.push(line) });
    } finally {
      recovery.close();
    }
    return lines;
  };

  it('that serves is the next step of the operator, with the commands and what it costs to go on without', async () => {
    await withDoor([serving], async (door) => {
      const refused = closing(door);
      await expect(refused).rejects.toThrow(OperatorStep);
      await expect(refused).rejects.toThrow(
        /eu-central-1 serves: [\s\S]*put-function-concurrency --region eu-central-1 [\s\S]*--region us-east-2/,
      );
      await expect(refused).rejects.toThrow(/`--out-of-reach`. Then whatever eu-central-1 acknowledges from now on is lost/);
    });
  });

  it('of which nobody knows whether it serves is one too', async () => {
    await expect(closing(undefined)).rejects.toThrow(/Nobody knows from here whether eu-central-1 serves/);
  });

  it('that is closed is gone on with, and so is one that the operator calls out of reach', async () => {
    await withDoor([broken], async (door) => expect(await closing(door)).toEqual([`${A} serves no caller: its front door answers 502`]));
    await withDoor([serving], async (door) =>
      expect(await closing(door, true)).toEqual([`${A} is called out of reach: what it acknowledges from now on is lost`]),
    );
  });
});
