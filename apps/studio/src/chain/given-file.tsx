import { modalityOf } from '@atelier/protocol';
import { X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { contentUrl } from '../api/client.ts';
import { sentenceOf } from '../api/sentence.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { formatBytes } from '../units/bytes.ts';
import { compose, type Given, useComposition } from './composer-state.ts';
import { FilePreview } from './file-preview.tsx';
import { giveFile } from './start-run.ts';

interface GivenFileProps {
  name: string;
  given: Exclude<Given, { kind: 'text' }>;
  /** It stands beside others of its port, and goes with its input. */
  many?: boolean;
  children?: ReactNode;
}

/** A file or an earlier result that an input has. */
export function GivenFile({ name, given, many = false, children }: GivenFileProps) {
  const added = useComposition(({ draft }) => many && name in draft.inputs && Object.keys(draft.inputs).length > 1);
  const away = () => (added ? compose.dropInput(name) : compose.give(name, null));
  return (
    <div className="rounded-xl border border-line bg-well p-3">
      <div className="flex items-center gap-3">
        <div className="min-w-0 grow">
          <p className="truncate text-sm font-medium">{given.kind === 'file' ? given.file.name : given.name}</p>
          <p className="text-xs text-muted">
            {formatBytes(given.kind === 'file' ? given.file.size : given.sizeBytes)}
            <Standing given={given} />
          </p>
        </div>
        {given.kind === 'file' && given.error !== null && (
          <Button size="small" onClick={() => giveFile(name, given.file, { over: given.over })}>
            Try again
          </Button>
        )}
        {children}
        <IconButton icon={X} label="Remove file" onClick={away} />
      </div>
      {given.kind === 'file' ? (
        <>
          <ProgressBar fraction={given.progress} label="Upload" className={`mt-2 ${given.upload ? 'invisible' : ''}`} />
          <FilePreview file={given.file} className="mt-2 max-h-48" />
        </>
      ) : (
        <OutputPreview given={given} />
      )}
    </div>
  );
}

function Standing({ given }: { given: GivenFileProps['given'] }) {
  if (given.kind === 'output') return ' · from your gallery';
  if (given.error) return <span className="text-bad"> · {sentenceOf(given.error).message}</span>;
  return given.upload ? ' · uploaded' : ' · uploading';
}

function OutputPreview({ given }: { given: Extract<Given, { kind: 'output' }> }) {
  const [gone, setGone] = useState(false);
  const src = contentUrl(given.outputId);
  const modality = modalityOf(given.mediaType);
  if (gone) return <p className="mt-2 text-sm text-bad">It is no longer there: it was deleted, or belongs to somebody else. Remove it and choose another.</p>;
  if (modality === 'image') return <img src={src} alt={given.name} onError={() => setGone(true)} className="mt-2 max-h-48 rounded-lg" />;
  if (modality === 'video')
    return <video src={src} aria-label={given.name} controls muted loop onError={() => setGone(true)} className="mt-2 max-h-48 rounded-lg" />;
  // biome-ignore lint/a11y/useMediaCaption: what was recorded has no captions.
  if (modality === 'audio') return <audio controls src={src} aria-label={given.name} onError={() => setGone(true)} className="mt-2 h-10 w-full" />;
  return null;
}
