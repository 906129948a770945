import { useMutation } from '@tanstack/react-query';
import { signOut } from '../api/session.ts';
import { Door } from './door.tsx';

/** A link for a new person was opened by somebody who is signed in: nothing is used up, and they choose. */
export function SignedInAlready({ name, purpose }: { name: string; purpose: string }) {
  // The page stands where it is, and its link with it.
  const leave = useMutation({ mutationFn: () => signOut(true), onSuccess: () => location.reload() });
  return (
    <Door
      title={`You are signed in as ${name}`}
      lead={`This link is for ${purpose}. Sign out to use it in this browser, or open it in a private window. It is not used up by looking at it.`}
      action="Sign out and use the link"
      busy={leave.isPending}
      error={leave.error}
      onSubmit={() => leave.mutate()}
    >
      <a href="/" className="self-start rounded-md text-sm text-accent-ink underline">
        Go to the studio as {name}
      </a>
    </Door>
  );
}
