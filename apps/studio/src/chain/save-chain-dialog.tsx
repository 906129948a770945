import { SavedChainName } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { saveChain, useSavedChains } from './use-saved-chains.ts';

/** Asks under which name the chain is kept. A name that is taken is saved over, and that can be undone. */
export function SaveChainDialog({ name: first, onClose }: { name: string; onClose: () => void }) {
  const saved = useSavedChains();
  const [name, setName] = useState(first);
  const parsed = SavedChainName.safeParse(name);
  const over = parsed.success ? saved.data?.find((one) => one.name === parsed.data) : undefined;
  const save = useMutation({ mutationFn: () => saveChain(parsed.data ?? name, over), onSuccess: onClose, onError: () => void saved.refetch() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed.success && !save.isPending) save.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Save this chain"
      description="Its steps and settings are kept for you alone, without what was given as input."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Name"
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.target.value)}
          hint={over ? 'You have a chain of this name. Saving replaces it.' : undefined}
        />
        {save.isError && <Problem error={save.error} />}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={save.isPending} disabled={!parsed.success || saved.isPending}>
            {over ? 'Replace' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
