import type { EdgeView, LinkView } from '@atelier/protocol';
import { Card } from '../ui/blocks.tsx';
import { formatBytes } from '../units/bytes.ts';
import { formatSeconds } from '../units/time.ts';

/** How fast bytes go from each machine to each other, as measured. */
export function LinkMatrix({ links, edges }: { links: readonly LinkView[]; edges: readonly EdgeView[] }) {
  const ends = [...new Set(links.flatMap((link) => [link.from, link.to]))];
  const nameOf = (id: string) => edges.find((edge) => edge.id === id)?.name ?? (id === 'coordinator' ? 'Coordinator' : null);
  const shown = ends.filter((id) => nameOf(id) !== null).sort((a, b) => String(nameOf(a)).localeCompare(String(nameOf(b)), 'en', { numeric: true }));
  if (shown.length < 2) return null;
  const fastest = Math.max(...links.map((link) => link.bytesPerSecond));
  return (
    <Card aria-label="Measured links" className="mt-6 p-5 sm:p-6">
      <h2 className="text-base font-semibold">Measured links</h2>
      <p className="mt-0.5 mb-4 text-sm text-muted">Bytes a second and delay, from the row's machine to the column's.</p>
      <div className="overflow-x-auto">
        <table className="border-separate border-spacing-1 text-sm">
          <thead>
            <tr>
              <td />
              {shown.map((to) => (
                <th key={to} scope="col" className="px-3 pb-1 text-left font-medium">
                  {nameOf(to)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((from) => (
              <tr key={from}>
                <th scope="row" className="pr-4 text-left font-medium whitespace-nowrap">
                  {nameOf(from)}
                </th>
                {shown.map((to) => (
                  <LinkCell key={to} link={links.find((link) => link.from === from && link.to === to)} same={from === to} fastest={fastest} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function LinkCell({ link, same, fastest }: { link: LinkView | undefined; same: boolean; fastest: number }) {
  if (!link) return <td className="rounded-lg bg-well px-3 py-2 text-faint">{same ? '' : 'not measured'}</td>;
  const speed = Math.log10(1 + (9 * link.bytesPerSecond) / fastest);
  return (
    <td className="number relative rounded-lg bg-well px-3 py-2 whitespace-nowrap" title={`${link.samples} measurements`}>
      {/* The coordinator states 1 byte a second where only the delay was measured so far. */}
      {link.bytesPerSecond > 1 ? `${formatBytes(link.bytesPerSecond)}/s` : 'delay only'}
      <span className="block text-xs text-muted">{formatSeconds(link.latencySeconds)}</span>
      <span aria-hidden className="absolute bottom-0 left-0 h-0.5 rounded-full bg-line-strong" style={{ width: `${speed * 100}%` }} />
    </td>
  );
}
