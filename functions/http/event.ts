/** What API Gateway hands over (REST API, Lambda proxy integration), as far as it is used, and what goes back. */

type Texts = { readonly [name: string]: string | undefined } | null | undefined;
type Lists = { readonly [name: string]: readonly string[] | undefined } | null | undefined;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export interface ApiEvent {
  readonly httpMethod: string;
  /** The path with its parameters' names, `/orders/{id}`. */
  readonly resource: string;
  readonly pathParameters?: Texts;
  readonly queryStringParameters?: Texts;
  readonly multiValueQueryStringParameters?: Lists;
  readonly headers?: Texts;
  readonly multiValueHeaders?: Lists;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext?: { readonly requestId?: string | undefined } | undefined;
}

export interface ApiAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Every value of each header, by its name in lower case. */
export const headersOf = (event: ApiEvent): ReadonlyMap<string, readonly string[]> =>
  valuesOf(event.multiValueHeaders, event.headers, (name) => name.toLowerCase());

/** Every value of each query parameter. */
export const queryOf = (event: ApiEvent): ReadonlyMap<string, readonly string[]> =>
  valuesOf(event.multiValueQueryStringParameters, event.queryStringParameters, (name) => name);

/** The caller's own id where it is harmless in logs and headers, else API Gateway's. */
export const correlationIdOf = (event: ApiEvent, given: string | undefined, fallback: string): string =>
  given !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : (event.requestContext?.requestId ?? fallback);

const valuesOf = (lists: Lists, texts: Texts, rename: (name: string) => string): ReadonlyMap<string, readonly string[]> => {
  const values = new Map<string, readonly string[]>();
  const add = (name: string, more: readonly string[]) => values.set(rename(name), [...(values.get(rename(name)) ?? []), ...more]);
  if (lists) for (const [name, list] of Object.entries(lists)) add(name, list ?? []);
  else for (const [name, text] of Object.entries(texts ?? {})) add(name, text === undefined ? [] : [text]);
  return values;
};
