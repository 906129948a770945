import { AtelierError } from '../errors.ts';
import { cutText } from './cut-text.ts';

/** The character zero, which PostgreSQL does not keep. */
const zero = '\u0000';
/** Control characters, and those that turn the direction of what follows, which make a name look like another. */
const notInNames = /[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu;
const mostNameCharacters = 200;
const mostEndingCharacters = 16;

/** Whether a text can be kept as it is: no character zero and no half of a character (lone surrogate). */
export const isKept = (text: string): boolean => !text.includes(zero) && text.isWellFormed();

/**
 * Refuses a value from outside if a text anywhere in it cannot be kept.
 * @throws AtelierError `invalid-input`, naming where it stands
 */
export function checkTexts(value: unknown): void {
  const where = findUnkept(value, []);
  if (where === undefined) return;
  const place = where.length === 0 ? 'The text' : where.filter(isKept).join('.');
  throw new AtelierError('invalid-input', `${place}: a text holds the character zero or half of a character.`, {
    hint: 'Type it again: such characters come with copies of damaged files.',
  });
}

function findUnkept(value: unknown, path: string[]): string[] | undefined {
  if (typeof value === 'string') return isKept(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = isKept(key) ? findUnkept(inner, [...path, key]) : path;
    if (found) return found;
  }
  return undefined;
}

/** A text with the replacement character in place of what cannot be kept: for what nobody can type again. */
export const mendText = (text: string): string => text.toWellFormed().replaceAll(zero, '\ufffd');

/** The same for all texts of a value as JSON gives it; names of fields too. */
export function mendTexts(value: unknown): unknown {
  if (typeof value === 'string') return isKept(value) ? value : mendText(value);
  if (Array.isArray(value)) return value.map(mendTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mendText(key), mendTexts(inner)]));
}

/**
 * A file's name from outside as it is kept: composed (Unicode NFC, so that it is found however it is typed), without control
 * characters, and not too long; its ending stays. Null if nothing is left.
 */
export function keptName(name: string | null | undefined): string | null {
  const plain = (name ?? '').toWellFormed().normalize('NFC').replaceAll(notInNames, ' ').trim();
  if (plain === '') return null;
  if (plain.length <= mostNameCharacters) return plain;
  const ending = plain.slice(plain.lastIndexOf('.'));
  if (!ending.startsWith('.') || ending.length > mostEndingCharacters) return cutText(plain, mostNameCharacters);
  return `${cutText(plain.slice(0, -ending.length), mostNameCharacters - ending.length)}${ending}`;
}
