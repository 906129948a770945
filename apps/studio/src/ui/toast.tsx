import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { create } from 'zustand';
import { sentenceOf } from '../api/sentence.ts';
import { IconButton } from './button.tsx';
import { useWindows } from './dialog.tsx';

interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'problem';
  readonly text: string;
  readonly hint?: string | undefined;
  readonly action?: ToastAction | undefined;
}

/** What can be done about a notice, as one button. */
export interface ToastAction {
  readonly label: string;
  readonly onClick: () => void;
}

const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));
let count = 0;

/** @returns takes it away */
function show(toast: Omit<Toast, 'id'>): () => void {
  count += 1;
  const added = { ...toast, id: count };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), added] }));
  return () => dismiss(added.id);
}

/** Says that something was done. @param action the way back as a function, or another button @returns takes the notice away */
export const announce = (text: string, action?: (() => void) | ToastAction) =>
  show({ kind: 'done', text, action: typeof action === 'function' ? { label: 'Undo', onClick: action } : action });

/** Says that something failed, with what can be done. */
export function complain(error: unknown): void {
  const { message, hint } = sentenceOf(error);
  show({ kind: 'problem', text: message, hint });
}

const dismiss = (id: number) => useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));

export function Toasts() {
  const { toasts } = useToasts();
  return (
    <Radix.Provider swipeDirection="right" label="Notice">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
      <Radix.Viewport className="fixed right-4 bottom-[calc(5rem+var(--dock))] z-60 flex w-[min(380px,calc(100vw-32px))] flex-col gap-2 sm:bottom-[calc(1.5rem+var(--dock))]" />
    </Radix.Provider>
  );
}

/** Milliseconds; the last is the longest that a timer takes, since Radix keeps the timer of before for an infinite one. */
const shownFor = { word: 4_000, choice: 8_000, withWindow: 2 ** 31 - 1 };

function ToastCard({ toast }: { toast: Toast }) {
  // Whoever is busy in a window may choose when it is closed.
  const covered = useWindows(({ open }) => open > 0);
  const choice = toast.action !== undefined || toast.kind === 'problem';
  const Icon = toast.kind === 'done' ? CircleCheck : CircleAlert;
  return (
    <Radix.Root
      type={toast.kind === 'done' ? 'background' : 'foreground'}
      duration={!choice ? shownFor.word : covered ? shownFor.withWindow : shownFor.choice}
      onOpenChange={(open) => open || dismiss(toast.id)}
      className="rise pointer-events-auto flex items-start gap-3 rounded-xl border border-line bg-surface py-3 pr-2 pl-4 shadow-float"
    >
      <Icon aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${toast.kind === 'done' ? 'text-good' : 'text-bad'}`} />
      <div className="min-w-0 grow">
        <Radix.Title className="text-sm font-medium break-words">{toast.text}</Radix.Title>
        {toast.hint && <Radix.Description className="mt-0.5 text-sm text-muted">{toast.hint}</Radix.Description>}
      </div>
      {toast.action && (
        <Radix.Action
          altText={toast.action.label}
          onClick={toast.action.onClick}
          className="shrink-0 rounded-md px-2 py-0.5 text-sm font-semibold text-accent-ink hover:bg-raised"
        >
          {toast.action.label}
        </Radix.Action>
      )}
      <Radix.Close asChild>
        <IconButton icon={X} label="Dismiss" size="small" className="-my-1.5" />
      </Radix.Close>
    </Radix.Root>
  );
}
