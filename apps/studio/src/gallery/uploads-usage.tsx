import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';
import { formatBytes } from '../units/bytes.ts';

/** How much room one's own uploads take, and how much they may: one quiet line. */
export function UploadsUsage() {
  const { data } = useQuery(api.usage.queryOptions());
  if (!data) return null;
  const { bytes, mostBytes, open } = data.uploads;
  return (
    <p className="mt-3 text-sm text-muted">
      Your uploads take {formatBytes(bytes)} of {formatBytes(mostBytes)}
      {open > 0 ? `, and ${open} ${open === 1 ? 'is' : 'are'} not finished` : ''}.
    </p>
  );
}
