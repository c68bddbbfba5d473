/** A supervisor to be killed: starts one group whose members start others, says its id, and waits. */
import { startGroup } from '../../../local/process/group.ts';

const group = await startGroup({
  command: '/bin/sh',
  args: ['-c', 'sleep 600 & sleep 600; true'],
  cwd: '/',
  env: { PATH: '/usr/bin:/bin' },
  stdio: ['ignore', 'ignore', 'ignore'],
});
if (process.argv[2] === 'frozen') group.signal('SIGSTOP');
console.log(group.id);
setInterval(() => undefined, 60_000);
