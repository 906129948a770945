import type { Prediction } from '@atelier/protocol';
import { formatBytes } from '../units/bytes.ts';
import { formatRange, formatSeconds } from '../units/time.ts';
import type { Dot } from './layout.ts';

const titles: Record<Dot['standing'], string> = {
  chosen: 'Chosen',
  sharing: 'Shares the work',
  'runner-up': 'Runner-up',
  slower: 'Not chosen',
  unusable: 'Not available now',
};
const cardWidth = 256;

/** What is known of the offer under the pointer: predicted seconds and why it lost. */
export function OfferCard({ dot, best, width }: { dot: Dot; best: number | null; width: number }) {
  const left = Math.max(4, Math.min(dot.x + 22, width - cardWidth - 4));
  const top = dot.x + 22 + cardWidth > width ? dot.y + 20 : Math.max(4, dot.y - 40);
  const late = best !== null && dot.totalSeconds !== null && dot.standing !== 'chosen' && dot.standing !== 'sharing' ? dot.totalSeconds - best : null;
  return (
    <div
      aria-hidden
      className="rise pointer-events-none absolute z-10 rounded-xl border border-line bg-surface p-3 text-sm shadow-float"
      style={{ left, top, width: cardWidth }}
    >
      <p className="flex items-baseline justify-between gap-2">
        <span className="font-semibold">{dot.offer.modelName}</span>
        <span className="text-xs text-muted">{titles[dot.standing]}</span>
      </p>
      <p className="text-xs text-muted">on {dot.offer.edgeName}</p>
      {dot.prediction && <Seconds prediction={dot.prediction} />}
      {dot.detail && <p className="mt-2 border-t border-line pt-2 text-xs text-pretty">{dot.detail}</p>}
      {!dot.detail && late !== null && late > 0.05 && <p className="mt-2 border-t border-line pt-2 text-xs">{formatSeconds(late)} slower in all.</p>}
    </div>
  );
}

const bases: Record<Prediction['basis'], (samples: number) => string> = {
  measured: (samples) => `measured here ${samples} ${samples === 1 ? 'time' : 'times'}`,
  borrowed: () => 'measured on other machines',
  prior: () => 'a first guess, not measured yet',
};

function Seconds({ prediction }: { prediction: Prediction }) {
  const rows: Array<[string, string]> = [];
  if (prediction.queueSeconds > 0.005) rows.push(['Wait in the queue', formatSeconds(prediction.queueSeconds)]);
  if (prediction.transferBytes > 0) rows.push([`Bring ${formatBytes(prediction.transferBytes)}`, formatSeconds(prediction.transferSeconds)]);
  if (prediction.loadSeconds > 0.005) rows.push(['Load the model', formatSeconds(prediction.loadSeconds)]);
  rows.push(['Run', formatRange(prediction.runSecondsLow, prediction.runSecondsHigh)]);
  return (
    <>
      <dl className="mt-2 space-y-0.5">
        {rows.map(([what, seconds]) => (
          <div key={what} className="flex justify-between gap-3 text-xs">
            <dt className="text-muted">{what}</dt>
            <dd className="number">{seconds}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-1 text-xs text-muted">Run time {bases[prediction.basis](prediction.samples)}.</p>
    </>
  );
}
