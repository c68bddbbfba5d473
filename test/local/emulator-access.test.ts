import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { hostileEnvironment } from '../support/hostile.ts';
import { startHttpServer, withBody } from '../support/http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CHILD = join(import.meta.dirname, 'hostile-child.ts');
/** Looked at for a trace, for a warning about old Nodes, and for a limit that clientOptions sets. */
const HARMLESS = ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026'];

const report = z.object({
  looked: z.array(z.string()),
  clients: z.array(z.string()),
  ends: z.record(z.string(), z.string()),
  plain: z.number(),
});

it('whatever the shell says, a client of an emulator asks that emulator, with its own key, as often as it was told', async () => {
  const folder = temporaryFolder();
  const heard: { readonly path: string; readonly authorization: string; readonly agent: string }[] = [];
  const server = await startHttpServer(
    withBody(({ url = '', headers }, response) => {
      heard.push({ path: url, authorization: headers.authorization ?? '', agent: headers['user-agent'] ?? '' });
      response.writeHead(url === '/plain' ? 200 : 500).end();
    }),
  );
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, server.url], { env: hostileEnvironment(folder) });
    const { looked, clients, ends, plain } = report.parse(JSON.parse(stdout));
    const calls = heard.filter(({ path }) => path !== '/plain');
    expect(calls, JSON.stringify(ends)).toHaveLength(2 * clients.length);
    for (const { authorization, agent } of calls) {
      expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ours\/\d+\/eu-central-1\//);
      expect(agent).not.toContain('theirs');
    }
    expect(plain).toBe(200);
    // A setting of the SDK's next version is found here.
    expect(looked.filter((name) => !HARMLESS.includes(name))).toEqual([]);
  } finally {
    await server.stop();
  }
});

it('every SDK client that the project has is tried above', () => {
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  const tried = readFileSync(CHILD, 'utf8');
  const clients = Object.keys(dependencies).filter((name) => name.startsWith('@aws-sdk/client-'));
  expect(clients.filter((name) => !tried.includes(`'${name}'`))).toEqual([]);
});
