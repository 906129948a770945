import { cutText } from '@atelier/protocol';
import { useEffect } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { Mark } from '../frame/mark.tsx';
import { SearchBox } from '../gallery/filter-bar.tsx';
import { PublicItems } from '../gallery/public-items.tsx';
import { Button } from '../ui/button.tsx';

/** What people of this studio made public. Needs no sign-in and asks for nothing that does. */
export function Component() {
  const { id } = useParams();
  const [address, setAddress] = useSearchParams();
  const navigate = useNavigate();
  const search = cutText(address.get('q') ?? '', 200);
  useEffect(() => {
    document.title = 'Public gallery · Atelier';
  }, []);
  const show = (shown: string | null) =>
    navigate({ pathname: shown === null ? '/public' : `/public/${shown}`, search: `?${address}` }, { preventScrollReset: true });
  return (
    <div className="min-h-dvh">
      <header className="mx-auto flex max-w-[1280px] flex-wrap items-center gap-x-4 gap-y-3 px-4 pt-8 pb-2 sm:px-8">
        <Mark className="size-9" />
        <div className="min-w-0 grow">
          <h1 className="text-xl font-semibold tracking-tight">Made with Atelier</h1>
          <p className="text-sm text-muted text-pretty">Atelier is a studio for images, videos, sound and text that runs on people's own machines.</p>
        </div>
        <SearchBox search={search} onSearch={(q) => setAddress(q.trim() === '' ? {} : { q }, { replace: true })} />
        <Button asChild look="quiet">
          <Link to="/">Open the studio</Link>
        </Button>
      </header>
      <main className="mx-auto max-w-[1280px] px-4 pb-16 sm:px-8">
        <PublicItems search={search} id={id} onShow={show} />
      </main>
    </div>
  );
}
