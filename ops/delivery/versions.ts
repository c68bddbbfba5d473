/** The versions of a region's API function, and which of them callers reach. */
import {
  type AliasConfiguration,
  type FunctionConfiguration,
  type LambdaClient,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { ALIAS } from '../../functions/contract/names.ts';
import { UserError } from '../errors.ts';

/** A region's functions. */
export interface Functions {
  readonly client: LambdaClient;
  /** Name of its API function. */
  readonly apiFunction: string;
}

export interface Version {
  readonly number: string;
  /** When it was published: ISO 8601, in UTC; empty where Lambda does not tell. */
  readonly publishedAt: string;
}

export interface Versions {
  /** Newest first, without `$LATEST`. */
  readonly versions: readonly Version[];
  /** The version that the alias `live` names. */
  readonly live: string;
  /** Of the alias `live`: what a change of it must name. */
  readonly revisionId: string;
  /** Versions that get a part of the calls beside it, in percent: https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html */
  readonly weights: ReadonlyMap<string, number>;
}

/** Pages of 50 of a list; versions are pruned long before. */
const PAGES_MAX = 20;

/** @throws {UserError} when the function has no alias `live` */
export const readVersions = async ({ client, apiFunction }: Functions): Promise<Versions> => {
  const versions = await listVersions(client, apiFunction);
  const live = (await listAliases(client, apiFunction)).find((alias) => alias.Name === ALIAS);
  if (live?.FunctionVersion === undefined)
    throw new UserError(`the function ${apiFunction} has no alias "${ALIAS}"; deploy the cell first`);
  return {
    versions: versions
      .flatMap(({ Version: number, LastModified }) =>
        number === undefined || number === '$LATEST' ? [] : [{ number, publishedAt: instantOf(LastModified) }],
      )
      .sort((a, b) => Number(b.number) - Number(a.number)),
    live: live.FunctionVersion,
    revisionId: live.RevisionId ?? '',
    weights: new Map(Object.entries(live.RoutingConfig?.AdditionalVersionWeights ?? {}).map(([number, weight]) => [number, weight * 100])),
  };
};

const listVersions = async (client: LambdaClient, FunctionName: string): Promise<readonly FunctionConfiguration[]> => {
  const found: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await client.send(new ListVersionsByFunctionCommand({ FunctionName, Marker }));
    found.push(...(answer.Versions ?? []));
    Marker = answer.NextMarker;
    if (Marker === undefined) return found;
  }
  throw new Error(`${FunctionName} has more than ${PAGES_MAX} pages of versions; see why they are not pruned`);
};

const listAliases = async (client: LambdaClient, FunctionName: string): Promise<readonly AliasConfiguration[]> => {
  // A function of this system has two at most.
  const answer = await client.send(new ListAliasesCommand({ FunctionName, MaxItems: 50 }));
  return answer.Aliases ?? [];
};

/** Lambda writes `2026-11-24T23:04:11.465+0000`. */
const instantOf = (text: string | undefined): string => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? (text ?? '') : new Date(ms).toISOString();
};
