import { cutText, type GalleryItem, modalityOf } from '@atelier/protocol';
import { Check, Globe, Star } from 'lucide-react';
import { type MouseEvent, memo, useState } from 'react';
import { FilmThumb } from '../media/film-thumb.tsx';
import { useOutputText } from '../media/output-text.ts';
import { Wave } from '../media/wave.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';

/** What a tile needs to know of a thing; what anybody may see of a public one is enough. */
export type TileItem = Pick<GalleryItem, 'id' | 'modality' | 'mediaType' | 'sizeBytes' | 'caption'>;

/** Where the bytes of things are: those of one's own, or those that anybody may see. */
export interface Addresses {
  content(id: string): string;
  thumbnail(id: string, side: number): string;
}

export const ownAddresses: Addresses = {
  content: (id) => `/api/outputs/${id}/content`,
  thumbnail: (id, side) => `/api/outputs/${id}/thumbnail?size=${side}`,
};

export const publicAddresses: Addresses = {
  content: (id) => `/api/public/outputs/${id}/content`,
  thumbnail: (id, side) => `/api/public/outputs/${id}/thumbnail?size=${side}`,
};

/** What a thing is called, for those who do not see it. */
export const nameOf = (item: Pick<TileItem, 'modality' | 'caption'>) =>
  `${modalityWords[item.modality]}${item.caption ? `: ${cutText(item.caption, 120)}` : ''}`;

interface TileFaceProps {
  item: TileItem;
  addresses: Addresses;
  /** A film moves. */
  playing?: boolean;
  /** No larger than a stamp: texts are written small. */
  small?: boolean;
}

/** What a thing looks like, filling its place. */
export const TileFace = memo(function TileFace({ item, addresses, playing = false, small = false }: TileFaceProps) {
  const Icon = modalityIcons[item.modality];
  if (item.modality === 'video') {
    return <FilmThumb src={addresses.content(item.id)} poster={addresses.thumbnail(item.id, 256)} mediaType={item.mediaType} playing={playing} />;
  }
  if (item.modality === 'image') return <PictureFace src={addresses.thumbnail(item.id, 256)} />;
  if (item.modality === 'text') return <TextFace id={item.id} src={addresses.content(item.id)} small={small} />;
  return (
    <span className="absolute inset-0 flex flex-col items-center justify-center gap-3 bg-hue-soft/60 p-5 text-hue">
      {modalityOf(item.mediaType) === 'audio' ? (
        <Wave src={addresses.content(item.id)} sizeBytes={item.sizeBytes} className="h-1/3 w-full" />
      ) : (
        <Icon aria-hidden className="size-8 opacity-60" strokeWidth={1.25} />
      )}
    </span>
  );
});

function PictureFace({ src }: { src: string }) {
  const [broken, setBroken] = useState(false);
  const Icon = modalityIcons.image;
  if (!broken)
    return (
      <img
        src={src}
        alt=""
        loading="lazy"
        decoding="async"
        draggable={false}
        onError={() => setBroken(true)}
        className="absolute inset-0 size-full object-cover"
      />
    );
  return (
    <span className="absolute inset-0 grid place-items-center text-faint">
      <Icon aria-hidden className="size-8 opacity-60" strokeWidth={1.25} />
    </span>
  );
}

function TextFace({ id, src, small }: { id: string; src: string; small: boolean }) {
  const text = useOutputText(id, src).data ?? '';
  return (
    <span
      className={`absolute inset-0 overflow-hidden bg-hue-soft/40 text-left text-ink ${small ? 'p-1.5 text-[9px] leading-3' : 'p-4 text-sm leading-relaxed'} [mask-image:linear-gradient(#000_70%,transparent)]`}
    >
      {cutText(text, 400)}
    </span>
  );
}

interface TileProps {
  item: GalleryItem;
  index: number;
  selected: boolean;
  /** Something is chosen, so that a click chooses too. */
  choosing: boolean;
  /** The one tile of the grid that Tab reaches. */
  current: boolean;
  onOpen: (index: number) => void;
  onChoose: (index: number, event: { shiftKey: boolean }) => void;
  onStar: (item: GalleryItem) => void;
  onFocus: (index: number) => void;
  addresses?: Addresses;
}

