import { ChevronLeft, ChevronRight, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { type Addresses, nameOf, type TileItem } from '../gallery/tile.tsx';
import { IconButton } from '../ui/button.tsx';
import { type Neighbours, neighboursOf, type ViewerPlace } from './place.ts';
import { Stage } from './stage.tsx';
import { useZoom } from './use-zoom.ts';

interface ViewerWindowProps {
  id: string;
  /** Undefined until it is known. */
  item: TileItem | undefined;
  addresses: Addresses;
  place: ViewerPlace;
  /** "the gallery": where closing leads. */
  from: string;
  /** Further keys, by name. */
  keys?: Readonly<Record<string, (() => void) | undefined>>;
  /** What is told of it and can be done with it. */
  children: ReactNode;
}

/** The window in which a thing is seen large: to be enlarged and moved, with its neighbours and what is known of it beside it. */
export function ViewerWindow({ id, item, addresses, place, from, keys = {}, children }: ViewerWindowProps) {
  const zoom = useZoom();
  const { index, before, after, atEnd } = useNeighbours(place, id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once when the end of what is loaded comes near.
  useEffect(() => {
    if (atEnd) place.more?.();
  }, [atEnd]);
  const go = (to: TileItem | undefined) => (to ? () => place.open(to.id) : undefined);
  const all: Readonly<Record<string, (() => void) | undefined>> = {
    ArrowLeft: go(before),
    ArrowRight: go(after),
    PageUp: go(before),
    PageDown: go(after),
    ...keys,
    ...zoom.keys,
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // What lies over this window, a menu or another window, has keys of its own, and so have a video, a recording and a long text.
    const inside = event.currentTarget.contains(event.target as Node);
    if (event.key === 'Escape' && inside) place.close();
    const own = !inside || (event.target as HTMLElement).matches('video, audio, input, textarea, section[tabindex]');
    const deed = own || event.ctrlKey || event.metaKey || event.altKey ? undefined : all[event.key];
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
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            document.querySelector<HTMLElement>(`[data-opens="${CSS.escape(id)}"]`)?.focus();
          }}
          tabIndex={-1}
          className="rise fixed inset-0 z-40 flex flex-col bg-ground outline-none max-lg:overflow-y-auto"
        >
          <Dialog.Title className="sr-only">{item ? nameOf(item) : 'Loading'}</Dialog.Title>
          <Bar from={from} index={index} count={place.items.length} onPrevious={go(before)} onNext={go(after)} />
          <div className="grid min-h-0 grow gap-x-8 lg:grid-cols-[minmax(0,1fr)_400px]">
            <div className="h-[56dvh] min-h-64 px-3 pb-3 sm:px-6 lg:h-full lg:pb-6">
              {item && <Stage item={item} addresses={addresses} zoom={zoom} onSwipe={(way) => go(way === 1 ? after : before)?.()} />}
            </div>
            <div className="min-w-0 px-4 pt-3 pb-20 sm:px-8 lg:overflow-y-auto lg:pl-0">{children}</div>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface BarProps extends Pick<ViewerWindowProps, 'from'> {
  /** -1 if it is none of them. */
  index: number;
  count: number;
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
}

/** The way back, where one is among the others, and the ways to the next of them. */
function Bar({ from, index, count, onPrevious, onNext }: BarProps) {
  return (
    <div className="sticky top-0 z-10 flex h-14 shrink-0 items-center gap-1 bg-ground/90 px-3 backdrop-blur-md sm:px-6">
      <Dialog.Close asChild>
        <IconButton icon={X} size="large" label={`Back to ${from} (Esc)`} />
      </Dialog.Close>
      <div className="grow" />
      {index >= 0 && (
        <span className="number px-2 text-xs text-muted">
          {index + 1} / {count}
        </span>
      )}
      <IconButton icon={ChevronLeft} size="large" label="Previous (←)" disabled={!onPrevious} onClick={onPrevious} />
      <IconButton icon={ChevronRight} size="large" label="Next (→)" disabled={!onNext} onClick={onNext} />
    </div>
  );
}

/** Its neighbours; after it has gone from among them, those that it had. */
export function useNeighbours(place: ViewerPlace, id: string): Neighbours {
  const now = neighboursOf(place.items, id);
  const last = useRef(now);
  if (now.index >= 0) last.current = now;
  return now.index >= 0 ? now : { ...last.current, index: -1 };
}
