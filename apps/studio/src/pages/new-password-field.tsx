import { TextField } from '../ui/fields.tsx';

export function NewPasswordField({ value, onChange, autoFocus = false }: { value: string; onChange: (password: string) => void; autoFocus?: boolean }) {
  return (
    <TextField
      label="Password"
      type="password"
      autoComplete="new-password"
      required
      autoFocus={autoFocus}
      minLength={8}
      maxLength={200}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      hint="At least 8 characters."
    />
  );
}
