import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/ask.ts';
import { peaksOf } from './peaks.ts';

const bars = 40;
/** Longer recordings are not fetched only to be drawn small. */
const mostBytes = 4_000_000;

/** How loud a recording is along its time, or undefined until it is known. */
function usePeaks(src: string, sizeBytes: number): number[] | undefined {
  return useQuery({
    queryKey: ['peaks', src],
    enabled: sizeBytes <= mostBytes,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async ({ signal }) => {
      const answer = await ask(src, { signal });
      const decoder = new OfflineAudioContext(1, 1, 16_000);
      const sound = await decoder.decodeAudioData(await answer.arrayBuffer());
      return peaksOf(sound.getChannelData(0), bars);
    },
  }).data;
}

/** A recording as a small wave; a flat line until it is known, and where it is too long to be fetched for it. */
export function Wave({ src, sizeBytes, className = '' }: { src: string; sizeBytes: number; className?: string }) {
  const peaks = usePeaks(src, sizeBytes) ?? Array.from({ length: bars }, () => 0);
  return (
    <svg viewBox={`0 0 ${bars * 3} 40`} preserveAspectRatio="none" aria-hidden className={`text-hue ${className}`}>
      {peaks.map((peak, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place.
        <rect key={index} x={index * 3} width={2} rx={1} y={20 - Math.max(0.6, peak * 20)} height={Math.max(1.2, peak * 40)} fill="currentColor" />
      ))}
    </svg>
  );
}
