import type { GalleryItem } from '@atelier/protocol';
import type { ReactNode } from 'react';
import { nameOf, ownAddresses, TileFace } from './tile.tsx';

const side = 60;
const step = side + 8;
const reach = 44;
const most = 4;

interface LineageProps {
  item: GalleryItem;
  parents: readonly GalleryItem[];
  offspring: readonly GalleryItem[];
  onOpen: (id: string) => void;
}

/** What a thing was made from, on the left, and what was made from it, on the right. */
export function Lineage({ item, parents, offspring, onOpen }: LineageProps) {
  const [before, after] = [parents.slice(0, most), offspring.slice(0, most)];
  const height = Math.max(before.length, after.length, 1) * step - 8;
  return (
    <div className="overflow-x-auto">
      <div className="flex w-fit items-center" style={{ minHeight: height }}>
        <Kin label="Made from" items={before} onOpen={onOpen} />
        {before.length > 0 && <Threads ends={before} height={height} />}
        <Small item={item}>
          <span className="absolute inset-0 rounded-lg ring-2 ring-accent ring-inset" />
        </Small>
        {after.length > 0 && <Threads ends={after} height={height} mirrored />}
        <Kin label="Made from it" items={after} onOpen={onOpen} />
      </div>
      <More words="more that it was made from" count={parents.length - before.length} />
      <More words="more made from it" count={offspring.length - after.length} />
    </div>
  );
}

function Kin({ label, items, onOpen }: { label: string; items: readonly GalleryItem[]; onOpen: (id: string) => void }) {
  if (items.length === 0) return null;
  return (
    <ul aria-label={label} className="flex flex-col gap-2">
      {items.map((item) => (
        <li key={item.id}>
          <button type="button" title={nameOf(item)} onClick={() => onOpen(item.id)} className="block rounded-lg">
            <span className="sr-only">{nameOf(item)}</span>
            <Small item={item} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Small({ item, children }: { item: GalleryItem; children?: ReactNode }) {
  return (
    <span
      data-modality={item.modality}
      className="relative block overflow-hidden rounded-lg bg-well text-[8px] ring-1 ring-line"
      style={{ width: side, height: side }}
    >
      <TileFace item={item} addresses={ownAddresses} small />
      {children}
    </span>
  );
}

/** Curves from each end to the middle, in the colour of what flows. */
function Threads({ ends, height, mirrored = false }: { ends: readonly GalleryItem[]; height: number; mirrored?: boolean }) {
  const top = (height - (ends.length * step - 8)) / 2 + side / 2;
  return (
    <svg width={reach} height={height} viewBox={`0 0 ${reach} ${height}`} fill="none" aria-hidden className={`shrink-0 ${mirrored ? '-scale-x-100' : ''}`}>
      {ends.map((end, index) => {
        const y = top + index * step;
        return (
          <path
            key={end.id}
            data-modality={end.modality}
            d={`M0 ${y}C${reach / 2} ${y} ${reach / 2} ${height / 2} ${reach} ${height / 2}`}
            stroke="var(--hue)"
            strokeWidth="2"
            strokeLinecap="round"
          />
        );
      })}
    </svg>
  );
}

const More = ({ count, words }: { count: number; words: string }) =>
  count > 0 ? (
    <p className="mt-1 text-xs text-muted">
      {count} {words}
    </p>
  ) : null;
