/** Bodies of answers, bounded. */
import type { FetchAnswer } from './answer.ts';

/** Bytes of the longest body: a function answers up to 6 MB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const BODY_BYTES_MAX = 6 * 1_024 * 1_024;

/** @throws {Error} when it is longer than an answer can be; the rest is not read */
export const readBody = async (answer: FetchAnswer): Promise<string> => {
  const { body } = answer;
  if (!body) return bounded(await answer.text());
  const reader = body.getReader();
  // What is no UTF-8 is no JSON either; a replacement character in its place would be.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > BODY_BYTES_MAX) throw tooLong();
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    // Of a body that was read to its end this does nothing.
    void reader.cancel().catch(() => undefined);
  }
};

const bounded = (text: string): string => {
  if (text.length > BODY_BYTES_MAX) throw tooLong();
  return text;
};

const tooLong = (): Error => new Error(`an answer longer than ${BODY_BYTES_MAX} bytes`);
