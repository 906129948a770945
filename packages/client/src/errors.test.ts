import { ORPCError } from '@orpc/client';
import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import { errorOfBody, errorOfRequest, isUnanswered } from './errors.ts';

const body = { code: 'no-offer', message: 'No edge can draw.', hint: 'Pull a model.' };

test('the body in an oRPC error comes back whole', () => {
  expect(errorOfRequest(new ORPCError('no-offer', { status: 409, data: body })).toJSON()).toEqual(body);
});

test('an answer of another route comes back by its body, and one without a body by its status', () => {
  expect(errorOfBody(409, JSON.stringify({ error: body })).toJSON()).toEqual(body);
  expect(errorOfBody(401, '<html>').code).toBe('unauthenticated');
});

test('a studio that does not answer is unavailable, with a hint to start it', async () => {
  const client = createClient({ url: 'http://studio.invalid', fetch: () => Promise.reject(new TypeError('fetch failed')) });
  await expect(client.api.queue()).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('atelier start') });
});

test('a call sends the token and the idempotency key, and an answered error keeps its code', async () => {
  let seen: Request | undefined;
  const client = createClient({
    url: 'http://studio.invalid/',
    token: 'secret',
    fetch: async (request) => {
      seen = request as Request;
      return Response.json({ defined: false, code: 'no-offer', status: 409, message: body.message, data: body }, { status: 409 });
    },
  });
  await expect(client.api.runs.create({ chain: 'text-to-image' }, { context: { idempotencyKey: 'k1' } })).rejects.toMatchObject(body);
  expect(seen?.url).toBe('http://studio.invalid/api/runs');
  expect(seen?.headers.get('authorization')).toBe('Bearer secret');
  expect(seen?.headers.get('idempotency-key')).toBe('k1');
});

test('what the studio said is told from a studio that does not answer, whatever the code', async () => {
  const said = (code: string, status: number) => errorOfBody(status, JSON.stringify({ error: { code, message: 'm' } }));
  for (const [code, status] of [
    ['unavailable', 503],
    ['edge-lost', 503],
    ['timeout', 504],
    ['download-failed', 502],
    ['internal', 500],
  ] as const) {
    expect([code, isUnanswered(said(code, status))]).toEqual([code, false]);
    const overRpc = new ORPCError(code, { status, data: { code, message: 'm' } });
    expect([code, isUnanswered(errorOfRequest(overRpc))]).toEqual([code, false]);
  }
  expect(isUnanswered(said('starting', 503))).toBe(true);
  for (const status of [502, 503, 504]) {
    expect(isUnanswered(errorOfBody(status, '<html>Bad gateway</html>'))).toBe(true);
    expect(isUnanswered(errorOfRequest(new ORPCError('BAD_GATEWAY', { status, data: { body: '<html>' } })))).toBe(true);
  }
  for (const status of [400, 401, 404, 429, 500]) expect(isUnanswered(errorOfBody(status, ''))).toBe(false);
  expect(isUnanswered(errorOfRequest(new TypeError('Failed to fetch')))).toBe(true);
  expect(isUnanswered(errorOfRequest(Object.assign(new Error('read'), { code: 'ECONNRESET' })))).toBe(true);
  expect(isUnanswered(errorOfRequest(new DOMException('stopped', 'AbortError')))).toBe(false);
  // A defect of the program is no sign of a studio that is away.
  expect(isUnanswered(new TypeError('x is undefined'))).toBe(false);
});

test('a call of the client tells the two apart through all that lies between', async () => {
  const answering = (answer: () => Promise<Response>) => createClient({ url: 'http://studio.invalid', fetch: answer });
  const problemOf = (answer: () => Promise<Response>) =>
    answering(answer)
      .api.queue()
      .then(
        () => null,
        (problem: unknown) => problem,
      );
  const away = { code: 'unavailable', message: 'kitchen is away.' };
  expect(isUnanswered(await problemOf(async () => Response.json({ ...away, defined: false, status: 503, data: away }, { status: 503 })))).toBe(false);
  expect(isUnanswered(await problemOf(async () => Response.json({ error: away }, { status: 503 })))).toBe(false);
  expect(isUnanswered(await problemOf(async () => Response.json({ error: { code: 'starting', message: 'm' } }, { status: 503 })))).toBe(true);
  expect(isUnanswered(await problemOf(async () => new Response('<html>', { status: 502 })))).toBe(true);
  expect(isUnanswered(await problemOf(() => Promise.reject(new TypeError('fetch failed'))))).toBe(true);
});
