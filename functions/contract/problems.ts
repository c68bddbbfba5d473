/** Every refusal the API knows: one place maps a cause to an HTTP status (RFC 9457 `type` is `/problems/NAME`). */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request does not fit the contract' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'The token does not carry the scope' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'method-not-allowed': { status: 405, title: 'The path exists, the method does not' },
  'order-cancelled': { status: 409, title: 'The order is cancelled' },
  'order-shipped': { status: 409, title: 'The order is shipped' },
  'order-full': { status: 409, title: 'The order holds as many facts as it may' },
  'out-of-stock': { status: 409, title: 'This region does not hold enough of a sku' },
  damaged: { status: 409, title: 'An item that the write needs is damaged here, until an operator repairs it' },
  'record-full': { status: 409, title: 'The history of the record has grown as long as it may' },
  'wrong-region': { status: 409, title: 'Another region holds the reservation' },
  'precondition-failed': { status: 412, title: 'The record is not what the request says it is' },
  'unknown-version': { status: 412, title: 'This region has not heard of what the edit was made from' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json in UTF-8, without a content coding' },
  'key-reused': { status: 422, title: 'The Idempotency-Key was used with another body' },
  'precondition-required': { status: 428, title: 'An edit must say what it was made from' },
  busy: { status: 429, title: 'Others write the same at the same time' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something failed here' },
  'bad-gateway': { status: 502, title: 'The function did not answer' },
  unavailable: { status: 503, title: 'This region cannot do this now' },
  'gateway-timeout': { status: 504, title: 'The function did not answer in time' },
} as const;

export type ProblemName = keyof typeof PROBLEMS;
