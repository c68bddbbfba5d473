/** A mistake that the user can mend: printed as one line, without a stack, exit code 2. Says what was given, what is allowed, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The text of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
