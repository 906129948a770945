import type { RunView } from '@atelier/protocol';
import { Download, FileArchive } from 'lucide-react';
import { contentUrl } from '../../api/client.ts';
import { sentenceOf } from '../../api/sentence.ts';
import { Button } from '../../ui/button.tsx';
import { formatBytes } from '../../units/bytes.ts';
import { type Film, type Format, formatWords, useFilms } from './film-maker.ts';
import { walkOf } from './walk-form.ts';

/** The film in each format, and its frames. What is not there yet is made from the frames that are. */
export function Downloads({ run, doneFrames }: { run: RunView; doneFrames: number }) {
  const { films, make } = useFilms(run);
  const whole = run.state === 'succeeded';
  const step = walkOf(run);
  return (
    <section aria-label="Download">
      <h2 className="mb-2 text-sm font-semibold text-muted">Download</h2>
      <div className="grid gap-1.5">
        {films.map((film) => (
          <FilmButton key={film.format} film={film} ready={whole} onMake={make} />
        ))}
        <Button asChild={doneFrames > 0} disabled={doneFrames === 0} icon={FileArchive} className="justify-start! px-3!">
          {doneFrames > 0 ? (
            <a href={`/api/runs/${run.id}/steps/${step?.id}/frames.zip${step?.state === 'succeeded' ? '' : '?partial=1'}`} download>
              <FileArchive aria-hidden className="size-4 shrink-0" />
              <span className="sr-only">Download as a zip:</span>
              Frames
              <span className="number ml-auto text-xs font-normal text-muted">{doneFrames}</span>
            </a>
          ) : (
            'Frames'
          )}
        </Button>
      </div>
      {films.map(({ format, error }) =>
        error ? (
          <p key={format} role="alert" className="mt-2 text-xs text-bad">
            {formatWords[format]}: {sentenceOf(error).message} {sentenceOf(error).hint}
          </p>
        ) : null,
      )}
      {!whole && <p className="mt-2 text-xs text-muted empty:hidden">{whenKept(run, doneFrames)}</p>}
    </section>
  );
}

function whenKept(run: RunView, doneFrames: number): string {
  if (doneFrames > 0) return 'Videos can be downloaded when all frames are done; frames at any time.';
  return run.endedAt === null ? 'Downloads are ready when frames are done.' : '';
}

function FilmButton({ film, ready, onMake }: { film: Film; ready: boolean; onMake: (format: Format) => void }) {
  const word = formatWords[film.format];
  if (film.outputId)
    return (
      <Button asChild className="justify-start! px-3!">
        <a href={`${contentUrl(film.outputId)}?download=1`} download>
          <Download aria-hidden className="size-4 shrink-0" />
          <span className="sr-only">Download the</span>
          {word}
          <span className="number ml-auto text-xs font-normal text-muted">{film.sizeBytes === null ? '' : formatBytes(film.sizeBytes)}</span>
        </a>
      </Button>
    );
  const busy = film.fraction !== null;
  return (
    <Button icon={Download} busy={busy} disabled={!ready} onClick={() => onMake(film.format)} className="justify-start! px-3!">
      <span className="sr-only">{busy ? 'Being made:' : 'Make and download the'}</span>
      {word}
      <span className="number ml-auto text-xs font-normal text-muted">
        {busy ? `${Math.round((film.fraction ?? 0) * 100)} %` : ready ? 'not made yet' : ''}
      </span>
    </Button>
  );
}