/** A thing in the grid: opened by a click, chosen by its mark, by Ctrl or by Shift. */
export const Tile = memo(function Tile({ item, index, selected, choosing, current, onOpen, onChoose, onStar, onFocus, addresses = ownAddresses }: TileProps) {
  const [pointed, setPointed] = useState(false);
  const click = (event: MouseEvent) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey || choosing) onChoose(index, event);
    else onOpen(index);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table's cell would bring a table's layout.
    // biome-ignore lint/a11y/useFocusableInteractive: its link takes the focus.
    <div
      role="gridcell"
      aria-selected={selected}
      data-modality={item.modality}
      className="group relative min-w-0"
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      <a
        href={`/gallery/${item.id}`}
        data-tile={index}
        tabIndex={current ? 0 : -1}
        aria-label={nameOf(item)}
        onClick={click}
        onFocus={() => {
          onFocus(index);
          setPointed(true);
        }}
        onBlur={() => setPointed(false)}
        draggable={false}
        className={`relative block aspect-square w-full overflow-hidden rounded-xl bg-well outline-offset-2 transition-[scale,box-shadow] duration-150 ${selected ? 'scale-95 ring-3 ring-accent' : 'ring-1 ring-line/60 group-hover:ring-line-strong/70'}`}
      >
        <TileFace item={item} addresses={addresses} playing={pointed} />
        <Foot item={item} />
      </a>
      <Mark selected={selected} choosing={choosing} name={nameOf(item)} onClick={(event) => onChoose(index, event)} />
      <StarMark item={item} onStar={onStar} tabIndex={-1} />
    </div>
  );
});

/** Kind and words of a thing, over its lower edge: always the kind of what is no picture, the words when it is pointed at. */
function Foot({ item }: { item: GalleryItem }) {
  const Icon = modalityIcons[item.modality];
  return (
    <span className="absolute inset-x-0 bottom-0 flex items-end gap-1.5 p-2">
      {item.modality !== 'image' && (
        <span className="grid size-6 shrink-0 place-items-center rounded-md bg-hue-soft text-hue shadow-float">
          <Icon aria-hidden className="size-3.5" />
        </span>
      )}
      {item.visibility === 'public' && (
        <span title="Public" className="grid size-6 shrink-0 place-items-center rounded-md bg-surface/90 text-ink shadow-float">
          <Globe aria-hidden className="size-3.5" />
        </span>
      )}
      {item.caption && item.modality !== 'text' && (
        <span className="min-w-0 truncate rounded-md bg-[oklch(0.15_0.005_60/0.78)] px-2 py-0.5 text-xs leading-5 text-[oklch(0.97_0_0)] opacity-0 transition-opacity duration-150 group-focus-within:opacity-100 group-hover:opacity-100">
          {item.caption}
        </span>
      )}
    </span>
  );
}

function Mark({ selected, choosing, name, onClick }: { selected: boolean; choosing: boolean; name: string; onClick: (event: MouseEvent) => void }) {
  const shown = selected || choosing ? '' : 'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100';
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={`${selected ? 'Deselect' : 'Select'} ${name}`}
      onClick={onClick}
      className={`absolute top-2 left-2 grid size-7 place-items-center rounded-full border-2 shadow-float transition-opacity duration-150 ${shown} ${selected ? 'border-accent bg-accent text-on-accent' : 'border-[oklch(1_0_0/0.9)] bg-[oklch(0_0_0/0.3)] text-transparent hover:text-[oklch(1_0_0/0.9)]'}`}
    >
      <Check aria-hidden className="size-4" />
    </button>
  );
}

/** A star over a thing. @param tabIndex -1 where a key of the grid does the same */
export function StarMark({
  item,
  onStar,
  tabIndex,
  name = nameOf(item),
}: {
  item: GalleryItem;
  onStar: (item: GalleryItem) => void;
  tabIndex?: -1;
  name?: string;
}) {
  if (item.deletedAt !== null) return null;
  const shown = item.starred ? '' : 'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100';
  return (
    <button
      type="button"
      tabIndex={tabIndex}
      aria-pressed={item.starred}
      aria-label={`${item.starred ? 'Remove star from' : 'Star'} ${name}`}
      onClick={() => onStar(item)}
      className={`absolute top-2 right-2 grid size-7 place-items-center rounded-full bg-surface/85 shadow-float transition-opacity duration-150 hover:bg-surface ${shown} ${item.starred ? 'text-warn' : 'text-muted hover:text-ink'}`}
    >
      <Star aria-hidden className="size-4" fill={item.starred ? 'currentColor' : 'none'} />
    </button>
  );
}
