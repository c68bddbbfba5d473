/** The next release's store: bundled into it in the place of this one's. */
import { DynamoStore as Present } from '../../../functions/aws/dynamo-store.ts';
import type { Committed, Write } from '../../../functions/core/store.ts';
import { later } from '../later.ts';

export class DynamoStore extends Present {
  override transact(writes: readonly Write[]): Promise<Committed> {
    return super.transact(later(writes));
  }
}
