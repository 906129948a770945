import { useState } from 'react';
import type { ParameterProps } from '../task-views/index.ts';
import { inputLook } from '../ui/fields.tsx';
import { Select } from '../ui/select.tsx';
import { Switch } from '../ui/switch.tsx';
import { type ControlProps, NumberInput, SeedControl, SliderControl } from './number-controls.tsx';

/** The control that a parameter's JSON Schema and its hints ask for. */
export function FieldControl({ field, ...wiring }: ControlProps) {
  switch (field.kind) {
    case 'slider':
      return <SliderControl field={field} {...wiring} />;
    case 'seed':
      return <SeedControl field={field} {...wiring} />;
    case 'number':
      return <NumberInput field={field} {...wiring} />;
    case 'select':
      return <Select id={wiring.id} label={field.title} value={String(wiring.value ?? '')} onChange={wiring.onChange} options={[...field.options]} />;
    case 'switch':
      return <Switch id={wiring.id} checked={wiring.value === true} onChange={wiring.onChange} describedBy={wiring.describedBy} />;
    case 'objects':
      return <JsonControl {...wiring} />;
    case 'list':
      return <LinesControl {...wiring} />;
    case 'textarea':
      return <TextAreaControl maxLength={field.maxLength} {...wiring} />;
    default:
      return <TextControl {...wiring} />;
  }
}

const described = ({ id, describedBy, invalid }: ParameterProps) => ({ id, 'aria-describedby': describedBy, 'aria-invalid': invalid });
const unlessEmpty = (text: string) => (text === '' ? undefined : text);

/** A list of texts, one a line. */
function LinesControl(props: ParameterProps) {
  const { value, onChange } = props;
  return (
    <textarea
      {...described(props)}
      rows={2}
      placeholder="One per line"
      value={Array.isArray(value) ? value.join('\n') : ''}
      onChange={(event) => onChange(unlessEmpty(event.target.value)?.split('\n'))}
      className={`${inputLook} py-2 text-sm`}
    />
  );
}

function TextAreaControl({ maxLength, ...props }: ParameterProps & { maxLength: number | undefined }) {
  return (
    <textarea
      {...described(props)}
      rows={2}
      maxLength={maxLength}
      value={String(props.value ?? '')}
      onChange={(event) => props.onChange(unlessEmpty(event.target.value))}
      className={`${inputLook} field-sizing-content max-h-48 min-h-10 py-2 text-sm`}
    />
  );
}

function TextControl(props: ParameterProps) {
  return (
    <input
      {...described(props)}
      value={String(props.value ?? '')}
      onChange={(event) => props.onChange(unlessEmpty(event.target.value))}
      className={`${inputLook} h-9 text-sm`}
    />
  );
}

/** What text says as JSON; the text itself while it is none, so that the form can say so. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A list of things with several values each. Keeps what is typed as it is typed, until the field is left. */
function JsonControl(props: ParameterProps) {
  const { value, onChange } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const written = typeof value === 'string' ? value : JSON.stringify(value ?? [], null, 2);
  const change = (text: string) => {
    setTyped(text);
    onChange(text.trim() === '' ? undefined : parsed(text));
  };
  return (
    <textarea
      {...described(props)}
      rows={4}
      spellCheck={false}
      value={typed ?? written}
      onChange={(event) => change(event.target.value)}
      onBlur={() => setTyped(null)}
      className={`${inputLook} number field-sizing-content max-h-72 py-2 text-sm!`}
    />
  );
}
