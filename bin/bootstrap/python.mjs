/** The Python tools of requirements.txt, each with its hash, in `.venv`. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installerEnvironment } from './environment.mjs';
import { run, Stop, say } from './process.mjs';

/** Python 3.x that the hash lock covers. */
const MINOR_MIN = 10;
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

const folder = (root) => join(root, '.venv');
const python = (root) => join(folder(root), 'bin', 'python');
const stampPath = (root) => join(folder(root), '.tandem-stamp');

/** The path belongs to it: programs in a virtual environment name their interpreter by its absolute path. */
const wantedStamp = (root) =>
  `${createHash('sha256')
    .update(readFileSync(join(root, 'requirements.txt')))
    .digest('hex')} ${process.platform}-${process.arch} ${folder(root)}\n`;

/** True when the tools are there, as requirements.txt names them, and their interpreter still exists. */
export const pythonIsReady = (root) => {
  try {
    return readFileSync(stampPath(root), 'utf8') === wantedStamp(root) && existsSync(python(root));
  } catch (_) {
    return false;
  }
};

/** @throws {Stop} with the fix when Python is missing, too old or cannot make virtual environments */
export const readyPython = async (root, lock) => {
  const env = { ...installerEnvironment(root, 'python'), PIP_USER: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
  const options = { cwd: root, env };
  const found = await findPython(options);
  const uv = (await run('uv', ['--version'], options)).ok;
  if (found.program === undefined && !uv) throw new Stop(missing(found.tooOld));
  say('installing the Python tools of requirements.txt into .venv (about 20 s the first time)');
  const began = Date.now();
  // What an interrupted run left, or an older list asked for, is not built upon.
  rmSync(folder(root), { recursive: true, force: true });
  const install = await makeEnvironment(root, found.program, uv, options);
  const [program, ...args] = install;
  const done = await run(program, args, { ...options, show: true, onStart: lock.add });
  if (!done.ok)
    throw new Stop(
      `installing the Python tools failed (${done.problem}); the message is above. Check the network and the pip index settings, then run this again`,
    );
  writeFileSync(stampPath(root), wantedStamp(root));
  say(`Python tools are ready (${Math.round((Date.now() - began) / 1000)} s)`);
};

/** The first Python that is new enough, and the newest of those that are not. */
const findPython = async (options) => {
  let tooOld;
  for (const name of NAMES) {
    const { ok, output } = await run(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], options);
    const [major, minor] = output.split('.').map(Number);
    if (ok && major === 3 && minor >= MINOR_MIN) return { program: name };
    if (ok && tooOld === undefined) tooOld = `${name} is ${output}`;
  }
  return { tooOld };
};

const missing = (tooOld) =>
  `Python 3.${MINOR_MIN} or newer is needed ${tooOld === undefined ? 'and not there' : `(${tooOld})`}: install it (Debian and Ubuntu: \`sudo apt install python3 python3-venv\`; macOS: \`brew install python\`), then run this again`;

/** Makes an empty `.venv` and returns the command that fills it. */
const makeEnvironment = async (root, program, uv, options) => {
  // What is built from source runs its author's code, and fetches what no hash covers.
  const wanted = ['--quiet', '--require-hashes', '--only-binary', ':all:', '-r', 'requirements.txt'];
  const make = (...args) => run(program, ['-m', 'venv', ...args, folder(root)], options);
  if (program !== undefined) {
    if ((await make()).ok) return [python(root), '-m', 'pip', 'install', ...wanted];
    // Debian and Ubuntu keep ensurepip in a package of its own; the system's pip (22.3 and later) can install from outside.
    rmSync(folder(root), { recursive: true, force: true });
    const bare = await make('--without-pip');
    if (bare.ok && (await run(program, ['-m', 'pip', '--python', python(root), '--version'], options)).ok) {
      return [program, '-m', 'pip', '--python', python(root), 'install', ...wanted];
    }
    if (bare.ok && uv) return ['uv', 'pip', 'install', '--python', python(root), ...wanted];
    rmSync(folder(root), { recursive: true, force: true });
  }
  if (uv && (await run('uv', ['venv', '--quiet', '--python', program || `>=3.${MINOR_MIN}`, folder(root)], options)).ok) {
    return ['uv', 'pip', 'install', '--python', python(root), ...wanted];
  }
  throw new Stop(
    `${program || 'uv'} cannot make a virtual environment: install its venv module (Debian and Ubuntu: \`sudo apt install python3-venv\`), then run this again`,
  );
};
