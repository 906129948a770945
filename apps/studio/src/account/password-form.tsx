import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client } from '../api/client.ts';
import { peopleChanged } from '../people/changed.ts';
import { Problem } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/fields.tsx';
import { announce } from '../ui/toast.tsx';

/** A new password for oneself, with the one of before. */
export function PasswordForm({ email }: { email: string }) {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => client.account.password({ current, password }),
    onSuccess: ({ ended }) => {
      announce(ended === 0 ? 'Your password is changed.' : `Your password is changed, and ${ended} other ${ended === 1 ? 'session' : 'sessions'} ended.`);
      setCurrent('');
      setPassword('');
      peopleChanged();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {/* For managers of passwords, which keep it under this name. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={200}
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          maxLength={200}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint="At least 8 characters. Your other sessions end; API tokens go on."
        />
      </div>
      {change.isError && <Problem error={change.error} />}
      <Button type="submit" className="self-start" busy={change.isPending} disabled={current === '' || password.length < 8}>
        Change password
      </Button>
    </form>
  );
}
