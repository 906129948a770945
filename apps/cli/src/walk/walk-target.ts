import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { AtelierError } from '@atelier/protocol';

const filmFormats = ['gif', 'mp4', 'webp'] as const;
type FilmFormat = (typeof filmFormats)[number];

/** What --out asks for. */
export type WalkTarget =
  | { readonly kind: 'film'; readonly format: FilmFormat; readonly path: string }
  | { readonly kind: 'zip'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string };

/**
 * Reads --out: a film by its ending, a zip of the frames, or a folder for them, which need not be there.
 * @throws AtelierError `invalid-input` for another ending
 */
export async function walkTarget(out: string): Promise<WalkTarget> {
  const found = await stat(out).catch(() => undefined);
  const ending = extname(out).slice(1).toLowerCase();
  if (found?.isDirectory() || /[/\\]$/.test(out) || ending === '') return { kind: 'folder', path: out };
  const format = filmFormats.find((known) => known === ending);
  if (format) return { kind: 'film', format, path: out };
  if (ending === 'zip') return { kind: 'zip', path: out };
  throw new AtelierError('invalid-input', `A walk cannot be written as .${ending}.`, {
    hint: 'Let --out end in .gif, .mp4, .webp or .zip, or name a folder, which gets the frames as PNG.',
  });
}
