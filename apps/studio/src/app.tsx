import { isUnanswered } from '@atelier/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { Tooltip } from 'radix-ui';
import { useEffect } from 'react';
import { createBrowserRouter, useRouteError } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { brought } from './api/brought.ts';
import { queries } from './api/client.ts';
import { heardFailure, onBack } from './api/connection.ts';
import { families } from './families/index.ts';
import { Frame } from './frame/frame.tsx';
import * as chains from './pages/chains-page.tsx';
import { LostPage } from './pages/lost-page.tsx';
import { bringViews, fetchFamilyViews } from './task-views/index.ts';
import { Problem, Skeleton } from './ui/blocks.tsx';
import { Toasts } from './ui/toast.tsx';

/** A page that failed to draw or to load says so and can be loaded again; one that could not be fetched comes by itself when the studio answers. */
function Broken() {
  const error = useRouteError();
  useEffect(() => {
    heardFailure(error);
    // What failed for another reason would fail again, each time that the connection comes back.
    return isUnanswered(error) ? onBack(() => location.reload()) : undefined;
  }, [error]);
  return <Problem error={error} onRetry={() => location.reload()} className="mx-auto mt-24 max-w-xl" />;
}

// Padding, not a margin: that would move the body, and with it everything, when the page comes.
const waiting = (
  <div className="pt-24">
    <Skeleton className="mx-auto h-64 max-w-3xl" />
  </div>
);

bringViews(families);

/** Pages are fetched when they are first shown, or in a quiet moment before that: a page that is here needs no connection to open. */
const pages = {
  signIn: () => brought(import('./pages/sign-in-page.tsx')),
  welcome: () => brought(import('./pages/welcome-page.tsx')),
  join: () => brought(import('./pages/join-page.tsx')),
  newPassword: () => brought(import('./pages/new-password-page.tsx')),
  public: () => brought(import('./pages/public-page.tsx')),
  runs: () => brought(import('./pages/runs-page.tsx')),
  run: () => brought(import('./pages/run-page.tsx')),
  gallery: () => brought(import('./pages/gallery-page.tsx')),
  galleryItem: () => brought(import('./pages/gallery-item-page.tsx')),
  fleet: () => brought(import('./pages/fleet-page.tsx')),
  people: () => brought(import('./pages/people-page.tsx')),
  account: () => brought(import('./pages/account-page.tsx')),
};

const familyPages = families.flatMap(({ pages = [] }) => pages.map(({ path, page }) => ({ path, lazy: () => brought(page()) })));

const inQuietMoment = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1_000));
const fetchPages = () => {
  for (const page of [...Object.values(pages), ...familyPages.map(({ lazy }) => lazy)]) page().catch(() => undefined);
  fetchFamilyViews();
};

const design = import.meta.env.DEV ? [{ path: '/design', lazy: () => import('./pages/design-page.tsx') }] : [];

const router = createBrowserRouter([
  {
    ErrorBoundary: Broken,
    hydrateFallbackElement: waiting,
    children: [
      { path: '/sign-in', lazy: pages.signIn },
      { path: '/welcome', lazy: pages.welcome },
      { path: '/join', lazy: pages.join },
      { path: '/new-password', lazy: pages.newPassword },
      { path: '/public/:id?', lazy: pages.public },
      ...design,
      {
        Component: Frame,
        children: [
          {
            ErrorBoundary: Broken,
            children: [
              { path: '/', Component: chains.Component },
              ...familyPages,
              { path: '/runs', lazy: pages.runs },
              { path: '/runs/:id', lazy: pages.run },
              {
                path: '/gallery',
                lazy: pages.gallery,
                children: [{ path: ':id', lazy: pages.galleryItem }],
              },
              { path: '/fleet', lazy: pages.fleet },
              { path: '/people/:id?', lazy: pages.people },
              { path: '/account', lazy: pages.account },
              { path: '*', element: <LostPage /> },
            ],
          },
        ],
      },
    ],
  },
]);

export function App() {
  useEffect(() => void inQuietMoment(fetchPages), []);
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
        <RouterProvider router={router} />
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
