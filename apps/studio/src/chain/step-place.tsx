import { ChevronLeft, ChevronRight } from 'lucide-react';
import { IconButton } from '../ui/button.tsx';
import { compose } from './composer-state.ts';

/** Moves a step among the others. At an end the button stays where it is, so that the focus is not lost. */
export function StepPlace({ id, title, at, count }: { id: string; title: string; at: number; count: number }) {
  if (count < 2) return null;
  const button = (by: -1 | 1) => {
    const off = at + by < 0 || at + by >= count;
    return (
      <IconButton
        icon={by < 0 ? ChevronLeft : ChevronRight}
        label={`Move ${title} ${by < 0 ? 'earlier' : 'later'}`}
        aria-disabled={off}
        onClick={() => off || compose.moveStep(id, by)}
        className={off ? 'opacity-35' : ''}
      />
    );
  };
  return (
    <span className="flex items-center">
      {button(-1)}
      {button(1)}
    </span>
  );
}
