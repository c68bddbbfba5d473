/** A process that starts a local system and stays: `node system-process.ts FOLDER PORTS`, to be killed. */
import { startSystem } from '../../local/system.ts';
import { quietly } from './local-system.ts';

const [folder = '', ports = ''] = process.argv.slice(2);
await startSystem({ ...quietly(folder, JSON.parse(ports)), progress: { line: console.log, step: (_, work) => work(console.log) } });
