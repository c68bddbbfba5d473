/** Roles that may do less than their code sends, or more. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const PERMISSIONS = 'test/infra/permissions.test.ts';
const permitted = (file: string) => mutationsOf(`infra/${file}.ts`, PERMISSIONS);
const tables = permitted('tables');

export const PERMITTED: readonly TestedMutation[] = [
  mutationsOf('infra/tables.ts', 'test/infra/leading-keys.test.ts')(
    'registers-any-key',
    "a cell registers keys of whatever name, and so of every user's",
    'canaryKeys: `KEY#canary-${region}-*`',
    'canaryKeys: `KEY#*`',
  ),
  tables(
    'role-no-updates',
    'who serves may not update an item',
    "['Query', 'GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem']",
    "['Query', 'GetItem', 'PutItem', 'ConditionCheckItem']",
    'two regions .*exactly these',
  ),
  tables(
    'role-no-checks',
    'a transaction may not check an item',
    "['Query', 'GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem']",
    "['Query', 'GetItem', 'PutItem', 'UpdateItem']",
    'two regions .*exactly these',
  ),
  tables(
    'role-no-index',
    'nobody may ask the index of owners',
    "[`${this.dataArn}/index/${KEYS.ownerIndex.name}`], ['Query']",
    "[`${this.dataArn}/index/${KEYS.ownerIndex.name}`], ['Scan']",
    'two regions .*exactly these',
  ),
  tables(
    'role-no-items',
    'who serves may not read single items',
    "['Query', 'GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem']",
    "['Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem']",
    'two regions .*exactly these',
  ),
  tables(
    'role-any-partition',
    'who delivers versions may write every partition',
    "['Query', 'PutItem'], { StringEquals: [this.partitions.deployments] }",
    "['Query', 'PutItem']",
    'two regions .*exactly these',
  ),
  tables(
    'role-key-elsewhere',
    'a key may be used through another region',
    '`dynamodb.${of.region}.amazonaws.com`',
    '`dynamodb.${Stack.of(this).region}.amazonaws.com`',
    'three regions .*exactly these',
  ),
  permitted('cell-stack')(
    'role-no-peers',
    'the API is not given its peers',
    '    tables.grantPeerReads(handler.role);\n',
    '',
    'two regions .*exactly these',
  ),
];
