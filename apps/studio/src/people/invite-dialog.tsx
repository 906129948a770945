import { limits, type Role } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { api, client, queries } from '../api/client.ts';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { Select } from '../ui/select.tsx';
import { roleChoices, roles } from './roles.tsx';
import { SecretLink } from './secret-link.tsx';

const times = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: `${limits.invitationHoursUsual}`, label: '7 days' },
  { value: `${limits.invitationHours}`, label: '30 days' },
];

/** Makes the link by which one person joins. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [role, setRole] = useState<Role>('member');
  const [hours, setHours] = useState(`${limits.invitationHoursUsual}`);
  const [note, setNote] = useState('');
  const [roleId, hoursId] = [useId(), useId()];
  const make = useMutation({
    mutationFn: () => client.invitations.create({ role, hours: Number(hours), ...(note.trim() === '' ? {} : { note: note.trim() }) }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: api.invitations.key() }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Invite a person"
      description="You get a link and give it to them, by whatever way you like. Atelier sends nothing."
    >
      {make.data ? (
        <div className="flex flex-col gap-4">
          <SecretLink made={make.data} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => make.reset()}>Invite another</Button>
            <Button look="primary" autoFocus onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <div>
              <label htmlFor={roleId} className="mb-1.5 block text-sm font-medium">
                Role
              </label>
              <Select id={roleId} label="Role" value={role} onChange={(value) => setRole(value as Role)} options={roleChoices} className="h-10" />
            </div>
            <div>
              <label htmlFor={hoursId} className="mb-1.5 block text-sm font-medium">
                Ends after
              </label>
              <Select id={hoursId} label="Ends after" value={hours} onChange={setHours} options={times} className="h-10" />
            </div>
          </div>
          <p className="-mt-1 text-sm text-muted">{roles[role].may}</p>
          <TextField
            label="For whom (optional)"
            value={note}
            maxLength={200}
            onChange={(event) => setNote(event.target.value)}
            hint="Shown to owners and to whoever opens the link."
          />
          {make.isError && <Problem error={make.error} />}
          <div className="flex justify-end">
            <Button type="submit" look="primary" icon={UserPlus} busy={make.isPending}>
              Create link
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
