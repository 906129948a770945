import type { SecretLink as Made } from '@atelier/protocol';
import { TriangleAlert } from 'lucide-react';
import { Ago, Copyable } from '../ui/blocks.tsx';

/** A link that works once, to be given to somebody. */
export function SecretLink({ made }: { made: Made }) {
  return (
    <div role="status" className="flex flex-col gap-3">
      <Copyable text={made.url} label="the link" />
      <p className="text-sm text-muted text-pretty">
        Copy it now: it is not shown again. It works once and ends <Ago time={made.expiresAt} />. Whoever has it can use it, so give it to nobody else.
      </p>
      {made.reach === 'this-machine' && (
        <p className="flex items-start gap-2 rounded-xl bg-bad-soft px-4 py-3 text-sm">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          <span className="min-w-0">
            This studio listens for this computer alone, so the link opens nowhere else. Start it again with{' '}
            <code className="number">npx atelier start --host 0.0.0.0</code>, then make a new link.
          </span>
        </p>
      )}
      {made.otherUrls.length > 0 && (
        <details>
          <summary className="rounded-md text-sm text-muted hover:text-ink">If that address is not reached</summary>
          <div className="mt-2 flex flex-col gap-2">
            {made.otherUrls.map((url) => (
              <Copyable key={url} text={url} label="this link" />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}
