/**
 * Old versions of functions. They are kept when CloudFormation replaces them, or there would be nothing to roll back to; so
 * somebody must end them before the account's space for code is full.
 */
import { DeleteFunctionCommand, LambdaClient, ListAliasesCommand, ListVersionsByFunctionCommand } from '@aws-sdk/client-lambda';
import { VERSIONS_KEPT } from '../contract/names.ts';
import { clientLimits } from './client-limits.ts';

/** Pages of 50 versions or aliases. */
const PAGES_MAX = 40;
/** Versions of one function that are deleted at a time: the rest waits for the next deployment. */
const DELETED_MAX = 100;

/** Numbers of the versions to delete: all but the newest `VERSIONS_KEPT` and those that an alias names, with weight or without. */
export const prunable = (versions: readonly number[], named: ReadonlySet<number>): readonly number[] =>
  [...versions]
    .sort((a, b) => b - a)
    .slice(VERSIONS_KEPT)
    .filter((version) => !named.has(version))
    .slice(-DELETED_MAX);

/** Returns the versions that it deleted. @throws {Error} of Lambda, with the rest undone */
export const pruneVersions = async (functionName: string): Promise<readonly number[]> => {
  const client = new LambdaClient(clientLimits());
  try {
    const versions = await versionsOf(client, functionName);
    // The aliases after the versions: one that moves meanwhile moves to a version that is kept, being newer, or named here.
    const doomed = prunable(versions, await namedVersions(client, functionName));
    for (const version of doomed) await client.send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: String(version) }));
    return doomed;
  } finally {
    client.destroy();
  }
};

const versionsOf = async (client: LambdaClient, FunctionName: string): Promise<readonly number[]> => {
  const found: number[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { Versions = [], NextMarker } = await client.send(new ListVersionsByFunctionCommand({ FunctionName, Marker }));
    // $LATEST is none.
    found.push(...Versions.map(({ Version }) => Number(Version)).filter(Number.isSafeInteger));
    Marker = NextMarker;
    if (!Marker) return found;
  }
  throw new Error(`${FunctionName} has more than ${PAGES_MAX} pages of versions; delete the oldest by hand`);
};

const namedVersions = async (client: LambdaClient, FunctionName: string): Promise<ReadonlySet<number>> => {
  const found = new Set<number>();
  let Marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { Aliases = [], NextMarker } = await client.send(new ListAliasesCommand({ FunctionName, Marker }));
    for (const { FunctionVersion, RoutingConfig } of Aliases)
      for (const version of [FunctionVersion, ...Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {})]) found.add(Number(version));
    Marker = NextMarker;
    if (!Marker) return found;
  }
  throw new Error(`${FunctionName} has more than ${PAGES_MAX} pages of aliases`);
};
