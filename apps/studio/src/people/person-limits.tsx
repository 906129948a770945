import type { PeopleView, PersonDetail } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client } from '../api/client.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/fields.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { formatBytes } from '../units/bytes.ts';
import { peopleChanged } from './changed.ts';

const gigabyte = 1_000_000_000;
const written = (value: number | null, unit = 1) => (value === null ? '' : `${value / unit}`);
/** Nothing for an empty field; not a number for what is none. */
const read = (text: string, unit = 1) => (text.trim() === '' ? null : Math.round(Number(text.replace(',', '.')) * unit));
const isWrong = (value: number | null) => value !== null && !(value >= 0);

/** What one person may have at once. An empty field leaves it to the studio. */
export function LimitsForm({ person, defaults }: { person: PersonDetail; defaults: PeopleView['defaults'] }) {
  const [runs, setRuns] = useState(written(person.limits.openRuns));
  const [bytes, setBytes] = useState(written(person.limits.uploadedBytes, gigabyte));
  const wanted = { openRuns: read(runs), uploadedBytes: read(bytes, gigabyte) };
  const unchanged = wanted.openRuns === person.limits.openRuns && wanted.uploadedBytes === person.limits.uploadedBytes;
  const save = useMutation({
    mutationFn: () => client.people.change({ id: person.id, limits: wanted }),
    onSuccess: () => {
      announce(`The limits of ${person.name} are set.`);
      peopleChanged();
    },
    onError: complain,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const wrong = (value: number | null) => (isWrong(value) ? 'Write a number, or leave it empty.' : undefined);
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 sm:flex-row sm:items-start">
      <TextField
        label="Open runs"
        inputMode="numeric"
        className="grow sm:basis-40"
        value={runs}
        placeholder={`${defaults.openRuns}`}
        onChange={(event) => setRuns(event.target.value)}
        problem={wrong(wanted.openRuns)}
        hint={`${person.openRuns} now.`}
      />
      <TextField
        label="Uploads, in GB"
        inputMode="decimal"
        className="grow sm:basis-40"
        value={bytes}
        placeholder={`${defaults.uploadedBytes / gigabyte}`}
        onChange={(event) => setBytes(event.target.value)}
        problem={wrong(wanted.uploadedBytes)}
        hint={`${formatBytes(person.uploadedBytes)} now, and ${formatBytes(person.resultBytes)} of results, which have no limit.`}
      />
      <Button
        type="submit"
        className="h-10 self-start sm:mt-6.5"
        busy={save.isPending}
        disabled={unchanged || isWrong(wanted.openRuns) || isWrong(wanted.uploadedBytes)}
      >
        Set limits
      </Button>
    </form>
  );
}
