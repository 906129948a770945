import { ArrowLeft, ArrowRight, ClipboardPaste, ImagePlus, Trash2, X } from 'lucide-react';
import { type ClipboardEvent, type DragEvent, type KeyboardEvent, useId, useRef } from 'react';
import { sentenceOf } from '../../api/sentence.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { inputLook } from '../../ui/fields.tsx';
import { announce } from '../../ui/toast.tsx';
import { draft, send, useWalkDraft } from './walk-draft.ts';
import type { KeyframeDraft } from './walk-form.ts';

interface KeyframeCardProps {
  keyframe: KeyframeDraft;
  index: number;
  count: number;
  /** With picture, seed, frames and order, not only words. */
  detailed: boolean;
  /** Whether the way goes on from here, so that frames to the next make sense. */
  leadsOn: boolean;
  problem: { message: string; hint?: string | undefined } | undefined;
  onRemove: () => void;
}

const pictureOf = (items: DataTransfer | null) => [...(items?.files ?? [])].find((file) => file.type.startsWith('image/'));

/** Alt with an arrow moves the keyframe. */
function moveByKey(event: KeyboardEvent, key: string): void {
  const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (!event.altKey || by === 0) return;
  event.preventDefault();
  draft.move(key, by);
}

/** A point of the way: words, a picture, or both. A picture may be dropped or pasted anywhere on it. */
export function KeyframeCard({ keyframe, index, count, detailed, leadsOn, problem, onRemove }: KeyframeCardProps) {
  const id = useId();
  const give = (file: File | undefined) => file && void send(keyframe.key, file);
  const onPaste = (event: ClipboardEvent) => {
    const file = pictureOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    give(file);
  };
  const onDrop = (event: DragEvent) => {
    const file = pictureOf(event.dataTransfer);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    give(file);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a card in every browser.
    <div
      role="group"
      aria-label={`Keyframe ${index + 1}`}
      data-modality="image"
      onPaste={onPaste}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
      onKeyDown={(event) => moveByKey(event, keyframe.key)}
      className={`relative flex min-w-0 flex-col rounded-2xl border bg-surface ${problem ? 'border-bad' : 'border-line'} ${detailed ? 'w-56 shrink-0 gap-3 p-3' : 'grow basis-0 p-0'}`}
    >
      {detailed && <CardHead keyframe={keyframe} index={index} count={count} onRemove={onRemove} />}
      {(detailed || keyframe.picture) && <PicturePlace keyframe={keyframe} index={index} onFile={give} slim={!detailed} />}
      <label htmlFor={id} className="sr-only">
        Prompt of keyframe {index + 1}
      </label>
      <textarea
        id={id}
        rows={detailed ? 2 : 1}
        maxLength={2000}
        value={keyframe.prompt}
        placeholder={keyframe.picture ? 'What it shows (optional)' : index === 0 ? 'From, such as a red apple' : 'To, such as a green pear'}
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-problem`}
        onChange={(event) => draft.setKeyframe(keyframe.key, { prompt: event.target.value.replaceAll('\n', ' ') })}
        onKeyDown={(event) => event.key === 'Enter' && !event.ctrlKey && !event.metaKey && event.preventDefault()}
        className={
          detailed
            ? `${inputLook} field-sizing-content min-h-16 resize-none py-2 text-sm`
            : 'field-sizing-content min-h-14 w-full resize-none rounded-2xl bg-transparent px-5 py-3.5 text-lg placeholder:text-faint'
        }
      />
      <p id={`${id}-problem`} role={problem ? 'alert' : undefined} className={`text-xs text-bad empty:hidden ${detailed ? '' : 'px-5 pb-3'}`}>
        {problem && [problem.message, problem.hint].filter(Boolean).join(' ')}
      </p>
      {detailed && <Numbers keyframe={keyframe} leadsOn={leadsOn} />}
    </div>
  );
}

function CardHead({ keyframe, index, count, onRemove }: Pick<KeyframeCardProps, 'keyframe' | 'index' | 'count' | 'onRemove'>) {
  const number = index + 1;
  return (
    <header className="-mr-1 flex items-center">
      <h3 className="number grow text-xs text-muted">{number}</h3>
      <IconButton
        icon={ArrowLeft}
        size="small"
        label={`Move keyframe ${number} earlier (Alt ←)`}
        disabled={index === 0}
        onClick={() => draft.move(keyframe.key, -1)}
      />
      <IconButton
        icon={ArrowRight}
        size="small"
        label={`Move keyframe ${number} later (Alt →)`}
        disabled={index === count - 1}
        onClick={() => draft.move(keyframe.key, 1)}
      />
      <IconButton icon={Trash2} size="small" label={`Remove keyframe ${number}`} disabled={count <= 2} onClick={onRemove} />
    </header>
  );
}

interface PicturePlaceProps {
  keyframe: KeyframeDraft;
  index: number;
  onFile: (file: File | undefined) => void;
  slim: boolean;
}

/** Where the picture of a keyframe is, is on its way to, or can be given. */
function PicturePlace({ keyframe, index, onFile, slim }: PicturePlaceProps) {
  const sending = useWalkDraft((state) => state.sending[keyframe.key]);
  if (keyframe.picture)
    return (
      <div className={`group relative overflow-hidden rounded-xl bg-well ${slim ? 'm-3 mb-0 size-24' : 'aspect-square w-full'}`}>
        <img
          src={`/api/outputs/${keyframe.picture.outputId}/thumbnail?size=256`}
          alt={keyframe.picture.name || `Image of keyframe ${index + 1}`}
          className="size-full object-contain"
        />
        <IconButton
          icon={X}
          look="plain"
          size="small"
          label={`Remove image of keyframe ${index + 1}`}
          onClick={() => draft.setKeyframe(keyframe.key, { picture: null })}
          className="absolute top-1.5 right-1.5"
        />
      </div>
    );
  return (
    <div className="relative grid min-h-28 w-full grow place-items-center rounded-xl border border-dashed border-line-strong/70">
      {sending && !sending.error ? (
        <div className="w-full px-4 text-center text-xs text-muted">
          <p className="mb-2 truncate">{sending.name}</p>
          <ProgressBar fraction={sending.progress} label={`Upload of ${sending.name}`} />
        </div>
      ) : (
        <PictureWays number={index + 1} error={sending?.error} onFile={onFile} />
      )}
    </div>
  );
}

/** Ways to give a picture: a file, the clipboard, or a drop. */
function PictureWays({ number, error, onFile }: { number: number; error: unknown; onFile: (file: File | undefined) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-col items-center gap-1 p-2 text-center">
      <input
        ref={picker}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        className="sr-only"
        tabIndex={-1}
        aria-label={`Image file of keyframe ${number}`}
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      <Button look="quiet" size="small" icon={ImagePlus} onClick={() => picker.current?.click()} aria-label={`Image for keyframe ${number}`}>
        Image
      </Button>
      <Button look="quiet" size="small" icon={ClipboardPaste} onClick={() => void pasted().then(onFile)} aria-label={`Paste an image into keyframe ${number}`}>
        Paste
      </Button>
      {error ? (
        <p role="alert" className="text-xs text-bad">
          {sentenceOf(error).message}
        </p>
      ) : (
        <p className="text-xs text-faint">or drop one here</p>
      )}
    </div>
  );
}

/** The picture of the clipboard; says so if there is none or the browser does not show it. */
async function pasted(): Promise<File | undefined> {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((one) => one.startsWith('image/'));
      if (type) return new File([await item.getType(type)], 'pasted.png', { type });
    }
    announce('There is no image in the clipboard.');
  } catch {
    announce('The browser blocks the clipboard button here. Press Ctrl V on the keyframe instead.');
  }
  return undefined;
}

function Numbers({ keyframe, leadsOn }: { keyframe: KeyframeDraft; leadsOn: boolean }) {
  return (
    <div className="grid grid-cols-2 gap-2">
      <NumberField label="Seed" value={keyframe.seed} placeholder="Next number" onChange={(seed) => draft.setKeyframe(keyframe.key, { seed })} />
      {leadsOn && (
        <NumberField
          label="Frames to next"
          value={keyframe.frames}
          placeholder="Spread evenly"
          onChange={(frames) => draft.setKeyframe(keyframe.key, { frames })}
        />
      )}
    </div>
  );
}

function NumberField(props: { label: string; value: number | undefined; placeholder: string; onChange: (value: number | undefined) => void }) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block truncate text-xs text-muted">
        {props.label}
      </label>
      <input
        id={id}
        inputMode="numeric"
        autoComplete="off"
        placeholder={props.placeholder}
        value={props.value ?? ''}
        onChange={(event) => props.onChange(/^\d+$/.test(event.target.value) ? Number(event.target.value) : undefined)}
        className={`${inputLook} number h-8 px-2! text-xs!`}
      />
    </div>
  );
}
