import { useEffect, useLayoutEffect } from 'react';
import { Navigate, NavLink, Outlet, ScrollRestoration, useLocation, useNavigate } from 'react-router';
import { sentenceOf } from '../api/sentence.ts';
import { useMe } from '../api/session.ts';
import { DropAnywhere } from '../chain/drop-anywhere.tsx';
import { SavedChainsDialog } from '../chain/saved-chains-dialog.tsx';
import { useUndoNotice } from '../chain/undo-notice.tsx';
import { enter, usePerson } from '../kept/person.ts';
import { NoticesDialog } from '../notices/notices-dialog.tsx';
import { useNotices } from '../notices/use-notices.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { placeOf, places } from './places.ts';
import { ShortcutsDialog, useShortcuts } from './shortcuts.tsx';
import { SignOutDialog } from './sign-out-dialog.tsx';
import { TokensDialog } from './tokens-dialog.tsx';
import { TopBar } from './top-bar.tsx';

/** What stands round every page of somebody who is signed in: rail or tab bar, top bar, and the windows reached by key. */
export function Frame() {
  const me = useMe();
  const location = useLocation();
  useShortcuts(useNavigate());
  useUndoNotice();
  useNotices(me.data?.id);
  useTitle(placeOf(location.pathname).name);
  const entered = useEntered(me.data?.id);
  if (me.isPending) return <FrameSkeleton />;
  if (me.isError && sentenceOf(me.error).code === 'unauthenticated') {
    const from = location.pathname + location.search;
    return <Navigate to={from === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(from)}`} replace />;
  }
  if (!me.data) return <Problem error={me.error} onRetry={() => void me.refetch()} className="mx-auto mt-24 max-w-xl" />;
  if (!entered) return <FrameSkeleton />;
  return (
    <div className="min-h-dvh pb-16 sm:pb-0 sm:pl-16">
      <a
        href="#work"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-lg opacity-0 bg-accent px-3 py-2 text-sm font-semibold text-on-accent focus-visible:translate-y-0 focus-visible:opacity-100"
      >
        Skip to content
      </a>
      <Rail />
      <TopBar person={me.data} />
      <ConnectionBar />
      <main id="work" tabIndex={-1} className="mx-auto max-w-[1280px] px-4 pt-6 pb-16 outline-none sm:px-8 sm:pt-8">
        <Outlet />
      </main>
      <CommandPalette />
      <ShortcutsDialog />
      <TokensDialog />
      <NoticesDialog />
      <SavedChainsDialog />
      <SignOutDialog />
      <DropAnywhere />
      <ScrollRestoration />
    </div>
  );
}

/** Whether the page has what it keeps of this person. Nothing is drawn before that, so that nobody sees what another began. */
function useEntered(id: string | undefined): boolean {
  useLayoutEffect(() => {
    if (id !== undefined) enter(id);
  }, [id]);
  const owner = usePerson((person) => person.id);
  return id !== undefined && owner === id;
}

function Rail() {
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:inset-x-auto sm:inset-y-0 sm:left-0 sm:w-16 sm:flex-col sm:items-center sm:gap-1 sm:border-t-0 sm:border-r sm:bg-ground sm:py-3"
    >
      <Mark className="mb-4 hidden size-8 sm:block" />
      {places().map(({ path, name, icon: Icon }) => (
        <NavLink
          key={path}
          to={path}
          end={path === '/'}
          className={({ isActive }) =>
            `flex h-14 flex-1 flex-col items-center justify-center gap-1 rounded-xl text-xs transition-colors duration-150 sm:h-14 sm:w-14 sm:flex-none ${isActive ? 'text-ink sm:bg-raised [&>svg]:text-accent-ink' : 'text-muted hover:text-ink'}`
          }
        >
          <Icon aria-hidden className="size-5" />
          {name}
        </NavLink>
      ))}
    </nav>
  );
}

/** The sign of Atelier: a chain over two machines. */
export function Mark({ className = '' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden className={className}>
      <path d="M6 22C11 22 11 10 16 10s5 12 10 12" stroke="var(--accent)" strokeWidth="2.6" strokeLinecap="round" />
      <circle cx="6" cy="22" r="3" fill="var(--text-hue)" />
      <circle cx="16" cy="10" r="3" fill="var(--image-hue)" />
      <circle cx="26" cy="22" r="3" fill="var(--video-hue)" />
    </svg>
  );
}

function useTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} · Atelier`;
  }, [name]);
}

function FrameSkeleton() {
  return (
    <div className="mx-auto max-w-[1280px] px-4 pt-24 sm:pl-24" role="status" aria-label="Loading">
      <Skeleton className="h-9 w-72" />
      <Skeleton className="mt-8 h-64 w-full" />
    </div>
  );
}
