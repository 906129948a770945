import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';

export const inputLook =
  'w-full rounded-lg border border-line-strong aria-invalid:border-bad bg-well px-3 text-base text-ink placeholder:text-faint hover:border-muted focus-visible:outline-offset-0 disabled:opacity-50';

interface LabelledProps {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
}

/** A line of text with its label above and help or a complaint below. */
export function TextField({ label, hint, problem, className = '', ...rest }: LabelledProps & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <input id={id} aria-describedby={`${id}-hint`} aria-invalid={problem ? true : undefined} className={`${inputLook} h-10`} {...rest} />
      <p id={`${id}-hint`} className={`mt-1 text-xs empty:hidden ${problem ? 'text-bad' : 'text-muted'}`}>
        {problem ?? hint}
      </p>
    </div>
  );
}
