import { modalityOf, type OutputView as Output } from '@atelier/protocol';
import { Download, FileQuestion, Maximize2 } from 'lucide-react';
import { contentUrl } from '../api/client.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { formatBytes } from '../units/bytes.ts';
import { opens, useViewer } from '../viewer/opening.ts';
import { useOutputText } from './output-text.ts';

type Shown = Pick<Output, 'id' | 'mediaType' | 'sizeBytes'>;

/** A result, in the way of its kind: text to read, pictures to enlarge, sound and film to play. */
export function OutputView({ output, title }: { output: Shown; title: string }) {
  const modality = modalityOf(output.mediaType);
  if (modality === 'text') return <TextOutput id={output.id} />;
  if (modality === 'image') return <PictureOutput id={output.id} title={title} />;
  if (modality === 'video') return <FilmOutput output={output} title={title} />;
  // biome-ignore lint/a11y/useMediaCaption: what is shown was just made and has no captions.
  if (modality === 'audio') return <audio controls preload="metadata" src={contentUrl(output.id)} aria-label={title} className="h-12 w-full" />;
  return (
    <p className="flex items-center gap-2 text-sm text-muted">
      <FileQuestion aria-hidden className="size-4" />
      {output.mediaType}, {formatBytes(output.sizeBytes)}
    </p>
  );
}

function TextOutput({ id }: { id: string }) {
  const text = useOutputText(id);
  if (text.isError) return <Problem error={text.error} onRetry={() => void text.refetch()} />;
  if (!text.data && text.isPending) return <Skeleton className="h-14" />;
  return <Prose text={text.data ?? ''} />;
}

/** Text in the size to be read; short ones large. */
export function Prose({ text, growing = false }: { text: string; growing?: boolean }) {
  return (
    <p className={`max-h-96 min-h-14 overflow-y-auto whitespace-pre-wrap break-words ${text.length < 240 ? 'text-lg' : 'text-base'}`}>
      {text}
      {growing && <span aria-hidden className="breathe ml-0.5 inline-block h-[1em] w-[3px] translate-y-0.5 rounded-full bg-hue" />}
    </p>
  );
}

const stage = 'relative mx-auto aspect-square w-full max-w-[384px] overflow-hidden rounded-xl bg-well';

/** The stage of pictures and films: always the same size, so that nothing jumps when one arrives. */
export const stageLook = stage;

function PictureOutput({ id, title }: { id: string; title: string }) {
  const open = useViewer();
  return (
    <div className={`group ${stage}`}>
      <button type="button" {...opens(id)} aria-label={`Enlarge ${title}`} onClick={() => open(id)} className="block size-full cursor-zoom-in!">
        <img src={contentUrl(id)} alt={title} className="size-full object-contain" />
      </button>
      <IconButton
        icon={Maximize2}
        label="Enlarge"
        look="plain"
        size="small"
        tabIndex={-1}
        onClick={() => open(id)}
        className="absolute right-2 bottom-2 opacity-0 group-hover:opacity-100"
      />
    </div>
  );
}

function FilmOutput({ output, title }: { output: Shown; title: string }) {
  return (
    <div className={stage}>
      <video src={contentUrl(output.id)} aria-label={title} controls loop muted autoPlay={!reducedMotion()} playsInline className="size-full object-contain" />
    </div>
  );
}

const reducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Opens what is shown small, or in a line, in the viewer; an image is opened by itself. */
export function EnlargeButton({ output, title }: { output: Shown; title: string }) {
  const open = useViewer();
  if (modalityOf(output.mediaType) === 'image') return null;
  return <IconButton {...opens(output.id)} icon={Maximize2} size="small" label={`Enlarge ${title}`} onClick={() => open(output.id)} />;
}

/** Keeps an output as a file. */
export function DownloadButton({ output, name }: { output: Shown; name: string }) {
  return (
    <Button asChild look="quiet" size="small">
      <a href={`${contentUrl(output.id)}?download=1`} download>
        <Download aria-hidden className="size-4" />
        <span className="sr-only">Download {name},</span>
        <span className="number">{formatBytes(output.sizeBytes)}</span>
      </a>
    </Button>
  );
}
