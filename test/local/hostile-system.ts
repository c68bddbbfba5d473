/** Starts a system, asks it as operators do, ends it, and prints what it said: for a process of its own. */
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ControlClient } from '../../local/control/client.ts';
import { startSystem } from '../../local/system.ts';
import { statusOf } from '../../ops/region-status.ts';
import { LocalTarget } from '../../ops/targets/local.ts';
import { freePorts, quietly } from './local-system.ts';

const system = await startSystem(quietly(process.argv[2] ?? '', await freePorts()));
try {
  const control = new ControlClient(system.file);
  const target = new LocalTarget(control, await control.system());
  const regions = await Promise.all(
    target.regions.map(async ({ name }) => ({
      name,
      tables: (await target.dynamo(name).send(new ListTablesCommand())).TableNames?.length ?? 0,
      api: (await target.lambda(name)).apiFunction !== '',
    })),
  );
  const listener = await target.listen(target.regions[0]?.name ?? '');
  await listener.close();
  const silent = (await statusOf(target.regions)).filter(({ state }) => state === 'silent');
  target.close();
  console.log(`\n${JSON.stringify({ regions, silent })}`);
} finally {
  await system.stop();
}
process.exit(0);
