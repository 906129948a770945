import { Link } from 'react-router';
import type { ParameterProps } from '../../task-views/index.ts';

/** A walk's keyframes, in a line; they are edited on the Walks page. */
export function Component({ id, value }: ParameterProps) {
  const rows = Array.isArray(value) ? (value as Array<{ prompt?: unknown }>) : [];
  const words = rows.map((row, index) => (typeof row?.prompt === 'string' ? row.prompt : `number ${index + 1}`)).join(' → ');
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-line bg-well px-3 py-2">
      <output id={id} className="min-w-0 grow text-sm break-words">
        {words || 'None yet'}
      </output>
      <Link to="/walks" className="text-sm font-medium text-accent-ink underline underline-offset-2">
        Edit on the Walks page
      </Link>
    </div>
  );
}
