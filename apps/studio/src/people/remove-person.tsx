import type { PersonDetail } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { UserMinus } from 'lucide-react';
import { useId, useState } from 'react';
import { client } from '../api/client.ts';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/select.tsx';
import { announce } from '../ui/toast.tsx';
import { peopleChanged } from './changed.ts';

interface RemovePersonProps {
  person: PersonDetail;
  /** Who can have their things. */
  heirs: readonly PersonDetail[];
  meId: string;
  onBack: () => void;
  onRemoved: () => void;
}

/** Asks what becomes of the things of somebody before they are removed. */
export function RemovePerson({ person, heirs, meId, onBack, onRemoved }: RemovePersonProps) {
  const [kind, setKind] = useState<'hand-over' | 'delete'>('hand-over');
  const [to, setTo] = useState(meId);
  const remove = useMutation({
    mutationFn: () => client.people.remove({ id: person.id, things: kind === 'delete' ? { kind } : { kind, to } }),
    onSuccess: ({ name, items, runs, handedOverTo }) => {
      const things = `${runs} ${runs === 1 ? 'run' : 'runs'} and ${items} ${items === 1 ? 'item' : 'items'}`;
      announce(`${name} is removed. ${handedOverTo === null ? `Deleted: ${things}.` : `${handedOverTo} has ${things} now.`}`);
      peopleChanged();
      onRemoved();
    },
  });
  const options = heirs.map(({ id, name }) => ({ value: id, label: id === meId ? `${name} (you)` : name }));
  return (
    <div className="flex flex-col gap-5">
      <p className="text-base text-pretty">
        {person.name} is signed out everywhere at once, and all their API tokens end. This cannot be undone. What becomes of their runs, items and saved chains?
      </p>
      <fieldset className="flex flex-col gap-3">
        <legend className="sr-only">What becomes of their things</legend>
        <Choice
          name="Hand them over"
          hint={person.openRuns > 0 ? `Their ${person.openRuns === 1 ? 'open run goes' : `${person.openRuns} open runs go`} on.` : 'Nothing is lost.'}
          chosen={kind === 'hand-over'}
          onChoose={() => setKind('hand-over')}
        >
          {kind === 'hand-over' && (
            <div className="mt-2 max-w-64">
              <Select label="Who has them from then on" value={to} onChange={setTo} options={options} />
            </div>
          )}
        </Choice>
        <Choice
          name="Delete them"
          hint={`${person.openRuns > 0 ? 'Open runs are stopped. ' : ''}Nobody can restore anything, also not what was public.`}
          chosen={kind === 'delete'}
          onChoose={() => setKind('delete')}
        />
      </fieldset>
      {remove.isError && <Problem error={remove.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onBack}>Back</Button>
        <Button look="danger" icon={UserMinus} busy={remove.isPending} onClick={() => remove.mutate()}>
          {kind === 'delete' ? `Remove ${person.name} and delete` : `Remove ${person.name}`}
        </Button>
      </div>
    </div>
  );
}

interface ChoiceProps {
  name: string;
  hint: string;
  chosen: boolean;
  onChoose: () => void;
  children?: React.ReactNode;
}

function Choice({ name, hint, chosen, onChoose, children }: ChoiceProps) {
  const id = useId();
  return (
    <div className={`flex items-start gap-3 rounded-xl border px-4 py-3 ${chosen ? 'border-accent' : 'border-line'}`}>
      <input type="radio" id={id} name="things" checked={chosen} onChange={onChoose} aria-describedby={`${id}-hint`} className="mt-1.5 accent-(--accent)" />
      <div className="min-w-0 grow">
        <label htmlFor={id} className="block text-base font-medium">
          {name}
        </label>
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
        {children}
      </div>
    </div>
  );
}
