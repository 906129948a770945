import type { GalleryItem, Modality, OutputId } from '@atelier/protocol';
import { type ReactNode, useState } from 'react';
import { FilterBar } from '../gallery/filter-bar.tsx';
import type { Filters } from '../gallery/filters.ts';
import { type Addresses, Tile } from '../gallery/tile.tsx';

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-3 text-sm font-semibold text-muted">{title}</h2>
      {children}
    </section>
  );
}

const drawing = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><rect width="256" height="256" fill="#bfe3f7"/><circle cx="128" cy="142" r="78" fill="#d8322f"/><path d="M128 70q4-34 34-44-4 36-34 44" fill="#3f8f3a"/></svg>',
)}`;
const addresses: Addresses = {
  content: (id) => (id === 'text' ? 'data:text/plain,A%20shiny%20red%20apple%20on%20a%20blue%20background.' : drawing),
  thumbnail: () => drawing,
};

const sample = (id: string, modality: Modality, mediaType: string, more: Partial<GalleryItem> = {}): GalleryItem => ({
  id: id as OutputId,
  modality,
  mediaType,
  hash: '',
  sizeBytes: 20_000,
  task: null,
  runId: null,
  stepId: null,
  caption: 'a red apple',
  starred: false,
  visibility: 'private',
  mine: true,
  createdAt: '2026-01-02T12:00:00.000Z',
  deletedAt: null,
  ...more,
});

const items = [
  sample('picture', 'image', 'image/png'),
  sample('starred', 'image', 'image/png', { starred: true, visibility: 'public' }),
  sample('film', 'video', 'image/gif'),
  sample('text', 'text', 'text/plain'),
  sample('signal', 'signal', 'application/x-signal'),
];
const nothing = () => undefined;

/** Tiles in every state, and the filters. */
export function GallerySamples() {
  const [filters, setFilters] = useState<Filters>({ modality: 'image', search: '', which: 'made', runId: null });
  return (
    <Part title="Gallery">
      <FilterBar filters={filters} onChange={setFilters} />
      <div className="mt-4 grid grid-cols-3 gap-3 sm:grid-cols-5">
        {items.map((item, index) => (
          <Tile
            key={item.id}
            item={item}
            index={index}
            addresses={addresses}
            selected={item.id === 'film'}
            choosing={item.id === 'film'}
            current={index === 0}
            onOpen={nothing}
            onChoose={nothing}
            onStar={nothing}
            onFocus={nothing}
          />
        ))}
      </div>
    </Part>
  );
}
