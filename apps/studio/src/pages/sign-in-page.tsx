import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { signIn } from '../api/session.ts';
import { TextField } from '../ui/fields.tsx';
import { Door } from './door.tsx';

/** Only a path of this studio may follow signing in, so that a link cannot lead elsewhere. */
const safe = (next: string | null) => (next?.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/');

export function Component() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const enter = useMutation({ mutationFn: () => signIn(email.trim(), password), onSuccess: () => navigate(safe(search.get('next')), { replace: true }) });
  return (
    <Door
      title="Sign in"
      lead="Your studio for images, videos, sound and text, on your own machines."
      action="Sign in"
      busy={enter.isPending}
      error={enter.error}
      onSubmit={() => enter.mutate()}
    >
      <TextField label="Email" type="email" autoComplete="email" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </Door>
  );
}
