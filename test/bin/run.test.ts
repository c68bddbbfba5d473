import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { untilPasses } from '../support/eventually.ts';
import { Checkout } from './checkout.ts';

const ROOT = join(import.meta.dirname, '../..');
const SHOWS_ARGUMENTS = '#!/bin/sh\nprintf "[%s]" "$@"\nexit 7\n';
const OLD_NODE = '#!/bin/sh\necho v12.0.0\nexit 1\n';

/** With a Node on the PATH, and a program of its own that a run becomes. */
const prepared = (program = SHOWS_ARGUMENTS): Checkout => {
  const checkout = new Checkout();
  checkout.program('node', `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  checkout.program('shows', program);
  return checkout;
};
const start = (checkout: Checkout, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  checkout.start(env, '/bin/sh', ['bin/run', ...args]);

describe('bin/run', () => {
  it('prepares a bare clone, then passes arguments, output and exit code on, with built-ins of the shell alone', async () => {
    using checkout = prepared();
    expect(await start(checkout, ['shows', 'a', 'b c', '*', '']).ended).toMatchObject({ code: 7, stdout: '[a][b c][*][]' });
    expect(checkout.calls('npm ci')).toHaveLength(1);
    expect(checkout.calls('python3')).toEqual([]);
  });

  it('brings the Python tools where they are asked for, and never for help', async () => {
    using checkout = prepared();
    await start(checkout, ['--python', 'shows', '--help']).ended;
    expect(checkout.calls('python3')).toEqual([]);
    await start(checkout, ['--python', 'shows']).ended;
    expect(checkout.calls('--require-hashes')).toHaveLength(1);
  });

  it('puts the checkout’s own Node first, in the same line in which it came', async () => {
    using checkout = prepared('#!/bin/sh\ncommand -v node\n');
    const { stdout } = await start(checkout, ['shows']).ended;
    expect(stdout.trim()).toMatch(/\/node_modules\/\.bin\/node$/);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('becomes the program, so that %s reaches it', async (signal) => {
    using checkout = prepared('#!/bin/sh\ntrap "exit 5" TERM INT HUP\necho up\nwhile :; do :; done\n');
    const { child, ended } = start(checkout, ['shows']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 5 });
  });

  it('that is ended while npm installs leaves neither npm nor a lock', async () => {
    using checkout = prepared();
    const { child, ended } = start(checkout, ['shows'], { NPM_MS: '600000' });
    await untilPasses(() => expect(checkout.calls('npm ci')).toHaveLength(1));
    child.kill('SIGKILL');
    // Whoever still runs holds the output open.
    await ended;
    expect(checkout.calls('npm done')).toEqual([]);
    expect(checkout.has('.tandem/bootstrap.lock')).toBe(false);
  });

  it('takes the Node that runs npm where the PATH’s is too old', async () => {
    using checkout = prepared();
    checkout.program('node', OLD_NODE);
    expect(await start(checkout, ['shows'], { npm_node_execpath: process.execPath }).ended).toMatchObject({ code: 7 });
  });

  it('does without the Node of a checkout that another machine prepared', async () => {
    using checkout = prepared();
    checkout.write('node_modules/.bin/nothing', '');
    symlinkSync('/nowhere/node', checkout.path('node_modules/.bin/node'));
    expect(await start(checkout, ['shows']).ended).toMatchObject({ code: 7 });
  });

  it('says in a sentence that Node is missing, and what it wants', async () => {
    using checkout = new Checkout();
    expect(await start(checkout, ['shows']).ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tandem: Node is missing: .*\n$/),
    });
    expect(await start(checkout, []).ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^run: given nothing; allowed: .*\n$/),
    });
  });
});

describe('what installers get of the environment', () => {
  const SECRETS = {
    AWS_ACCESS_KEY_ID: 'secret-1',
    AWS_SECRET_ACCESS_KEY: 'secret-2',
    AWS_SESSION_TOKEN: 'secret-3',
    AWS_PROFILE: 'secret-4',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret-5',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'secret-6',
    ACTIONS_RUNTIME_TOKEN: 'secret-7',
    GITHUB_TOKEN: 'secret-8',
    GH_TOKEN: 'secret-9',
    NPM_TOKEN: 'secret-10',
    UV_PUBLISH_TOKEN: 'secret-11',
    UV_PUBLISH_PASSWORD: 'secret-12',
    MISE_GITHUB_TOKEN: 'secret-13',
    MISE_AGE_KEY: 'secret-17',
    MISE_SOPS_AGE_KEY: 'secret-18',
    ASDF_GITHUB_API_KEY: 'secret-19',
    CONDA_PASSWORD: 'secret-20',
    SSH_AUTH_SOCK: 'secret-14',
    MY_PASSWORD: 'secret-15',
    GOOGLE_APPLICATION_CREDENTIALS: 'secret-16',
  };
  const SETTINGS = {
    HTTPS_PROXY: 'http://127.0.0.1:9',
    no_proxy: '127.0.0.1',
    npm_config_registry: 'http://127.0.0.1:9/npm/',
    NPM_CONFIG_CAFILE: '/a/file',
    PIP_INDEX_URL: 'http://127.0.0.1:9/pip/',
    UV_INDEX_URL: 'http://127.0.0.1:9/uv/',
    SSL_CERT_FILE: '/a/file',
    NODE_EXTRA_CA_CERTS: '/a/file',
    LANG: 'C',
  };

  const seenBy = async (env: NodeJS.ProcessEnv) => {
    using checkout = prepared();
    checkout.write('programs/npm-cli.js', `require('node:fs').writeFileSync('npm-env', JSON.stringify(process.env));`);
    checkout.program(
      'python3',
      '#!/bin/sh\nPATH=/usr/bin:/bin\nenv >> python-env\nmkdir -p .venv/bin; cp "$0" .venv/bin/python\necho 3.11\n',
    );
    await start(checkout, ['--python', 'shows'], env).ended;
    const read = (path: string) => readFileSync(checkout.path(path), 'utf8');
    return { npm: read('npm-env'), python: read('python-env') };
  };

  it('is no credential of anybody else', async () => {
    const { npm, python } = await seenBy({ ...SECRETS, ...SETTINGS });
    expect(npm).not.toContain('secret-');
    expect(python).not.toContain('secret-');
  });

  it('is no credential for what tests need either, neither for npm nor for the system’s packages', async () => {
    using checkout = prepared();
    checkout.write('test/dynamodb-local/package.json', '{}');
    const shows = (name: string) => checkout.program(name, `#!/bin/sh\n/usr/bin/env > ${checkout.path(`${name}-env`)}\n`);
    for (const name of ['npm', 'apt-get', 'javac', 'go']) shows(name);
    checkout.program('id', '#!/bin/sh\necho 0\n');
    // A value that looks as if it were more variables.
    const env = { ...SECRETS, ...SETTINGS, MANY: 'a\nAWS_PROFILE=secret-21', PATH: `${checkout.path('programs')}:/usr/bin:/bin` };
    await checkout.start(env, '/bin/sh', ['bin/install-tools']).ended;
    for (const name of ['npm', 'apt-get', 'javac', 'go']) {
      const seen = readFileSync(checkout.path(`${name}-env`), 'utf8');
      expect(seen, name).not.toContain('secret-');
      expect(seen, name).toContain('HTTPS_PROXY=');
    }
    expect(readFileSync(checkout.path('npm-env'), 'utf8')).toContain('npm_config_registry=');
  });

  it('is where programs and registries are', async () => {
    const { npm, python } = await seenBy({ ...SECRETS, ...SETTINGS });
    for (const name of [
      'HTTPS_PROXY',
      'no_proxy',
      'npm_config_registry',
      'NPM_CONFIG_CAFILE',
      'SSL_CERT_FILE',
      'NODE_EXTRA_CA_CERTS',
      'LANG',
      'PATH',
      'HOME',
    ])
      expect(npm).toContain(`"${name}":`);
    for (const name of ['HTTPS_PROXY', 'PIP_INDEX_URL', 'UV_INDEX_URL', 'SSL_CERT_FILE', 'LANG', 'PATH', 'HOME'])
      expect(python).toMatch(new RegExp(`^${name}=`, 'm'));
  });

  it('is nothing that would send the packages elsewhere', async () => {
    const { npm, python } = await seenBy({
      npm_config_prefix: '/elsewhere',
      NPM_CONFIG_GLOBAL: '/elsewhere',
      npm_config_local_prefix: '/elsewhere',
      PIP_TARGET: '/elsewhere',
      PIP_PREFIX: '/elsewhere',
      PYTHONPATH: '/elsewhere',
      PYTHONHOME: '/elsewhere',
      VIRTUAL_ENV: '/elsewhere',
    });
    expect(npm).not.toContain('/elsewhere');
    expect(python).not.toContain('/elsewhere');
  });
});

