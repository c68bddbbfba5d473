/**
 * Stands in for the SDK's chain of credential providers in the bundles: Lambda always puts the role's credentials into the
 * environment, where the chain looks first, and the rest of it (profiles, SSO, instance metadata, and the clients of STS
 * and SSO) is a third of the bundle and of the time to load it.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const defaultProvider = (): (() => Promise<Credentials>) => async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing; this bundle runs in Lambda only');
  return sessionToken ? { accessKeyId, secretAccessKey, sessionToken } : { accessKeyId, secretAccessKey };
};
