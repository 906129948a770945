import type { ChainInput, PlanSet, TaskView } from '@atelier/protocol';
import { Images } from 'lucide-react';
import { useId } from 'react';
import { FamilyView, viewsOfInput } from '../task-views/index.ts';
import { Skeleton } from '../ui/blocks.tsx';
import { inputLook } from '../ui/fields.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';
import { type InputUse, readerOfInput } from './chain-inputs.ts';
import { ChooseFile } from './choose-file.tsx';
import { compose, useComposition } from './composer-state.ts';
import { giveBeside } from './dropped.ts';
import { GivenFile } from './given-file.tsx';
import { MicrophoneButton } from './microphone-button.tsx';
import { PromptNote } from './prompt-note.tsx';
import { giveFile } from './start-run.ts';
import { Suggestions } from './suggestions.tsx';

interface InputPanelProps {
  name: string;
  input: ChainInput;
  tasks: readonly TaskView[];
  /** The plan as it stands, for what the chosen model reads of a prompt. */
  plan: PlanSet | undefined;
  onRun: () => void;
}

/** One input of the chain: a text area, or a file that is chosen, dropped, recorded, painted or was made before. */
export function InputPanel({ name, input, tasks, plan, onRun }: InputPanelProps) {
  const { draft, given: all } = useComposition();
  const given = all[name];
  const reader = readerOfInput(draft, tasks, name);
  const own = reader && viewsOfInput(reader.task, reader.port);
  const many = reader?.task.inputs[reader.port]?.many ?? false;
  const Icon = modalityIcons[input.modality];
  const id = useId();
  return (
    <div data-modality={input.modality}>
      <label htmlFor={id} className="mb-2 flex items-center gap-2 text-sm font-semibold">
        <Icon aria-hidden className="size-4 shrink-0 text-hue" />
        {own?.title ?? titleOf(name, input)}
        {input.description && <span className="truncate font-normal text-muted">{input.description}</span>}
      </label>
      {input.modality === 'text' ? (
        <TextInput id={id} name={name} text={given?.kind === 'text' ? given.text : ''} reader={reader} plan={plan} onRun={onRun} />
      ) : own ? (
        <FamilyView load={own.input} props={{ id, name, tasks }} waiting={<Skeleton className="h-40" />} />
      ) : given && given.kind !== 'text' ? (
        <GivenFile name={name} given={given} many={many} />
      ) : (
        <FileInput id={id} name={name} input={input} many={many} tasks={tasks} />
      )}
      {many && given && input.modality !== 'text' && <AddMore name={name} input={input} tasks={tasks} />}
    </div>
  );
}

/** What an input is called: by its kind, and by its number if it stands beside others. */
function titleOf(name: string, { modality }: ChainInput): string {
  const number = /\d+$/.exec(name)?.[0];
  return number === undefined ? modalityWords[modality] : `${modalityWords[modality]} ${number}`;
}

interface TextInputProps {
  id: string;
  name: string;
  text: string;
  reader: InputUse | undefined;
  plan: PlanSet | undefined;
  onRun: () => void;
}

function TextInput({ id, name, text, reader, plan, onRun }: TextInputProps) {
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
        aria-describedby={`${id}-length`}
        className={`${inputLook} field-sizing-content max-h-[40dvh] min-h-24 py-3 text-lg!`}
      />
      <PromptNote id={`${id}-length`} text={text} reader={reader} plan={plan} />
      <Suggestions onChoose={write} />
    </>
  );
}

interface FileInputProps {
  id: string;
  name: string;
  input: ChainInput;
  many: boolean;
  tasks: readonly TaskView[];
}

function FileInput({ id, name, input, many, tasks }: FileInputProps) {
  const take = ([first, ...more]: File[]) => {
    if (first) giveFile(name, first);
    for (const file of more) giveBeside(name, file, tasks);
  };
  return (
    <div className="flex flex-col items-center gap-3 rounded-xl border border-dashed border-line-strong/70 bg-well px-4 py-7 text-center">
      <div className="flex flex-wrap justify-center gap-2">
        {input.modality === 'audio' && <MicrophoneButton onRecorded={(file) => giveFile(name, file)} />}
        <ChooseFile id={id} modality={input.modality} many={many} label={many ? 'Choose files' : 'Choose a file'} onFiles={take} />
      </div>
      <p className="text-sm text-muted">or drop one anywhere on this page</p>
    </div>
  );
}

function AddMore({ name, input, tasks }: { name: string; input: ChainInput; tasks: readonly TaskView[] }) {
  const { draft } = useComposition();
  const reader = readerOfInput(draft, tasks, name);
  const last = Object.keys(draft.inputs).findLast((other) => readerOfInput(draft, tasks, other)?.port === reader?.port) ?? name;
  if (last !== name) return null;
  return (
    <div className="mt-2">
      <ChooseFile modality={input.modality} many icon={Images} label="Add more" onFiles={(files) => files.map((file) => giveBeside(name, file, tasks))} />
    </div>
  );
}
