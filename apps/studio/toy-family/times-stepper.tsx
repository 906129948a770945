import type { ParameterProps } from '../src/task-views/index.ts';

export function Component({ id, value, onChange, describedBy }: ParameterProps) {
  const times = Number(value);
  return (
    <button type="button" id={id} aria-describedby={describedBy} onClick={() => onChange(times + 1)} className="text-sm">
      Once more than {times}
    </button>
  );
}
