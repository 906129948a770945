import type { TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { client } from '../api/client.ts';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { inputLook } from '../ui/fields.tsx';
import { compose } from './composer-state.ts';

const placeholder = `Audio to Text -> Text to Text -> Text to Image -> Image to Video

or YAML:
steps:
  - text-generation
  - task: text-to-image
    parameters: { steps: 30 }`;

/** Reads a chain from words joined by arrows, a comma list of tasks, or YAML. The coordinator resolves it, so that every form it knows works here. */
export function PasteDialog({ open, onOpenChange, tasks }: { open: boolean; onOpenChange: (open: boolean) => void; tasks: readonly TaskView[] }) {
  const [text, setText] = useState('');
  const id = useId();
  const read = useMutation({
    mutationFn: () => client.plan({ chain: text }),
    onSuccess: (set) => {
      compose.loadChain(set.chain, tasks);
      setText('');
      onOpenChange(false);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    read.mutate();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Paste a chain"
      description="Words joined by arrows, a comma list of tasks, or a chain file in YAML or JSON."
      width="wide"
    >
      <form onSubmit={submit} className="flex flex-col gap-3">
        <label htmlFor={id} className="sr-only">
          Chain
        </label>
        <textarea
          id={id}
          rows={8}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            read.reset();
          }}
          placeholder={placeholder}
          className={`${inputLook} number py-2.5 text-sm`}
        />
        {read.isError && <Problem error={read.error} />}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={read.isPending} disabled={text.trim() === ''}>
            Use this chain
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
