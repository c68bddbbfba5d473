import { expect, it } from 'vitest';
import { marshalAll } from '../../functions/aws/marshal.ts';
import { knownKeys } from '../../ops/access/registry.ts';
import { makeTestKey } from '../functions/callers.ts';
import { DynamoWire, success } from '../functions/dynamo-wire.ts';

it('a list of keys has the last one too, behind more pages of deployments than anybody keeps', async () => {
  const { item, kid } = makeTestKey();
  // A page of which nothing passes the filter is empty, and goes on.
  const empty = success({ Items: [], LastEvaluatedKey: { pk: { S: 'DEPLOYMENTS#a' }, sk: { S: 'D' } } });
  const pages = Array.from({ length: 100 }, () => empty);
  await using wire = await DynamoWire.answering(...pages, success({ Items: [marshalAll(item)] }));
  const known = await knownKeys({ region: 'eu-central-1', client: wire.client });
  expect([known.map((each) => each.kid), wire.asked.length]).toEqual([[kid], 101]);
});
