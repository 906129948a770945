import { Compass } from 'lucide-react';
import { Link, useLocation } from 'react-router';
import { Empty } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

/** What is shown for an address or an id that leads nowhere. @param looked what was looked for, such as "the run 0198…"; else the address */
export function LostPage({ looked, back = { to: '/', words: 'Go to Chains' } }: { looked?: string; back?: { to: string; words: string } }) {
  const { pathname, search } = useLocation();
  return (
    <Empty
      title={looked ? 'Not found' : 'There is no such page'}
      picture={<Compass className="size-16" strokeWidth={1.25} />}
      action={
        <Button asChild>
          <Link to={back.to}>{back.words}</Link>
        </Button>
      }
    >
      Looked for <span className="number font-medium break-all text-ink">{looked ?? pathname + search}</span>. The address may be mistyped, or it may be deleted
      or belong to somebody else.
    </Empty>
  );
}

/** Answers to an id that leads nowhere: nobody has it, or it is no id at all. */
export const isLost = (code: string) => code === 'not-found' || code === 'invalid-input';
