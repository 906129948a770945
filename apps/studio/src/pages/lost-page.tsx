import { Compass } from 'lucide-react';
import { Link } from 'react-router';
import { Empty } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

export function LostPage() {
  return (
    <Empty
      title="There is no such page"
      picture={<Compass className="size-16" strokeWidth={1.25} />}
      action={
        <Button asChild>
          <Link to="/">Go to Chains</Link>
        </Button>
      }
    >
      The address may be mistyped, or belong to something that is gone.
    </Empty>
  );
}
