import { useMutation, useQuery } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { api, client, queries } from '../api/client.ts';
import { Ago, Copyable, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { openWindow, useWindow } from './windows.ts';

/** Makes, lists and revokes the API tokens of whoever is signed in. */
export function TokensDialog() {
  const open = useWindow((state) => state.open === 'tokens');
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openWindow(next ? 'tokens' : null)}
      title="API tokens"
      description="A token lets a program act as you. Its secret is shown once."
    >
      {open && <Tokens />}
    </Dialog>
  );
}

/** The tokens themselves, wherever they are shown. */
export function Tokens() {
  const [name, setName] = useState('');
  // The secret of a token that works no longer is not shown either.
  const [revoked, setRevoked] = useState<string | null>(null);
  const create = useMutation({
    mutationFn: () => client.tokens.create({ name: name.trim() }),
    onSuccess: () => {
      setName('');
      void queries.invalidateQueries({ queryKey: api.tokens.key() });
    },
    onError: complain,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <div className="flex flex-col gap-5">
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          label="Name of the new token"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={60}
          placeholder="My laptop"
          className="grow"
        />
        <Button type="submit" look="primary" icon={Plus} busy={create.isPending} disabled={name.trim() === ''} className="h-10">
          Create token
        </Button>
      </form>
      {create.data && create.data.id !== revoked && (
        <div role="status">
          <p className="mb-1.5 text-sm text-muted">Copy it now. It is not shown again.</p>
          <Copyable text={create.data.token} label="the token" />
        </div>
      )}
      <TokenList onRevoked={setRevoked} />
    </div>
  );
}

function TokenList({ onRevoked }: { onRevoked: (id: string) => void }) {
  const [asked, setAsked] = useState<{ id: string; name: string } | null>(null);
  const tokens = useQuery(api.tokens.list.queryOptions());
  const revoke = useMutation({
    mutationFn: (id: string) => client.tokens.revoke({ id }),
    onSuccess: (_, id) => {
      onRevoked(id);
      announce('Token revoked.');
      void queries.invalidateQueries({ queryKey: api.tokens.key() });
    },
    onError: complain,
  });
  if (tokens.isPending) return <Skeleton className="h-24" />;
  if (tokens.isError) return <Problem error={tokens.error} onRetry={() => void tokens.refetch()} />;
  if (tokens.data.length === 0) return <p className="text-sm text-muted">You have no tokens yet.</p>;
  return (
    <>
      <ul className="divide-y divide-line">
        {tokens.data.map((token) => (
          <li key={token.id} className="flex items-center gap-3 py-3">
            <div className="min-w-0 grow">
              <p className="truncate text-sm font-medium">
                {token.name} {token.start && <span className="number text-muted">{token.start}…</span>}
              </p>
              <p className="text-xs text-muted">
                Created <Ago time={token.createdAt} />
                {token.lastUsedAt ? (
                  <>
                    , used <Ago time={token.lastUsedAt} />
                  </>
                ) : (
                  ', never used'
                )}
              </p>
            </div>
            <Button
              look="danger"
              size="small"
              icon={Trash2}
              aria-label={`Revoke ${token.name}`}
              onClick={() => setAsked(token)}
              busy={revoke.isPending && revoke.variables === token.id}
            >
              Revoke
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(open) => open || setAsked(null)}
        title={`Revoke ${asked?.name ?? ''}?`}
        action="Revoke"
        onConfirm={() => asked && revoke.mutate(asked.id)}
      >
        Programs that use this token are refused from then on. It cannot be undone; make a new token for them.
      </ConfirmDialog>
    </>
  );
}
