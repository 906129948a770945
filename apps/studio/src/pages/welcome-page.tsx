import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { makeFirstOwner } from '../api/session.ts';
import { TextField } from '../ui/fields.tsx';
import { useAccountFields } from './account-fields.tsx';
import { Door } from './door.tsx';

/** The one-time link of the first start leads here and makes the first owner. */
export function Component() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [code, setCode] = useState(search.get('code') ?? '');
  const { account, fields } = useAccountFields();
  const make = useMutation({
    mutationFn: () => makeFirstOwner({ code: code.trim(), ...account }),
    onSuccess: () => navigate('/', { replace: true }),
  });
  return (
    <Door
      title="Welcome to Atelier"
      lead="You are the first one here. Make your account; it owns this studio and stays on this machine."
      action="Open the studio"
      busy={make.isPending}
      error={make.error}
      onSubmit={() => make.mutate()}
    >
      {search.get('code') === null && (
        <TextField
          label="One-time code"
          required
          value={code}
          onChange={(event) => setCode(event.target.value)}
          hint="The first start printed it in the terminal."
        />
      )}
      {fields}
    </Door>
  );
}
