import { useMutation } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { signOut } from '../api/session.ts';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { begunThings } from './begun-things.ts';
import { openWindow, useWindow } from './windows.ts';

/** Asks what becomes of what was begun, before somebody signs out. */
export function SignOutDialog() {
  const { open } = useWindow();
  return (
    <Dialog
      open={open === 'sign-out'}
      onOpenChange={(next) => openWindow(next ? 'sign-out' : null)}
      title="Sign out?"
      description="Runs and results stay in the studio. What you began lies in this browser alone:"
    >
      <Leaving />
    </Dialog>
  );
}

function Leaving() {
  const leaving = useMutation({ mutationFn: signOut });
  return (
    <div className="flex flex-col gap-5">
      <ul className="list-disc space-y-1 pl-5">
        {begunThings().map((thing) => (
          <li key={thing}>{thing}</li>
        ))}
      </ul>
      <p className="text-sm text-muted text-pretty">
        This counts for all tabs. Nobody else is shown it. If you keep it, it is there again when you sign in on this browser; on a computer that others use,
        delete it.
      </p>
      {leaving.isError && <Problem error={leaving.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="danger" disabled={leaving.isPending} onClick={() => leaving.mutate(false)}>
          Delete and sign out
        </Button>
        <Button look="primary" icon={LogOut} busy={leaving.isPending} onClick={() => leaving.mutate(true)}>
          Keep and sign out
        </Button>
      </div>
    </div>
  );
}
