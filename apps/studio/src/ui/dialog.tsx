import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type KeyboardEvent, type ReactNode, useEffect } from 'react';
import { create } from 'zustand';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  width?: 'narrow' | 'wide' | 'widest';
}

const widths = { narrow: 'max-w-lg', wide: 'max-w-2xl', widest: 'max-w-4xl' } as const;

/** How many windows lie over the page, which cannot be reached meanwhile. */
export const useWindows = create<{ open: number }>(() => ({ open: 0 }));
const count = (by: number) => useWindows.setState(({ open }) => ({ open: open + by }));

/** Counted for as long as it is shown. */
export function Counted(): null {
  useEffect(() => {
    count(1);
    return () => count(-1);
  }, []);
  return null;
}

/** A window over the page. Radix keeps the focus inside and gives it back. */
export function Dialog({ open, onOpenChange, title, description, children, width = 'narrow' }: DialogProps) {
  // Radix lets a notice or a tooltip that stands above take Escape for itself. A menu of this window, which has the focus, may.
  const closeOnEscape = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === 'Escape' && event.currentTarget.contains(event.target as Node)) onOpenChange(false);
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Counted />
        <Radix.Overlay className="fixed inset-0 z-40 bg-[oklch(0_0_0/0.55)] backdrop-blur-[2px]" />
        <Radix.Content
          onKeyDown={closeOnEscape}
          {...(description ? {} : { 'aria-describedby': undefined })}
          className={`rise fixed top-[8dvh] left-1/2 z-50 flex max-h-[84dvh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-float ${widths[width]}`}
        >
          <header className="flex items-start justify-between gap-4 px-6 pt-5 pb-4">
            <div>
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <button
                type="button"
                aria-label="Close"
                className="-mt-1 -mr-2 grid size-9 place-items-center rounded-lg text-muted hover:bg-raised hover:text-ink"
              >
                <X aria-hidden className="size-4" />
              </button>
            </Radix.Close>
          </header>
          <div className="min-h-0 overflow-y-auto px-6 pb-6">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
