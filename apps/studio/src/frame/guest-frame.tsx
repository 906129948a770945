import { cutText, type PersonView } from '@atelier/protocol';
import { Link, Outlet, ScrollRestoration, useLocation, useMatch, useNavigate, useSearchParams } from 'react-router';
import { SearchBox } from '../gallery/filter-bar.tsx';
import { PublicItems } from '../gallery/public-items.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { Mark } from './mark.tsx';
import { SignOutDialog } from './sign-out-dialog.tsx';
import { AccountMenu, ThemeMenu } from './top-bar.tsx';

/** What stands round the pages of a guest: what is shared, and their own account. All other addresses lead to what is shared. */
export function GuestFrame({ person }: { person: PersonView }) {
  const atAccount = useLocation().pathname === '/account';
  return (
    <div className="min-h-dvh">
      <a
        href="#work"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-lg bg-accent px-3 py-2 text-sm font-semibold text-on-accent opacity-0 focus-visible:translate-y-0 focus-visible:opacity-100"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-ground/90 px-4 backdrop-blur-md sm:px-8">
        <nav aria-label="Pages">
          <Link to="/gallery" className="flex items-center gap-3 rounded-lg text-base font-semibold">
            <Mark className="size-7" />
            Gallery
          </Link>
        </nav>
        <div className="grow" />
        <ThemeMenu />
        <AccountMenu person={person} />
      </header>
      <ConnectionBar />
      <main id="work" tabIndex={-1} className="mx-auto max-w-[1280px] px-4 pt-6 pb-16 outline-none sm:px-8 sm:pt-8">
        {atAccount ? <Outlet /> : <Shared />}
      </main>
      <SignOutDialog />
      <ScrollRestoration />
    </div>
  );
}

function Shared() {
  const id = useMatch('/gallery/:id')?.params.id;
  const [address, setAddress] = useSearchParams();
  const navigate = useNavigate();
  const search = cutText(address.get('q') ?? '', 200);
  const show = (shown: string | null) =>
    void navigate({ pathname: shown === null ? '/gallery' : `/gallery/${shown}`, search: `?${address}` }, { preventScrollReset: true });
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold tracking-tight">Gallery</h1>
          <p className="mt-1 text-base text-muted">What the people of this studio share with you.</p>
        </div>
        <SearchBox search={search} onSearch={(q) => setAddress(q.trim() === '' ? {} : { q }, { replace: true })} />
      </div>
      <PublicItems search={search} id={id} onShow={show} />
    </>
  );
}
