import { LoaderCircle, type LucideIcon } from 'lucide-react';
import { Slot, Tooltip } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';

type Look = 'primary' | 'soft' | 'plain' | 'quiet' | 'danger';

const looks: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover font-semibold',
  soft: 'bg-accent-soft text-accent-ink hover:bg-accent hover:text-on-accent font-semibold',
  plain: 'bg-raised text-ink hover:bg-pressed border border-line',
  quiet: 'text-muted hover:text-ink hover:bg-raised',
  danger: 'text-bad bg-bad-soft hover:brightness-110',
};

const base =
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg whitespace-nowrap transition-colors duration-150 disabled:opacity-50 disabled:pointer-events-none';

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  size?: 'small' | 'medium' | 'large';
  icon?: LucideIcon;
  /** Shows a turning ring and refuses further clicks, without changing the width. */
  busy?: boolean;
  asChild?: boolean;
}

const heights = { small: 'h-8 px-3 text-sm', medium: 'h-9 px-3.5 text-sm font-medium', large: 'h-11 px-5 text-base' } as const;

export function Button({ look = 'plain', size = 'medium', icon: Icon, busy = false, asChild = false, className = '', children, ...rest }: ButtonProps) {
  const classes = `${base} ${looks[look]} ${heights[size]} ${className}`;
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  const Shown = busy ? LoaderCircle : Icon;
  return (
    <button type="button" className={classes} aria-busy={busy || undefined} {...rest} disabled={busy || rest.disabled}>
      {Shown && <Shown aria-hidden className={`size-4 ${busy ? 'turn' : ''}`} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'icon' | 'children'> {
  icon: LucideIcon;
  /** Its name, for the tooltip and for assistive technology. */
  label: string;
}

export function IconButton({ icon: Icon, label, look = 'quiet', size = 'medium', busy = false, className = '', ...rest }: IconButtonProps) {
  const square = size === 'small' ? 'size-8' : size === 'large' ? 'size-11' : 'size-9';
  const Shown = busy ? LoaderCircle : Icon;
  return (
    <Tip text={label}>
      <button type="button" aria-label={label} className={`${base} ${looks[look]} ${square} ${className}`} {...rest} disabled={busy || rest.disabled}>
        <Shown aria-hidden className={`size-4 ${busy ? 'turn' : ''}`} />
      </button>
    </Tip>
  );
}

/** A few words beside a control, on hover and focus. The control must have a name of its own. */
export function Tip({ text, children, side = 'bottom' }: { text: ReactNode; children: ReactNode; side?: 'top' | 'bottom' | 'left' | 'right' }) {
  return (
    <Tooltip.Root>
      {/* A menu that was opened by pointer gives the focus back to its control; that asks for no explanation. */}
      <Tooltip.Trigger asChild onFocus={(event) => event.currentTarget.matches(':focus-visible') || event.preventDefault()}>
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="rise z-50 max-w-72 rounded-md bg-ink px-2 py-1 text-xs text-ground shadow-float"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
