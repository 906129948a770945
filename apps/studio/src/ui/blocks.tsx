import { Check, CircleAlert, Copy } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { sentenceOf } from '../api/sentence.ts';
import { formatAgo } from '../units/time.ts';
import { useNow } from '../units/use-now.ts';
import { Button, IconButton, Tip } from './button.tsx';
import { copyText, selectText } from './copy-text.ts';
import { announce } from './toast.tsx';

/** A quiet surface that groups what belongs together. */
export function Card({ className = '', children, ...rest }: { className?: string; children: ReactNode } & React.HTMLAttributes<HTMLElement>) {
  return (
    <section className={`rounded-2xl border border-line bg-surface ${className}`} {...rest}>
      {children}
    </section>
  );
}

/** Holds the place of something that is on its way, at its size. */
export function Skeleton({ className = '' }: { className?: string }) {
  return <div aria-hidden className={`breathe rounded-lg bg-raised ${className}`} />;
}

/** An empty page: one sentence, one picture of what it will look like, one way on. */
export function Empty({ title, children, picture, action }: { title: string; children?: ReactNode; picture: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-14 text-center">
      <div aria-hidden className="mb-2 text-faint">
        {picture}
      </div>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children && <p className="max-w-md text-base text-muted text-pretty">{children}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** What went wrong, why, and what to do now. */
export function Problem({ error, onRetry, className = '' }: { error: unknown; onRetry?: () => void; className?: string }) {
  const { message, hint } = sentenceOf(error);
  return (
    <div role="alert" className={`flex items-start gap-3 rounded-xl bg-bad-soft px-4 py-3 ${className}`}>
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="min-w-0 grow">
        <p className="text-base font-medium break-words">{message}</p>
        {hint && <p className="mt-0.5 text-sm text-muted break-words">{hint}</p>}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A time relative to now, with the exact one on hover. */
export function Ago({ time }: { time: string }) {
  const now = useNow(20_000);
  return (
    <Tip text={new Date(time).toLocaleString()}>
      <time dateTime={time} className="whitespace-nowrap">
        {formatAgo(time, now)}
      </time>
    </Tip>
  );
}

/** Text that is meant to be copied, such as a command. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const code = useRef<HTMLElement>(null);
  return (
    <div className="flex items-start gap-2 rounded-xl bg-well py-2 pr-2 pl-4">
      <code ref={code} className="number min-w-0 grow py-1.5 text-sm [overflow-wrap:anywhere] whitespace-pre-wrap select-all">
        {text}
      </code>
      <CopyButton text={text} label={label} shown={code} />
    </div>
  );
}

interface CopyButtonProps {
  text: string;
  label: string;
  size?: 'small' | 'medium';
  /** Where the text stands: it is selected where the browser copies nothing by itself. */
  shown?: RefObject<HTMLElement | null>;
}

/** Copies a text and says for a moment that it did. */
export function CopyButton({ text, label, size, shown }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (button: HTMLElement) => {
    if (await copyText(text, button)) return setCopied(true);
    if (shown?.current) selectText(shown.current);
    announce(shown?.current ? 'Press Ctrl+C to copy: the text is selected.' : 'The browser does not copy here. Select the text and press Ctrl+C.');
  };
  return (
    <IconButton icon={copied ? Check : Copy} size={size} label={copied ? 'Copied' : `Copy ${label}`} onClick={(event) => void copy(event.currentTarget)} />
  );
}

/** How far something is, 0 to 1. */
export function ProgressBar({ fraction, label, className = '' }: { fraction: number | null; label: string; className?: string }) {
  const percent = fraction === null ? undefined : Math.round(fraction * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={`h-1.5 overflow-hidden rounded-full bg-pressed ${className}`}
    >
      <div
        className={`h-full rounded-full bg-(--hue,var(--accent)) transition-[width] duration-200 ease-out ${percent === undefined ? 'breathe w-1/3' : ''}`}
        style={percent === undefined ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}

/** A key of the keyboard. */
export function Key({ children }: { children: ReactNode }) {
  return (
    <kbd className="number inline-flex h-5 min-w-5 items-center justify-center rounded border border-line bg-raised px-1.5 text-xs text-muted">{children}</kbd>
  );
}
