import { AlertDialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Counted } from './dialog.tsx';

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** The verb of what happens. */
  action: string;
  onConfirm: () => void;
  children: ReactNode;
}

/** Asks before something that cannot be undone with one click. */
export function ConfirmDialog({ open, onOpenChange, title, action, onConfirm, children }: ConfirmDialogProps) {
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <Counted />
        <AlertDialog.Overlay className="fixed inset-0 z-40 bg-[oklch(0_0_0/0.55)] backdrop-blur-[2px]" />
        <AlertDialog.Content className="rise fixed top-[20dvh] left-1/2 z-50 w-[calc(100vw-24px)] max-w-md -translate-x-1/2 rounded-2xl border border-line bg-surface p-6 shadow-float">
          <AlertDialog.Title className="text-lg font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-base text-muted text-pretty">{children}</AlertDialog.Description>
          <div className="mt-6 flex justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>Cancel</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button look="danger" onClick={onConfirm}>
                {action}
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
