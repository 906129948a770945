import type { ChainInput } from '@atelier/protocol';
import { FileUp, X } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { sentenceOf } from '../api/sentence.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { inputLook } from '../ui/fields.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';
import { formatBytes } from '../units/bytes.ts';
import { compose, type Given, useComposition } from './composer-state.ts';
import { MicrophoneButton } from './microphone-button.tsx';
import { giveFile } from './start-run.ts';
import { Suggestions } from './suggestions.tsx';

/** One input of the chain: a text area, or a file that is chosen, dropped or recorded. */
export function InputPanel({ name, input, draws, onRun }: { name: string; input: ChainInput; draws: boolean; onRun: () => void }) {
  const given = useComposition((state) => state.given[name]);
  const Icon = modalityIcons[input.modality];
  const id = useId();
  return (
    <div data-modality={input.modality}>
      <label htmlFor={id} className="mb-2 flex items-center gap-2 text-sm font-semibold">
        <Icon aria-hidden className="size-4 text-hue" />
        {modalityWords[input.modality]}
        {input.description && <span className="truncate font-normal text-muted">{input.description}</span>}
      </label>
      {input.modality === 'text' ? (
        <TextInput id={id} name={name} text={given?.kind === 'text' ? given.text : ''} draws={draws} onRun={onRun} />
      ) : given?.kind === 'file' ? (
        <GivenFile name={name} given={given} />
      ) : (
        <FileInput id={id} name={name} input={input} />
      )}
    </div>
  );
}

function TextInput({ id, name, text, draws, onRun }: { id: string; name: string; text: string; draws: boolean; onRun: () => void }) {
  const write = (next: string) => compose.give(name, { kind: 'text', text: next });
  return (
    <>
      <textarea
        id={id}
        rows={3}
        value={text}
        placeholder="a red apple"
        onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onRun();
        }}
        className={`${inputLook} field-sizing-content min-h-24 py-3 text-lg!`}
      />
      {draws && <Suggestions onChoose={write} />}
    </>
  );
}

const accepts: Record<string, string> = { audio: 'audio/*,video/webm', image: 'image/*', video: 'video/*' };

function FileInput({ id, name, input }: { id: string; name: string; input: ChainInput }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-col items-center gap-3 rounded-xl border border-dashed border-line-strong/70 bg-well px-4 py-7 text-center">
      <div className="flex flex-wrap justify-center gap-2">
        {input.modality === 'audio' && <MicrophoneButton onRecorded={(file) => giveFile(name, file)} />}
        <Button icon={FileUp} onClick={() => picker.current?.click()}>
          Choose a file
        </Button>
      </div>
      <p className="text-sm text-muted">or drop one anywhere on this page</p>
      <input
        ref={picker}
        id={id}
        type="file"
        className="sr-only"
        tabIndex={-1}
        accept={accepts[input.modality]}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) giveFile(name, file);
        }}
      />
    </div>
  );
}

function GivenFile({ name, given }: { name: string; given: Extract<Given, { kind: 'file' }> }) {
  const url = useObjectUrl(given.file);
  const { file } = given;
  return (
    <div className="rounded-xl border border-line bg-well p-3">
      <div className="flex items-center gap-3">
        <div className="min-w-0 grow">
          <p className="truncate text-sm font-medium">{file.name}</p>
          <p className="text-xs text-muted">
            {formatBytes(file.size)}
            {given.error ? <span className="text-bad"> · {sentenceOf(given.error).message}</span> : given.upload ? ' · uploaded' : ' · uploading'}
          </p>
        </div>
        {given.error !== null && (
          <Button size="small" onClick={() => giveFile(name, file)}>
            Try again
          </Button>
        )}
        <IconButton icon={X} label="Take the file away" onClick={() => compose.give(name, null)} />
      </div>
      <ProgressBar fraction={given.progress} label="Upload" className={`mt-2 ${given.upload ? 'invisible' : ''}`} />
      {/* biome-ignore lint/a11y/useMediaCaption: the user's own recording has no captions. */}
      {url && file.type.startsWith('audio/') && <audio controls src={url} className="mt-1 h-10 w-full" />}
      {url && file.type.startsWith('image/') && <img src={url} alt="What was chosen" className="mt-2 max-h-48 rounded-lg" />}
    </div>
  );
}

function useObjectUrl(file: File): string | null {
  const [url, setUrl] = useState<string | null>(null);
  const same = useMemo(() => file, [file]);
  useEffect(() => {
    const made = URL.createObjectURL(same);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [same]);
  return url;
}
