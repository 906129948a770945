import { expect, test } from 'vitest';
import { deviceWords } from './device.ts';

test('a browser is named by what it is, not by those that it claims to be like', () => {
  const said: Record<string, string> = {
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0': 'Firefox on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0': 'Edge on Windows',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15': 'Safari on macOS',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1':
      'Chrome on iOS',
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36': 'Chrome on Android',
    'curl/8.5.0': 'curl',
  };
  expect(Object.keys(said).map(deviceWords)).toEqual(Object.values(said));
});

test('what a browser does not say, or says at length, is told in few words', () => {
  for (const text of [null, '', '\u0000<script>', '🦊']) expect(deviceWords(text)).toBe('A browser that does not say what it is');
  expect(deviceWords('a'.repeat(100_000)).length).toBeLessThan(60);
});
