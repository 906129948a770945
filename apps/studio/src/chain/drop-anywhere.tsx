import { modalityOf, type TaskView } from '@atelier/protocol';
import { FileDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { announce } from '../ui/toast.tsx';
import { compose } from './composer-state.ts';
import { chainInputs } from './draft.ts';
import { giveFile } from './start-run.ts';

/** Takes a file that is dropped anywhere on the page. Where the chain has no place for it, a chain begins that has. */
export function DropAnywhere({ tasks }: { tasks: readonly TaskView[] }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) takeFile(file, tasks);
    };
    window.addEventListener('dragover', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [tasks]);
  if (!over) return null;
  return (
    <div className="pointer-events-none fixed inset-3 z-50 grid place-items-center rounded-3xl border-2 border-dashed border-accent bg-ground/85">
      <p className="flex items-center gap-3 text-xl font-semibold">
        <FileDown aria-hidden className="size-7 text-accent-ink" />
        Drop it here
      </p>
    </div>
  );
}

/** Gives a file to the input of its modality, beginning a chain where there is none that takes it. */
function takeFile(file: File, tasks: readonly TaskView[]): void {
  const modality = modalityOf(file.type);
  if (modality === 'text') {
    void file.text().then((text) => takeText(text, tasks));
    return;
  }
  const fitting = () => Object.entries(chainInputs(compose.now().draft, tasks)).find(([, input]) => input.modality === modality)?.[0];
  let name = fitting();
  if (name === undefined) {
    const task = tasks.find((one) => Object.values(one.inputs).some((port) => port.required && port.modality === modality));
    if (!task) {
      announce(`No task takes a file like ${file.name}.`);
      return;
    }
    const before = compose.now();
    compose.startWith(task.name);
    name = fitting();
    announce(`A chain begins with ${task.title}.`, before.draft.steps.length > 0 ? () => compose.restore(before) : undefined);
  }
  if (name !== undefined) giveFile(name, file);
}

function takeText(text: string, tasks: readonly TaskView[]): void {
  const name = Object.entries(chainInputs(compose.now().draft, tasks)).find(([, input]) => input.modality === 'text')?.[0];
  if (name === undefined) announce('This chain takes no text.');
  else compose.give(name, { kind: 'text', text });
}
