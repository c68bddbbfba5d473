/** The name of a table that an ARN names; undefined for what is none. */
export const tableOf = (arn: string | undefined): string | undefined => /:table\/([^/]+)$/.exec(arn ?? '')?.[1];
