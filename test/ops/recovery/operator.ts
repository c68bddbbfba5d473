/** An operator's process, to be killed: recovers a region of a local system, and tells each step. */
import { reclaimStock } from '../../../functions/core/reclaim.ts';
import { rebuildRegion } from '../../../functions/core/recovery.ts';
import { ControlClient } from '../../../local/control/client.ts';
import { TargetEstate } from '../../../ops/recovery/estate.ts';
import { LocalTarget } from '../../../ops/targets/local.ts';

const [what = '', region = '', controlUrl = '', token = ''] = process.argv.slice(2);
const control = new ControlClient({ pid: 0, controlUrl, token });
const estate = new TargetEstate(new LocalTarget(control, await control.system()), (line) => console.log(line));
await (what === 'rebuild' ? rebuildRegion(estate, region) : reclaimStock(estate, region));
process.exit();
