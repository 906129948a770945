import { TranscriptSegments, toSrt, toVtt } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { Captions } from 'lucide-react';
import { ask } from '../../api/ask.ts';
import { contentUrl } from '../../api/client.ts';
import type { ActionsProps } from '../../task-views/index.ts';
import { Button } from '../../ui/button.tsx';

/** A transcript as subtitles, to keep as a file: SubRip and WebVTT, written here from the times of its segments. */
export function Component({ step, title }: ActionsProps) {
  const id = step.outputs.find(({ port }) => port === 'segments')?.id;
  const segments = useQuery({
    queryKey: ['segments', id],
    enabled: id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const answer = await ask(contentUrl(id ?? ''), { signal });
      return TranscriptSegments.parse(await answer.json());
    },
  });
  if (!segments.data?.some(({ text }) => text !== '')) return null;
  return (
    <>
      <SubtitleButton text={toSrt(segments.data)} mediaType="application/x-subrip" kind="SRT" title={title} />
      <SubtitleButton text={toVtt(segments.data)} mediaType="text/vtt" kind="VTT" title={title} />
    </>
  );
}

function SubtitleButton({ text, mediaType, kind, title }: { text: string; mediaType: string; kind: 'SRT' | 'VTT'; title: string }) {
  return (
    <Button asChild look="quiet" size="small">
      <a
        href={`data:${mediaType};charset=utf-8,${encodeURIComponent(text)}`}
        download={`subtitles.${kind.toLowerCase()}`}
        aria-label={`${kind}: download ${title} as subtitles`}
      >
        <Captions aria-hidden className="size-4" />
        {kind}
      </a>
    </Button>
  );
}
