import { modalityOf } from '@atelier/protocol';
import { useState } from 'react';
import { useOutputText } from '../media/output-view.tsx';
import { Wave } from '../media/wave.tsx';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { formatBytes } from '../units/bytes.ts';
import { type Addresses, nameOf, type TileItem } from './tile.tsx';

/** A thing as large as there is room for. Small pictures are enlarged by whole numbers, so that their pixels stay even. */
export function ItemStage({ item, addresses }: { item: TileItem; addresses: Addresses }) {
  const src = addresses.content(item.id);
  const kind = modalityOf(item.mediaType);
  if (kind === 'image') return <PictureStage key={src} src={src} name={nameOf(item)} />;
  if (kind === 'video') {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    return (
      <video
        key={src}
        src={src}
        aria-label={nameOf(item)}
        controls
        loop
        muted
        autoPlay={!still}
        playsInline
        className="max-h-[56dvh] w-[min(100%,640px)] rounded-xl bg-well lg:max-h-[calc(100dvh-180px)]"
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
  if (kind === 'text') return <TextStage id={item.id} src={src} />;
  return (
    <p className="text-base text-muted">
      {item.mediaType}, {formatBytes(item.sizeBytes)}. It can be downloaded.
    </p>
  );
}

function PictureStage({ src, name }: { src: string; name: string }) {
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [broken, setBroken] = useState(false);
  if (broken) return <p className="text-base text-muted">The picture could not be brought here. Its machine may be away.</p>;
  const scale = size && Math.max(1, Math.min(4, Math.floor(640 / Math.max(size.width, size.height))));
  return (
    <img
      src={src}
      alt={name}
      onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => setSize({ width, height })}
      onError={() => setBroken(true)}
      style={size && scale && scale > 1 ? { width: size.width * scale } : undefined}
      className={`max-h-[56dvh] max-w-full rounded-xl object-contain lg:max-h-[calc(100dvh-180px)] ${size ? '' : 'size-64 bg-well'}`}
    />
  );
}

function TextStage({ id, src }: { id: string; src: string }) {
  const text = useOutputText(id, src);
  if (text.isError) return <Problem error={text.error} onRetry={() => void text.refetch()} />;
  if (text.isPending) return <Skeleton className="h-40 w-full max-w-2xl" />;
  return (
    <p
      data-modality="text"
      className="max-h-[60dvh] w-full max-w-2xl overflow-y-auto rounded-2xl bg-hue-soft/40 p-6 text-lg leading-relaxed break-words whitespace-pre-wrap sm:p-10"
    >
      {text.data}
    </p>
  );
}
