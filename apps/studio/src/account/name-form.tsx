import type { PersonView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client } from '../api/client.ts';
import { peopleChanged } from '../people/changed.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/fields.tsx';
import { announce, complain } from '../ui/toast.tsx';

/** One's own name, as others see it. */
export function NameForm({ person }: { person: PersonView }) {
  const [name, setName] = useState(person.name);
  const rename = useMutation({
    mutationFn: () => client.account.rename({ name: name.trim() }),
    onSuccess: () => {
      announce('Your name is changed.');
      peopleChanged();
    },
    onError: complain,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 sm:flex-row sm:items-start">
      <TextField
        label="Name"
        autoComplete="name"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        hint={`You sign in as ${person.email}.`}
        className="grow"
      />
      <Button type="submit" className="h-10 self-start sm:mt-6.5" busy={rename.isPending} disabled={name.trim() === '' || name.trim() === person.name}>
        Change name
      </Button>
    </form>
  );
}
