/**
 * Makes a bare clone ready: npm packages from package-lock.json, Node 24 as `node_modules/.bin/node`, and the Python tools
 * of requirements.txt in `.venv`. Does nothing, quickly, when that is done; repairs what an interrupted run left; runs that
 * overlap wait for each other.
 *
 *     node bin/bootstrap.mjs [--node-only]
 *
 * It must start on whatever Node the machine has, to say that it is too old: plain JavaScript without dependencies; this
 * file and process.mjs without syntax younger than Node 12 (no `?.`, no `??`). It prints to stderr, so that `tandem token | ...` stays clean.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOnSignals, Stop, say } from './bootstrap/process.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR_MIN = 20;

const checkMachine = () => {
  if (process.platform === 'win32') throw new Stop('Windows is supported through WSL only: run this again in a WSL shell');
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    throw new Stop(
      `Node ${process.version} is too old: install Node ${NODE_MAJOR_MIN} or newer (for example \`nvm install 24\`), then run this again`,
    );
  }
};

const main = async (argv) => {
  const [unknown] = argv.filter((each) => each !== '--node-only');
  if (unknown !== undefined) throw new Stop(`given "${unknown}"; allowed: --node-only`);
  checkMachine();
  // Only now: an old Node cannot even load these.
  const { nodeIsReady, readyNode } = await import('./bootstrap/packages.mjs');
  const { pythonIsReady, readyPython } = await import('./bootstrap/python.mjs');
  const wantsPython = argv.indexOf('--node-only') === -1;
  const isReady = () => nodeIsReady(root) && (!wantsPython || pythonIsReady(root));
  if (isReady()) return;
  endOnSignals();
  const { withLock } = await import('./bootstrap/lock.mjs');
  await withLock(join(root, '.tandem', 'bootstrap.lock'), async (lock) => {
    if (!nodeIsReady(root)) await readyNode(root, lock);
    if (wantsPython && !pythonIsReady(root)) await readyPython(root, lock);
  });
};

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof Stop ? error.message : `unexpected: ${error.stack}`);
  process.exitCode = error instanceof Stop ? error.exitCode : 1;
});
