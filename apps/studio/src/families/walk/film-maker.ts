import type { OutputId, RunId, RunSummary, RunView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, client, contentUrl, queries, studio } from '../../api/client.ts';
import { filmOf } from './walk-form.ts';

export const formats = ['mp4', 'webp', 'gif'] as const;
export type Format = (typeof formats)[number];
export const formatWords: Record<Format, string> = { mp4: 'MP4', webp: 'WebP', gif: 'GIF' };

/** A film that is there, or on its way. */
export interface Film {
  readonly format: Format;
  readonly outputId: OutputId | null;
  readonly sizeBytes: number | null;
  /** 0 to 1 while it is made; null if nobody makes it. */
  readonly fraction: number | null;
  readonly error: unknown;
}

const formatOf = (mediaType: string): Format | undefined => formats.find((format) => mediaType.endsWith(`/${format}`));

/** Films of the same frames that later runs made, with the same pace and the same camera. */
function siblings(run: RunView, listed: readonly RunSummary[]): RunSummary[] {
  const own = filmOf(run)?.parameters ?? {};
  const alike = (other: Record<string, unknown>) => JSON.stringify({ ...other, format: null }) === JSON.stringify({ ...own, format: null });
  const takenOver = (one: RunSummary) => one.steps.some((step) => step.task === 'latent-walk' && step.reused);
  return listed.filter((one) => one.parentRunId === run.id && takenOver(one) && one.lastOutput && alike(one.lastOutput.recipe.parameters));
}

/** Keeps a file from here, as if its link had been pressed. */
export function download(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * The films of a walk by format. One that is not there yet is made by a further run from the film's step on, so that no
 * frame is drawn again, and is downloaded when it is done.
 */
export function useFilms(run: RunView): { films: Film[]; make: (format: Format) => void } {
  const [making, setMaking] = useState<Partial<Record<Format, { fraction: number; error: unknown; outputId: OutputId | null; sizeBytes: number | null }>>>({});
  const listed = useQuery(api.runs.list.queryOptions({ input: { limit: 200, task: 'latent-walk' }, enabled: run.endedAt !== null }));
  const stop = useRef<AbortController | null>(null);
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current?.abort();
  }, []);
  const own = filmOf(run)?.outputs[0];
  const known = [own, ...siblings(run, listed.data ?? []).map((one) => one.lastOutput)].flatMap((output) => (output ? [output] : []));
  const films = formats.map((format): Film => {
    const there = known.find((output) => formatOf(output.mediaType) === format);
    const begun = making[format];
    const outputId = there?.id ?? begun?.outputId ?? null;
    return {
      format,
      outputId,
      sizeBytes: there?.sizeBytes ?? begun?.sizeBytes ?? null,
      fraction: outputId || !begun || begun.error ? null : begun.fraction,
      error: begun?.error ?? null,
    };
  });
  const make = (format: Format) => {
    const signal = stop.current?.signal;
    const tell = (part: Partial<{ fraction: number; error: unknown; outputId: OutputId; sizeBytes: number }>) =>
      signal?.aborted ||
      setMaking((before) => ({ ...before, [format]: { fraction: 0, error: null, outputId: null, sizeBytes: null, ...before[format], ...part } }));
    tell({ fraction: 0, error: null });
    makeFilm(run, format, (fraction) => tell({ fraction }), signal).then(
      (made) => {
        tell({ outputId: made.id, sizeBytes: made.sizeBytes });
        if (!signal?.aborted) download(`${contentUrl(made.id)}?download=1`);
        void queries.invalidateQueries({ queryKey: api.runs.key() });
      },
      (error: unknown) => tell({ error }),
    );
  };
  return { films, make };
}

/** Runs the film's step again with another format and follows it to its end. */
async function makeFilm(run: RunView, format: Format, onProgress: (fraction: number) => void, signal: AbortSignal | undefined) {
  const film = filmOf(run);
  if (!film) throw new Error('This run makes no video.');
  const made = await client.runs.again({ id: run.id, fromStep: film.id, seed: 'same', set: { [`${film.id}.format`]: format } });
  for await (const event of studio.watchRun(made.id as RunId, signal ? { signal } : {})) {
    if (event.kind === 'progress' && event.stepId === film.id) onProgress(event.fraction);
  }
  const ended = await client.runs.get({ id: made.id });
  const output = filmOf(ended)?.outputs[0];
  if (output) return output;
  throw Object.assign(new Error(ended.error?.message ?? filmOf(ended)?.error?.message ?? 'The video was not made.'), { name: 'AtelierError' });
}
