import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { create } from 'zustand';
import { sentenceOf } from '../api/sentence.ts';
import { IconButton } from './button.tsx';

interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'problem';
  readonly text: string;
  readonly hint?: string | undefined;
  readonly undo?: (() => void) | undefined;
}

const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));
let count = 0;

function show(toast: Omit<Toast, 'id'>): void {
  count += 1;
  const added = { ...toast, id: count };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), added] }));
}

/** Says that something was done, with a way back where there is one. */
export const announce = (text: string, undo?: () => void) => show({ kind: 'done', text, undo });

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
      <Radix.Viewport className="fixed right-4 bottom-20 z-60 flex w-[min(380px,calc(100vw-32px))] flex-col gap-2 sm:bottom-6" />
    </Radix.Provider>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const Icon = toast.kind === 'done' ? CircleCheck : CircleAlert;
  return (
    <Radix.Root
      type={toast.kind === 'done' ? 'background' : 'foreground'}
      duration={toast.undo || toast.kind === 'problem' ? 8000 : 4000}
      onOpenChange={(open) => open || dismiss(toast.id)}
      className="rise flex items-start gap-3 rounded-xl border border-line bg-surface py-3 pr-2 pl-4 shadow-float"
    >
      <Icon aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${toast.kind === 'done' ? 'text-good' : 'text-bad'}`} />
      <div className="min-w-0 grow">
        <Radix.Title className="text-sm font-medium break-words">{toast.text}</Radix.Title>
        {toast.hint && <Radix.Description className="mt-0.5 text-sm text-muted">{toast.hint}</Radix.Description>}
      </div>
      {toast.undo && (
        <Radix.Action altText="Undo" onClick={toast.undo} className="shrink-0 rounded-md px-2 py-0.5 text-sm font-semibold text-accent-ink hover:bg-raised">
          Undo
        </Radix.Action>
      )}
      <Radix.Close asChild>
        <IconButton icon={X} label="Dismiss" size="small" className="-my-1.5" />
      </Radix.Close>
    </Radix.Root>
  );
}
