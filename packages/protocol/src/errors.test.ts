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

test('what PostgreSQL says of a full disk or of its own end is told as such, also inside of a wrapper; what it says of a query is a defect of ours', () => {
  const database = (code: string) => Object.assign(new Error('could not extend file'), { code });
  expect(AtelierError.from(database('53100'))).toMatchObject({ code: 'disk-full', hint: expect.any(String) });
  expect(AtelierError.from(new Error('Failed query: insert', { cause: database('53100') })).code).toBe('disk-full');
  for (const code of ['53300', '57P01', '57P03', '08006']) expect(AtelierError.from(database(code)).code).toBe('unavailable');
  for (const code of ['23505', '42601', '57014', '22P05']) expect(AtelierError.from(database(code)).code).toBe('internal');
  expect(AtelierError.from(new Error('Connection terminated unexpectedly')).code).toBe('unavailable');
});

test('every code has a status of an error and a sentence', () => {
  for (const { status, meaning } of Object.values(errorCodes)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  }
});
