import { AtelierError } from './errors.ts';

/** A size in words, such as `4GB`, `512 MiB` or `1000`, as bytes. @returns undefined for a text that is no size */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = match[2] === undefined ? 0 : 'kmgt'.indexOf(match[2].toLowerCase()) + 1;
  return Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}

/** A size that somebody set, if they did. @param name of the setting @throws AtelierError `invalid-input` */
export function byteSetting(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new AtelierError('invalid-input', `${name} is a size, and "${text}" is none.`, { hint: 'Write it like 20GB.' });
}
