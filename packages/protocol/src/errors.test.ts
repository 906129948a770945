import { expect, test } from 'vitest';
import { AtelierError, errorCodes } from './errors.ts';

test('an error survives the way over the wire', () => {
  const error = new AtelierError('no-offer', 'Nobody draws.', { hint: 'Pull a model.' });
  const received = AtelierError.from(JSON.parse(JSON.stringify(error)));
  expect(received).toBeInstanceOf(AtelierError);
  expect(received.toJSON()).toEqual({ code: 'no-offer', message: 'Nobody draws.', hint: 'Pull a model.' });
  expect(received.status).toBe(409);
});

test('a full disk and a taken port are recognised, and anything else is a defect of ours', () => {
  expect(AtelierError.from(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })).code).toBe('disk-full');
  expect(AtelierError.from(Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })).code).toBe('port-in-use');
  expect(AtelierError.from('what?').code).toBe('internal');
  expect(AtelierError.from({ code: 'made-up', message: 'x' }).code).toBe('internal');
});

test('every code has a status of an error and a sentence', () => {
  for (const { status, meaning } of Object.values(errorCodes)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  }
});