describe('the repository', () => {
  const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;

  it('has npm scripts that each prepare the checkout themselves: no pre-script does', () => {
    const bare = Object.entries(scripts).filter(([, script]) =>
      script.split(/ (?:&&|;|\|\|) /).some((each) => !each.startsWith('sh bin/run ')),
    );
    expect(bare).toEqual([]);
    expect(
      Object.keys(scripts).filter((name) => /^(pre|post)/.test(name) && scripts[name.replace(/^(pre|post)/, '')] !== undefined),
    ).toEqual([]);
  });

  it('delivers with credentials only after everything is installed', () => {
    const folder = join(ROOT, '.github/workflows');
    for (const file of readdirSync(folder)) expect(installsWithCredentials(readFileSync(join(folder, file), 'utf8')), file).toEqual([]);
  });

  it.each([
    ['a launcher', '      - run: bin/tandem deploy --target aws'],
    ['a script', '      - name: x\n        run: |\n          true\n          npm run deploy'],
    ['an installer', '      - run: npm ci'],
    ['an action that installs', '      - uses: actions/setup-node@x'],
  ])('finds %s after the credentials', (_what, step) => {
    const text = `jobs:\n  deploy:\n    steps:\n      - run: bin/run true\n      - uses: aws-actions/configure-aws-credentials@x\n${step}\n`;
    expect(installsWithCredentials(text)).toHaveLength(1);
  });
});

/** Steps that come after a role is assumed, and may install. They name the checkout's own Node and the program itself. */
function installsWithCredentials(workflow: string): readonly string[] {
  return workflow.split(/\n {2}(?=\S+:\n)/).flatMap((job) => {
    const steps = job.split(/\n {6}- /).slice(1);
    const assumed = steps.findIndex((step) => step.includes('configure-aws-credentials'));
    if (assumed === -1) return [];
    return steps
      .slice(assumed + 1)
      .filter((step) =>
        /\b(npm|npx|pip|uv|go|curl|wget|apt-get)\s|bin\/(tandem|run|bootstrap|install-tools)\b|uses: actions\/setup-|\.ci\/run/.test(step),
      );
  });
}
