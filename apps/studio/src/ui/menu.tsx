import type { LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { type ReactNode, useId } from 'react';

/** A menu under a control. `trigger` must be one element that takes a ref. */
export function Menu({ trigger, children, align = 'end' }: { trigger: ReactNode; children: ReactNode; align?: 'start' | 'end' }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          collisionPadding={12}
          className="rise z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 max-w-[calc(100vw-24px)] overflow-y-auto rounded-xl border border-line bg-surface p-1.5 shadow-float"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ItemProps {
  icon?: LucideIcon;
  onSelect: () => void;
  /** Its name; the hint only describes it. */
  children: string;
  hint?: ReactNode;
  disabled?: boolean;
  danger?: boolean;
}

export function MenuItem({ icon: Icon, onSelect, children, hint, disabled = false, danger = false }: ItemProps) {
  const id = useId();
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={onSelect}
      aria-label={children}
      aria-describedby={hint ? id : undefined}
      className={`flex cursor-pointer items-start gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[disabled]:cursor-not-allowed data-[highlighted]:bg-raised ${danger ? 'text-bad' : 'text-ink'}`}
    >
      {Icon && <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />}
      <span className="min-w-0">
        <span className={disabled ? 'text-faint' : ''}>{children}</span>
        {hint && (
          <span id={id} className="block text-xs text-muted">
            {hint}
          </span>
        )}
      </span>
    </DropdownMenu.Item>
  );
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="mx-2 my-1.5 h-px bg-line" />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2.5 pt-1.5 pb-1 text-xs text-muted">{children}</DropdownMenu.Label>;
}

/** A choice of one among a few, such as the theme. */
export function MenuChoices<T extends string>(props: {
  value: T;
  onChange: (value: T) => void;
  options: Array<{ value: T; label: string; icon: LucideIcon }>;
}) {
  return (
    <DropdownMenu.RadioGroup value={props.value} onValueChange={(value) => props.onChange(value as T)}>
      {props.options.map(({ value, label, icon: Icon }) => (
        <DropdownMenu.RadioItem
          key={value}
          value={value}
          className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-raised data-[state=checked]:font-semibold"
        >
          <Icon aria-hidden className="size-4 text-muted" />
          <span className="grow">{label}</span>
          <DropdownMenu.ItemIndicator className="text-accent-ink">●</DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
