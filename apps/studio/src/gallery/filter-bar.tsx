import { limits, type Modality } from '@atelier/protocol';
import { type LucideIcon, Search, Sparkles, Star, Trash2, Upload, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { Button } from '../ui/button.tsx';
import { inputLook } from '../ui/fields.tsx';
import { modalityIcons } from '../ui/modality.tsx';
import type { Filters } from './filters.ts';

const kinds: ReadonlyArray<{ modality: Modality; label: string }> = [
  { modality: 'image', label: 'Images' },
  { modality: 'video', label: 'Videos' },
  { modality: 'audio', label: 'Recordings' },
  { modality: 'text', label: 'Texts' },
];

const whiches: ReadonlyArray<{ which: Filters['which']; label: string; icon: LucideIcon }> = [
  { which: 'made', label: 'Made here', icon: Sparkles },
  { which: 'starred', label: 'Stars', icon: Star },
  { which: 'uploads', label: 'Uploads', icon: Upload },
  { which: 'deleted', label: 'Deleted', icon: Trash2 },
];

/** What of the gallery is shown: of which kind, with which words, and from where. */
export function FilterBar({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  return (
    <div className="mt-4 flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <SearchBox search={filters.search} onSearch={(search) => onChange({ ...filters, search })} />
        <fieldset className="flex flex-wrap gap-1">
          <legend className="sr-only">From where</legend>
          {whiches.map(({ which, label, icon: Icon }) => (
            <Choice key={which} on={filters.which === which} onClick={() => onChange({ ...filters, which })}>
              <Icon aria-hidden className="size-3.5" />
              {label}
            </Choice>
          ))}
        </fieldset>
      </div>
      <fieldset className="flex flex-wrap gap-1.5">
        <legend className="sr-only">Kind</legend>
        {kinds.map(({ modality, label }) => {
          const Icon = modalityIcons[modality];
          const on = filters.modality === modality;
          return (
            <button
              key={modality}
              type="button"
              data-modality={modality}
              aria-pressed={on}
              onClick={() => onChange({ ...filters, modality: on ? null : modality })}
              className={`inline-flex h-8 items-center gap-2 rounded-full border px-3 text-sm transition-colors duration-150 ${on ? 'border-hue bg-hue-soft font-medium text-hue' : 'border-line text-muted hover:text-ink'}`}
            >
              <Icon aria-hidden className="size-3.5 text-hue" />
              {label}
            </button>
          );
        })}
      </fieldset>
      {filters.runId && (
        <p className="flex flex-wrap items-center gap-x-1 text-sm text-muted">
          Results of one run.
          <Link to={`/runs/${filters.runId}`} className="text-accent-ink underline underline-offset-2">
            View run
          </Link>
          <Button look="quiet" size="small" icon={X} onClick={() => onChange({ ...filters, runId: null })}>
            Show all
          </Button>
        </p>
      )}
      {filters.which === 'deleted' && (
        <p className="text-sm text-muted">Deleted items can be restored for {limits.undoDays} days. Then they are gone for good.</p>
      )}
    </div>
  );
}

function Choice({ on, onClick, children }: { on: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className="inline-flex h-8 items-center gap-2 rounded-full px-3 text-sm text-muted transition-colors hover:text-ink aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
    >
      {children}
    </button>
  );
}

/** Words to find things by. The list follows a moment after the last stroke. `/` comes here. */
export function SearchBox({ search, onSearch }: { search: string; onSearch: (search: string) => void }) {
  const [typed, setTyped] = useState(search);
  const field = useRef<HTMLInputElement>(null);
  const latest = useRef(onSearch);
  latest.current = onSearch;
  useEffect(() => setTyped(search), [search]);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => latest.current(typed), 250);
    return () => clearTimeout(timer);
  }, [typed, search]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const free = event.target === document.body || !(event.target as HTMLElement).matches('input, textarea, [role=dialog] *');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || !free) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="relative w-full sm:w-80">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted" />
      <input
        ref={field}
        type="search"
        aria-label="Search by words"
        placeholder="Search by words"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className={`${inputLook} h-9 pr-9 pl-9 text-sm! [&::-webkit-search-cancel-button]:hidden`}
      />
      {typed !== '' && (
        <button
          type="button"
          aria-label="Clear the search"
          onClick={() => {
            setTyped('');
            latest.current('');
            field.current?.focus();
          }}
          className="absolute top-0.5 right-0.5 grid size-8 place-items-center rounded-lg text-muted hover:text-ink"
        >
          <X aria-hidden className="size-4" />
        </button>
      )}
    </div>
  );
}
