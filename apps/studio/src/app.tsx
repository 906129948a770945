import { QueryClientProvider } from '@tanstack/react-query';
import { Tooltip } from 'radix-ui';
import { createBrowserRouter, useRouteError } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { queries } from './api/client.ts';
import { Frame } from './frame/frame.tsx';
import * as chains from './pages/chains-page.tsx';
import { LostPage } from './pages/lost-page.tsx';
import { Problem, Skeleton } from './ui/blocks.tsx';
import { Toasts } from './ui/toast.tsx';

/** A page that failed to draw or to load says so and can be loaded anew. */
function Broken() {
  const error = useRouteError();
  return <Problem error={error} onRetry={() => location.reload()} className="mx-auto mt-24 max-w-xl" />;
}

const waiting = <Skeleton className="mx-auto mt-24 h-64 max-w-3xl" />;

const design = import.meta.env.DEV ? [{ path: '/design', lazy: () => import('./pages/design-page.tsx') }] : [];

const router = createBrowserRouter([
  {
    ErrorBoundary: Broken,
    hydrateFallbackElement: waiting,
    children: [
      { path: '/sign-in', lazy: () => import('./pages/sign-in-page.tsx') },
      { path: '/welcome', lazy: () => import('./pages/welcome-page.tsx') },
      { path: '/public/:id?', lazy: () => import('./pages/public-page.tsx') },
      ...design,
      {
        Component: Frame,
        children: [
          {
            ErrorBoundary: Broken,
            children: [
              { path: '/', Component: chains.Component },
              { path: '/walks', lazy: () => import('./pages/walks-page.tsx') },
              { path: '/walks/:id', lazy: () => import('./pages/walk-page.tsx') },
              { path: '/runs', lazy: () => import('./pages/runs-page.tsx') },
              { path: '/runs/:id', lazy: () => import('./pages/run-page.tsx') },
              {
                path: '/gallery',
                lazy: () => import('./pages/gallery-page.tsx'),
                children: [{ path: ':id', lazy: () => import('./pages/gallery-item-page.tsx') }],
              },
              { path: '/fleet', lazy: () => import('./pages/fleet-page.tsx') },
              { path: '*', Component: LostPage },
            ],
          },
        ],
      },
    ],
  },
]);

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
        <RouterProvider router={router} />
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
