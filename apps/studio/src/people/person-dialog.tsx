import type { PeopleView, PersonDetail, Role } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { UserMinus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { client } from '../api/client.ts';
import { Ago } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Select } from '../ui/select.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { peopleChanged } from './changed.ts';
import { PasswordLink, PersonSessions } from './person-access.tsx';
import { LimitsForm } from './person-limits.tsx';
import { RemovePerson } from './remove-person.tsx';
import { roleChoices, roles } from './roles.tsx';

interface PersonDialogProps {
  person: PersonDetail;
  view: PeopleView;
  meId: string;
  onClose: () => void;
}

/** All that an owner can do about one person. */
export function PersonDialog({ person, view, meId, onClose }: PersonDialogProps) {
  const [removing, setRemoving] = useState(false);
  const heirs = view.people.filter(({ id, role }) => id !== person.id && role !== 'guest');
  const seen = (
    <>
      {person.email}. Here since {new Date(person.createdAt).toLocaleDateString()}
      {person.lastSeenAt ? (
        <>
          , seen <Ago time={person.lastSeenAt} />
        </>
      ) : (
        ', not seen yet'
      )}
      .
    </>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={removing ? `Remove ${person.name}?` : person.name}
      description={removing ? undefined : seen}
      width={removing ? 'narrow' : 'wide'}
    >
      {removing ? (
        <RemovePerson person={person} heirs={heirs} meId={meId} onBack={() => setRemoving(false)} onRemoved={onClose} />
      ) : (
        <div className="flex flex-col divide-y divide-line">
          <Part title="Role">
            <RoleSetting person={person} />
          </Part>
          <Part title="Limits">
            <LimitsForm key={JSON.stringify(person.limits)} person={person} defaults={view.defaults} />
          </Part>
          <Part title="Sessions">
            <PersonSessions person={person} />
          </Part>
          <Part title="New password">
            <PasswordLink person={person} />
          </Part>
          <Part title="Remove">
            {person.id === meId ? (
              <p className="text-sm text-muted">You cannot remove yourself. Another owner can.</p>
            ) : (
              <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
                <p className="min-w-0 grow basis-72 text-sm text-muted text-pretty">You choose first what becomes of their runs and items.</p>
                <Button look="danger" icon={UserMinus} onClick={() => setRemoving(true)}>
                  Remove {person.name}
                </Button>
              </div>
            )}
          </Part>
        </div>
      )}
    </Dialog>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="py-5 first:pt-0 last:pb-0">
      <h3 className="mb-3 text-sm font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function RoleSetting({ person }: { person: PersonDetail }) {
  const set = useMutation({
    mutationFn: (role: Role) => client.people.change({ id: person.id, role }),
    onSuccess: ({ name, role }) => {
      announce(`${name} is ${role === 'owner' ? 'an owner' : `a ${role}`} now.`);
      peopleChanged();
    },
    onError: complain,
  });
  const shown = set.isPending ? set.variables : person.role;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <div className="w-40 shrink-0">
        <Select label={`Role of ${person.name}`} value={shown} onChange={(role) => set.mutate(role as Role)} options={roleChoices} />
      </div>
      <p className="min-w-0 grow basis-64 text-sm text-muted">{roles[shown].may}</p>
    </div>
  );
}
