import { type ReactNode, useState } from 'react';
import { ItemDetails, useDetail } from '../gallery/item-view.tsx';
import { ownAddresses, type TileItem } from '../gallery/tile.tsx';
import { gallery } from '../gallery/use-gallery.ts';
import { complain } from '../ui/toast.tsx';
import { Opening } from './opening.ts';
import type { ViewerPlace } from './place.ts';
import { useNeighbours, ViewerWindow } from './viewer-window.tsx';

/** One of one's own things, large, with all that is known of it and can be done with it. */
export function Viewer({ id, place, from }: { id: string; place: ViewerPlace; from: string }) {
  const detail = useDetail(id);
  const known = detail.data?.item;
  const { before, after } = useNeighbours(place, id);
  const onward = () => {
    const next = after ?? before;
    if (next) place.open(next.id);
    else place.close();
  };
  const keys = {
    Delete: known && known.deletedAt === null ? () => void gallery.remove([known]).then(onward, complain) : undefined,
    s: known && (() => void gallery.star([known], !known.starred).catch(complain)),
  };
  return (
    <ViewerWindow id={id} item={place.items.find((one) => one.id === id) ?? known} addresses={ownAddresses} place={place} from={from} keys={keys}>
      <ItemDetails key={id} id={id} onOpen={place.open} onRemoved={onward} />
    </ViewerWindow>
  );
}

interface WithViewerProps {
  /** In the order in which arrows go through them. */
  items: readonly TileItem[];
  from: string;
  children: ReactNode;
}

/** Lets everything inside open its results in the viewer. */
export function WithViewer({ items, from, children }: WithViewerProps) {
  const [id, setId] = useState<string | null>(null);
  return (
    <Opening.Provider value={setId}>
      {children}
      {id !== null && <Viewer id={id} from={from} place={{ items, open: setId, close: () => setId(null) }} />}
    </Opening.Provider>
  );
}
