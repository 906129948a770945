import { Link } from 'react-router';
import type { ActionsProps } from '../src/task-views/index.ts';

export function Component({ title }: ActionsProps) {
  return (
    <Link to="/reversals" aria-label={`All reversals like ${title}`} className="text-sm">
      All reversals
    </Link>
  );
}
