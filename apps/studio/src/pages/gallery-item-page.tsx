import { ChevronLeft } from 'lucide-react';
import { Link, useNavigate, useOutletContext, useParams } from 'react-router';
import { ItemView } from '../gallery/item-view.tsx';
import type { ViewerPlace } from '../viewer/place.ts';
import { Viewer } from '../viewer/viewer.tsx';

/** One thing of the gallery: over the grid that it was opened from, or alone. */
export function Component() {
  const { id = '' } = useParams();
  const place = useOutletContext<ViewerPlace | null>();
  const navigate = useNavigate();
  if (place) return <Viewer id={id} place={place} from="the gallery" />;
  return (
    <>
      <p className="mb-4">
        <Link to="/gallery" className="inline-flex items-center gap-1 text-sm text-muted hover:text-ink hover:underline">
          <ChevronLeft aria-hidden className="size-4" />
          Gallery
        </Link>
      </p>
      <ItemView key={id} id={id} onOpen={(other) => navigate(`/gallery/${other}`)} onRemoved={() => navigate('/gallery')} />
    </>
  );
}
