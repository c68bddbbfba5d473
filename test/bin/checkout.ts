/** A checkout of its own for the bootstrap, with an npm, a Python and a uv that only write down what they are asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const NPM = `
const { appendFileSync, mkdirSync, readFileSync, writeFileSync, rmSync } = require('node:fs');
// Not from the environment: installers get nothing of it that is no setting of theirs.
const settings = JSON.parse(readFileSync('programs/settings.json', 'utf8'));
appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + '\\n');
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules/tool', { recursive: true });
setTimeout(() => {
  if (settings.NPM_FAILS) process.exit(1);
  const node = settings.NODE_PACKAGE;
  if (node) {
    mkdirSync('node_modules/' + node + '/bin', { recursive: true });
    writeFileSync('node_modules/' + node + '/bin/node', settings.NODE_PACKAGE_TEXT, { mode: 0o755 });
  }
  writeFileSync('node_modules/tool/package.json', '{}');
  appendFileSync('calls', 'npm done\\n');
}, Number(settings.NPM_MS || 0));
`;

const PYTHON = `#!/bin/sh
PATH=/usr/bin:/bin
. ./programs/settings.sh
echo "\${0##*/} $*" >> calls
case "$*" in
  -c*) echo "\${PYTHON_VERSION-3.11}" ;;
  "-m venv --without-pip "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m venv "*) mkdir -p "$3/bin"; test -z "$NO_ENSUREPIP" && cp "$0" "$3/bin/python" ;;
  "-m pip --python "*) test -z "$NO_PIP" ;;
  *) test -z "$PIP_FAILS" ;;
esac
`;

const UV = `#!/bin/sh
PATH=/usr/bin:/bin
echo "uv $*" >> calls
case "$*" in
  "venv "*) for last; do :; done; mkdir -p "$last/bin" && echo > "$last/bin/python" ;;
esac
`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export class Checkout implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'tandem-bootstrap-'));
  readonly #programs = join(this.root, 'programs');
  readonly #started: ChildProcess[] = [];

  constructor(programs: { readonly python?: boolean; readonly uv?: boolean } = { python: true }) {
    cpSync(join(repository, 'bin'), join(this.root, 'bin'), { recursive: true });
    mkdirSync(this.#programs);
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/tool': { version: '1.0.0', integrity: 'x' } } }));
    this.write('requirements.txt', 'tool==1\n');
    this.write('programs/npm-cli.js', NPM);
    if (programs.python) this.program('python3', PYTHON);
    if (programs.uv) this.program('uv', UV);
  }

  program(name: string, text: string): void {
    this.write(`programs/${name}`, text);
    chmodSync(join(this.#programs, name), 0o755);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  has(path: string): boolean {
    return existsSync(this.path(path));
  }

  /** What npm, Python and uv were asked so far. */
  calls(what = ''): readonly string[] {
    const all = this.has('calls') ? readFileSync(this.path('calls'), 'utf8').trim().split('\n') : [];
    return all.filter((call) => call.includes(what));
  }

  start(env: NodeJS.ProcessEnv = {}, program = process.execPath, args: readonly string[] = ['bin/bootstrap.mjs']): Running {
    const settings = Object.entries(env).filter(([name]) =>
      /^(NPM_MS|NPM_FAILS|NODE_PACKAGE|NODE_PACKAGE_TEXT|NO_|PIP_FAILS|PYTHON_VERSION)/.test(name),
    );
    this.write('programs/settings.json', JSON.stringify(Object.fromEntries(settings)));
    this.write('programs/settings.sh', settings.map(([name, value]) => `${name}='${value}'\n`).join(''));
    const child = spawn(program, args, {
      cwd: this.root,
      env: { PATH: this.#programs, HOME: this.root, npm_execpath: this.path('programs/npm-cli.js'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
    });
    return { child, ended };
  }

  run(env: NodeJS.ProcessEnv = {}, ...args: readonly string[]): Promise<Ended> {
    return this.start(env, process.execPath, ['bin/bootstrap.mjs', ...args]).ended;
  }

  /** A test that failed may leave processes waiting. */
  [Symbol.dispose](): void {
    for (const child of this.#started) child.kill('SIGTERM');
    rmSync(this.root, { recursive: true, force: true });
  }
}

const text = (stream: NodeJS.ReadableStream | null) => {
  const chunks: string[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return () => chunks.join('');
};
