import { ChevronLeft, ChevronRight, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { type KeyboardEvent, useEffect } from 'react';
import { IconButton } from '../ui/button.tsx';
import { complain } from '../ui/toast.tsx';
import { type ItemPlace, neighboursOf } from './item-place.ts';
import { ItemView } from './item-view.tsx';
import { gallery } from './use-gallery.ts';

/** One thing over the grid; arrows lead to its neighbours. */
export function ItemOverlay({ id, place }: { id: string; place: ItemPlace }) {
  const { before, after, atEnd } = neighboursOf(place.items, id);
  const item = place.items.find((one) => one.id === id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once when the end of what is loaded comes near.
  useEffect(() => {
    if (atEnd) place.more();
  }, [atEnd]);
  const onward = () => {
    const next = after ?? before;
    if (next) place.open(next.id);
    else place.close();
  };
  const remove = () => {
    if (item && item.deletedAt === null) gallery.remove([item]).then(onward, complain);
  };
  const keys: Record<string, (() => void) | undefined> = {
    ArrowLeft: before && (() => place.open(before.id)),
    ArrowRight: after && (() => place.open(after.id)),
    Delete: remove,
    s: item && (() => void gallery.star([item], !item.starred).catch(complain)),
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // A film or a recording has keys of its own, and so has a menu.
    const own = !event.currentTarget.contains(event.target as Node) || (event.target as HTMLElement).matches('video, audio, input, textarea');
    if (event.key === 'Escape' && event.currentTarget.contains(event.target as Node)) place.close();
    const deed = own || event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => open || place.close()}>
      <Dialog.Portal>
        <Dialog.Content
          aria-describedby={undefined}
          onKeyDown={onKeyDown}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          onCloseAutoFocus={(event) => event.preventDefault()}
          tabIndex={-1}
          className="rise fixed inset-0 z-40 overflow-y-auto bg-ground outline-none"
        >
          <Dialog.Title className="sr-only">{item?.caption || 'One thing of the gallery'}</Dialog.Title>
          <div className="sticky top-0 z-10 flex h-14 items-center gap-1 bg-ground/90 px-3 backdrop-blur-md sm:px-6">
            <Dialog.Close asChild>
              <IconButton icon={X} label="Back to the gallery (Esc)" />
            </Dialog.Close>
            <div className="grow" />
            <IconButton icon={ChevronLeft} label="The one before (←)" disabled={!before} onClick={keys.ArrowLeft} />
            <IconButton icon={ChevronRight} label="The one after (→)" disabled={!after} onClick={keys.ArrowRight} />
          </div>
          <div className="mx-auto max-w-[1400px] px-4 pt-2 pb-20 sm:px-8">
            <ItemView key={id} id={id} onOpen={place.open} onRemoved={onward} />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
