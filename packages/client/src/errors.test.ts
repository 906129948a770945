import { ORPCError } from '@orpc/client';
import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import { asAtelierError, errorOfBody } from './errors.ts';

const body = { code: 'no-offer', message: 'No edge can draw.', hint: 'Pull a model.' };

test('the body in an oRPC error comes back whole', () => {
  expect(asAtelierError(new ORPCError('no-offer', { status: 409, data: body })).toJSON()).toEqual(body);
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
