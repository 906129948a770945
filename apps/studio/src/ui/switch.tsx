import { Switch as Radix } from 'radix-ui';

interface SwitchProps {
  id: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  describedBy?: string;
}

/** On or off, with a label of its own beside it. */
export function Switch({ id, checked, onChange, disabled = false, describedBy }: SwitchProps) {
  return (
    <Radix.Root
      id={id}
      checked={checked}
      disabled={disabled}
      aria-describedby={describedBy}
      onCheckedChange={onChange}
      className="h-6 w-10 shrink-0 rounded-full bg-line-strong p-0.5 transition-colors disabled:opacity-50 data-[state=checked]:bg-accent"
    >
      <Radix.Thumb className="block size-5 rounded-full bg-surface transition-transform duration-150 data-[state=checked]:translate-x-4" />
    </Radix.Root>
  );
}
