import { useState } from 'react';
import { TextField } from '../ui/fields.tsx';
import { NewPasswordField } from './new-password-field.tsx';

/** What somebody types to get an account here. Names and addresses are taken without spaces around them. */
export function useAccountFields() {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const fields = (
    <>
      <TextField label="Name" autoComplete="name" required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <TextField
        label="Email"
        type="email"
        autoComplete="email"
        required
        maxLength={200}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        hint="You sign in with it. Nothing is sent to it."
      />
      <NewPasswordField value={password} onChange={setPassword} />
    </>
  );
  return { account: { name: name.trim(), email: email.trim(), password }, fields };
}
