/** Work that has no bound of its own. @throws {Error} when it does not end within `withinMs` milliseconds */
export const inTime = async <T>(work: Promise<T>, withinMs: number): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the work did not end within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
