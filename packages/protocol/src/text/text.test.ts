import { expect, test } from 'vitest';
import { checkTexts, cutText, cutToEnd, decodeText, keptName, mendTexts, shortened } from './index.ts';

const astronaut = '👩‍🚀';
const samples = [`${astronaut}${astronaut}x`, 'e\u0301e\u0301e\u0301', '🇩🇪🇫🇷🇯🇵', 'क्षि', '\r\n\r\n', `${'a'.repeat(199)}🍎`, `o${'\u0301'.repeat(500)}`];

test('wherever a text is cut, no character is left in halves, and nothing is put in', () => {
  const segments = (text: string) => [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map((one) => one.segment);
  for (const text of samples) {
    for (let most = 0; most <= text.length + 1; most++) {
      const cut = cutText(text, most);
      expect(cut.length).toBeLessThanOrEqual(most);
      expect([cut, cut.isWellFormed(), text.startsWith(cut)]).toEqual([cut, true, true]);
      const whole = segments(text);
      const isWhole = segments(cut).every((one, index) => one === whole[index]);
      // Only a single character longer than the bound may be cut at all.
      expect(isWhole || (whole[0] as string).length > most, `${text} at ${most}`).toBe(true);
    }
  }
});

test('as much is left as fits', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('abcd', 3)).toBe('abc');
  expect(cutText(`ab${astronaut}`, 2 + astronaut.length - 1)).toBe('ab');
  expect(cutText(`ab${astronaut}c`, 2 + astronaut.length)).toBe(`ab${astronaut}`);
  expect(cutText(`o${'\u0301'.repeat(500)}`, 100)).toHaveLength(100);
  expect(shortened('abcd', 3)).toBe('ab…');
  expect(shortened('ab🍎d', 4)).toBe('ab…');
});

test('the end of a text begins with a whole character', () => {
  expect(cutToEnd('a🍎b', 2)).toBe('b');
  expect(cutToEnd('a🍎b', 3)).toBe('🍎b');
  expect(cutToEnd('ab', 5)).toBe('ab');
});

test('a name is kept composed, without what hides in it, and with its ending', () => {
  expect(keptName('A\u0308pfel.png')).toBe('Äpfel.png');
  expect(keptName('a\u0000b\nc\u202egnp.exe')).toBe('a b c gnp.exe');
  expect(keptName('half \ud83c')).toBe('half \ufffd');
  expect(keptName(' \u0007 ')).toBeNull();
  expect(keptName(undefined)).toBeNull();
  const long = keptName(`${'a'.repeat(195)}🍎🍎.jpeg`) as string;
  expect([long.length <= 200, long.isWellFormed(), long.endsWith('a.jpeg')]).toEqual([true, true, true]);
  expect(keptName(`${'a'.repeat(199)}🍎`)).toBe('a'.repeat(199));
});

test('what cannot be kept is refused with its place, or mended', () => {
  const chain = { steps: [{ id: 'one' }, { inputs: { prompt: { text: 'a\u0000' } } }] };
  expect(() => checkTexts(chain)).toThrow(/^steps\.1\.inputs\.prompt\.text: /);
  expect(() => checkTexts({ 'half\ud800': 1 })).toThrow(/half of a character/);
  expect(() => checkTexts('\udc00')).toThrow(/^The text: /);
  expect(() => checkTexts({ text: 'whole 🍎', more: [null, 1, true] })).not.toThrow();
  expect(mendTexts({ 'a\u0000': ['b\ud800', 1, null] })).toEqual({ 'a\ufffd': ['b\ufffd', 1, null] });
});

test.each([
  ['UTF-8', Buffer.from('ein grüner Apfel 🍎')],
  ['UTF-8 with its mark', Buffer.from('\ufeffein grüner Apfel 🍎')],
  ['UTF-16, little end first', Buffer.from('\ufeffein grüner Apfel 🍎', 'utf16le')],
  ['UTF-16, big end first', Buffer.from('\ufeffein grüner Apfel 🍎', 'utf16le').swap16()],
])('a text in %s is read as it was written', (_, bytes) => {
  expect(decodeText(bytes)).toBe('ein grüner Apfel 🍎');
});

test('a text in Latin-1 is read as it was written, one in an encoding that cannot be told is refused', () => {
  expect(decodeText(Buffer.from('ein grüner Apfel, à côté', 'latin1'))).toBe('ein grüner Apfel, à côté');
  expect(decodeText(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x20, 0x97, 0x20, 0x31, 0x80))).toBe('café — 1€');
  // "красное яблоко" in KOI8-R, "赤いりんご" in Shift-JIS, a picture's first bytes, UTF-16 without its mark.
  for (const hex of ['cbd2c1d3cecfc52ed1c2cccfcbcf', '90d482a282e882f182b2', '89504e470d0a1a0a0000000d49484452', '6100620063006400']) {
    expect(() => decodeText(Buffer.from(hex, 'hex')), hex).toThrow(/not text in UTF-8/);
  }
});
