import { modalityOf, type TaskView } from '@atelier/protocol';
import { useId } from 'react';
import { useNavigate } from 'react-router';
import { uploadFile } from '../api/upload-file.ts';
import { familyUses, type Use } from '../task-views/index.ts';
import { Dialog } from '../ui/dialog.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';
import { complain } from '../ui/toast.tsx';
import { makes } from './draft.ts';
import { ask, beginWith } from './dropped.ts';
import { FilePreview } from './file-preview.tsx';
import { tasksThatBeginWith, toComposer } from './uses.ts';

/** Asks what a file is for, if several tasks could begin with it. */
export function UseDialog({ file, tasks }: { file: File; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const modality = modalityOf(file.type) ?? 'tensor';
  const close = () => ask(null);
  const begin = (task: TaskView) => {
    close();
    beginWith(task, file, tasks);
    navigate('/', toComposer);
  };
  const use = ({ path }: Use) => {
    close();
    uploadFile(file, () => undefined).then((upload) => navigate(path(upload.outputId)), complain);
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={`What is this ${modalityWords[modality].toLowerCase()} for?`} description={file.name}>
      <FilePreview file={file} className="mb-4 max-h-48" />
      <ul className="flex flex-col gap-1">
        {tasksThatBeginWith(tasks, modality).map((task) => {
          const Icon = modalityIcons[makes(task)];
          return (
            <li key={task.name} data-modality={makes(task)}>
              <Choice icon={<Icon aria-hidden className="size-4" />} title={task.title} hint={task.summary} onChoose={() => begin(task)} />
            </li>
          );
        })}
        {familyUses(modality).map((one) => (
          <li key={one.title} data-modality={one.makes}>
            <Choice icon={<one.icon aria-hidden className="size-4" />} title={one.title} hint={one.hint} onChoose={() => use(one)} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Choice({ icon, title, hint, onChoose }: { icon: React.ReactNode; title: string; hint: string; onChoose: () => void }) {
  const id = useId();
  return (
    <button
      type="button"
      aria-label={title}
      aria-describedby={id}
      onClick={onChoose}
      className="flex w-full items-center gap-3 rounded-xl p-2.5 text-left hover:bg-raised"
    >
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-hue-soft text-hue">{icon}</span>
      <span className="min-w-0">
        <span className="block text-sm font-semibold">{title}</span>
        <span id={id} className="block text-sm text-muted">
          {hint}
        </span>
      </span>
    </button>
  );
}
