import { isUnanswered } from '@atelier/client';
import type { FormEvent, ReactNode } from 'react';
import { Mark } from '../frame/mark.tsx';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

interface DoorProps {
  title: string;
  lead: ReactNode;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit: () => void;
  children: ReactNode;
}

/** The page before the studio: a form on a quiet ground. */
export function Door({ title, lead, action, busy, error, onSubmit, children }: DoorProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-5 py-12">
      <Mark className="size-11" />
      <h1 className="mt-6 text-xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-2 text-base text-muted text-pretty">{lead}</p>
      <form onSubmit={submit} className="mt-7 flex flex-col gap-4">
        {children}
        {error !== null && <Problem error={error} />}
        <Button type="submit" look="primary" size="large" busy={busy} className="mt-2 w-full">
          {action}
        </Button>
      </form>
    </main>
  );
}

/** A link that works no longer: why, and where else to go. */
export function SpentLink({ title, error, onRetry }: { title: string; error: unknown; onRetry: () => void }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-5 py-12">
      <Mark className="size-11" />
      <h1 className="mt-6 mb-5 text-xl font-semibold tracking-tight">{title}</h1>
      <Problem error={error} {...(isUnanswered(error) ? { onRetry } : {})} />
      <Button asChild look="plain" size="large" className="mt-6 w-full">
        <a href="/sign-in">Sign in</a>
      </Button>
    </main>
  );
}
