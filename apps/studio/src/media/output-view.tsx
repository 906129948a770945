import { modalityOf, type OutputView as Output } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { Download, FileQuestion, Maximize2 } from 'lucide-react';
import { useState } from 'react';
import { contentUrl } from '../api/client.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { formatBytes } from '../units/bytes.ts';
import { Lightbox } from './lightbox.tsx';

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

/** Text of an output, read once. @param src where it is, if not among one's own */
export function useOutputText(id: string, src = contentUrl(id)) {
  return useQuery({
    queryKey: ['output-text', id, src],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const answer = await fetch(src, { signal });
      if (!answer.ok) throw new Error(`The text could not be read (${answer.status}).`);
      return answer.text();
    },
  });
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
  const [open, setOpen] = useState(false);
  return (
    <div className={`group ${stage}`}>
      <button type="button" aria-label={`Enlarge ${title}`} onClick={() => setOpen(true)} className="block size-full cursor-zoom-in!">
        <img src={contentUrl(id)} alt={title} className="size-full object-contain" />
      </button>
      <IconButton
        icon={Maximize2}
        label="Enlarge"
        look="plain"
        size="small"
        tabIndex={-1}
        onClick={() => setOpen(true)}
        className="absolute right-2 bottom-2 opacity-0 group-hover:opacity-100"
      />
      <Lightbox open={open} onOpenChange={setOpen} src={contentUrl(id)} title={title} />
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

/** Keeps an output as a file. */
export function DownloadButton({ output, name }: { output: Shown; name: string }) {
  return (
    <Button asChild look="quiet" size="small">
      <a href={`${contentUrl(output.id)}?download=1`} download aria-label={`Download ${name}`}>
        <Download aria-hidden className="size-4" />
        <span className="number">{formatBytes(output.sizeBytes)}</span>
      </a>
    </Button>
  );
}
