import { modalityOf } from '@atelier/protocol';
import { type Addresses, nameOf, type TileItem } from '../gallery/tile.tsx';
import { useOutputText } from '../media/output-text.ts';
import { Wave } from '../media/wave.tsx';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { formatBytes } from '../units/bytes.ts';
import { ImageStage } from './image-stage.tsx';
import type { Zoom } from './use-zoom.ts';

interface StageProps {
  item: TileItem;
  addresses: Addresses;
  zoom: Zoom;
  onSwipe?: (way: 1 | -1) => void;
}

/** A thing as large as its place, in the way of its kind. */
export function Stage({ item, addresses, zoom, onSwipe }: StageProps) {
  const src = addresses.content(item.id);
  if (modalityOf(item.mediaType) === 'image') return <ImageStage key={src} src={src} name={nameOf(item)} zoom={zoom} onSwipe={onSwipe} />;
  return (
    <div className="grid size-full min-h-0 place-items-center">
      <Played key={src} item={item} src={src} />
    </div>
  );
}

/** What is watched, heard or read. */
export function Played({ item, src }: { item: TileItem; src: string }) {
  const kind = modalityOf(item.mediaType);
  if (kind === 'video') {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    return (
      <video
        src={src}
        aria-label={nameOf(item)}
        controls
        loop
        muted
        autoPlay={!still}
        playsInline
        className="max-h-full min-h-0 w-[min(100%,960px)] rounded-xl bg-well object-contain"
      />
    );
  }
  if (kind === 'audio') {
    return (
      <div data-modality="audio" className="flex w-full max-w-2xl flex-col gap-6 rounded-2xl bg-hue-soft/50 p-6 sm:p-10">
        <Wave src={src} sizeBytes={item.sizeBytes} className="h-28 w-full" />
        {/* biome-ignore lint/a11y/useMediaCaption: recordings have no captions. */}
        <audio controls src={src} aria-label={nameOf(item)} className="w-full" />
      </div>
    );
  }
  if (kind === 'text') return <Reading id={item.id} src={src} />;
  return (
    <p className="text-base text-muted">
      {item.mediaType}, {formatBytes(item.sizeBytes)}. It can be downloaded.
    </p>
  );
}

function Reading({ id, src }: { id: string; src: string }) {
  const text = useOutputText(id, src);
  if (text.isError) return <Problem error={text.error} onRetry={() => void text.refetch()} />;
  if (text.isPending) return <Skeleton className="h-40 w-full max-w-2xl" />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by keys.
    <section aria-label="Text" tabIndex={0} data-modality="text" className="max-h-full w-full max-w-2xl overflow-y-auto rounded-2xl bg-hue-soft/40 p-6 sm:p-10">
      <p className="text-lg leading-relaxed break-words whitespace-pre-wrap">{text.data}</p>
    </section>
  );
}
