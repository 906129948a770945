import { expect, test } from 'vitest';
import { ownOrigins } from './own-origin.ts';

const refused = (host: string | undefined, origins = ownOrigins('127.0.0.1')) => {
  try {
    origins.checkHost(host);
    return false;
  } catch {
    return true;
  }
};

test('a server on loopback is called by its own names only', () => {
  expect(['localhost:4747', '127.0.0.1:4747', '[::1]:4747', 'LOCALHOST'].map((host) => refused(host))).toEqual([false, false, false, false]);
  expect(['evil.example', '192.168.1.4:4747', undefined, 'localhost.evil.example', '127.0.0.1.nip.io'].map((host) => refused(host))).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
});

test('a server on all addresses may also be called by a number, never by an unknown name', () => {
  const origins = ownOrigins('0.0.0.0');
  expect(refused('192.168.1.4:4747', origins)).toBe(false);
  expect(refused('[fd00::1]:4747', origins)).toBe(false);
  expect(refused('evil.example:4747', origins)).toBe(true);
});

test('an origin given by the owner counts for host and page', () => {
  const origins = ownOrigins('127.0.0.1', ['https://atelier.example.org/']);
  expect(refused('atelier.example.org', origins)).toBe(false);
  expect(origins.isOwn('https://atelier.example.org', 'atelier.example.org')).toBe(true);
  expect(origins.isOwn('https://other.example.org', 'atelier.example.org')).toBe(false);
  expect(() => ownOrigins('127.0.0.1', ['atelier.example.org'])).toThrow(/not an origin/);
});

test('a page on another port of the same machine is not ours', () => {
  expect(ownOrigins('127.0.0.1').isOwn('http://127.0.0.1:3000', '127.0.0.1:4747')).toBe(false);
});
