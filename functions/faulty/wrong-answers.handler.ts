/** A really broken version: the status is right, the content is not. Orders that are read show one unit too many in each line. */
import { handler as right } from '../api.handler.ts';
import { isOrderRead } from './requests.ts';

export const handler: typeof right = async (event, context) => {
  const answer = await right(event, context);
  return isOrderRead(event) ? { ...answer, body: JSON.stringify(JSON.parse(answer.body, oneTooMany)) } : answer;
};

const oneTooMany = (name: string, value: unknown): unknown => (name === 'quantity' && typeof value === 'number' ? value + 1 : value);
