/** The next release's API: its answers, refusals too, tell more. */
import { handler as present } from '../../../functions/api.handler.ts';
import { laterBody } from '../later.ts';

export const handler: typeof present = async (event, context) => {
  const answer = await present(event, context);
  return { ...answer, headers: { ...answer.headers, 'tandem-later': 'gift' }, body: laterBody(answer.body) };
};
