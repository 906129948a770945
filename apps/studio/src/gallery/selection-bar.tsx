import type { GalleryItem } from '@atelier/protocol';
import { Columns2, RotateCcw, Star, StarOff, Trash2, X } from 'lucide-react';
import { useState } from 'react';
import { CompareDialog } from '../compare/compare-dialog.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { complain } from '../ui/toast.tsx';
import { gallery } from './use-gallery.ts';

interface SelectionBarProps {
  items: readonly GalleryItem[];
  deleted: boolean;
  onClear: () => void;
  /** Deletes them; brings them back where they are deleted. */
  onRemove: () => void;
}

/** What can be done with all that is chosen. */
export function SelectionBar({ items, deleted, onClear, onRemove }: SelectionBarProps) {
  const [comparing, setComparing] = useState(false);
  if (items.length === 0) return null;
  const pair = pairOf(items);
  const starred = items.every((item) => item.starred);
  return (
    <section
      aria-label="Selection"
      className="rise fixed inset-x-0 bottom-20 z-20 mx-auto flex w-fit max-w-[calc(100vw-24px)] items-center gap-1 rounded-2xl border border-line bg-surface py-1.5 pr-1.5 pl-4 shadow-float sm:bottom-6 sm:left-16"
    >
      <p aria-live="polite" className="mr-2 text-sm font-medium whitespace-nowrap">
        {items.length} chosen
      </p>
      {deleted ? (
        <Button look="soft" icon={RotateCcw} onClick={onRemove}>
          Restore
        </Button>
      ) : (
        <>
          {pair && (
            <Button look="quiet" icon={Columns2} onClick={() => setComparing(true)}>
              Compare
            </Button>
          )}
          {pair && comparing && <CompareDialog items={pair} onClose={() => setComparing(false)} />}
          <Button look="quiet" icon={starred ? StarOff : Star} onClick={() => void gallery.star(items, !starred).catch(complain)}>
            {starred ? 'Remove stars' : 'Star'}
          </Button>
          <Button look="quiet" icon={Trash2} onClick={onRemove}>
            Delete
          </Button>
        </>
      )}
      <IconButton icon={X} label="Clear selection" onClick={onClear} />
    </section>
  );
}

/** Two of one kind; nothing else can be compared. */
function pairOf(items: readonly GalleryItem[]): readonly [GalleryItem, GalleryItem] | undefined {
  const [one, other] = items;
  return items.length === 2 && one && other && one.modality === other.modality ? [one, other] : undefined;
}
