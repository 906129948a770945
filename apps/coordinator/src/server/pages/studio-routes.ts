import { join, normalize } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import type { RouteTable } from '../route-table.ts';
import { sendFile } from './send-file.ts';

const builtStudio = join(import.meta.dirname, '../../../../studio/dist');

/** No script but our own files. Styles may stand on elements: positions on the canvas are such. */
const studioPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const pageHeaders = { 'content-security-policy': studioPolicy, 'cache-control': 'no-cache' };
/** Vite puts a hash of the content in the name of everything here. */
const hashedFolder = '/assets/';

/** The built studio. Its pages are told apart in the browser, so every path that is no file gives the same page. */
export function addStudioRoutes(routes: RouteTable, folder: string = builtStudio): void {
  routes.add('public', 'GET', '/*', async (context) => {
    const path = safePath(context.req.path);
    if (/^\/(api|v1)(\/|$)/.test(path))
      throw new AtelierError('not-found', `There is nothing at ${context.req.path}.`, { hint: 'The API is described at /docs.' });
    const headers = path.startsWith(hashedFolder) ? { 'cache-control': 'public, max-age=31536000, immutable' } : pageHeaders;
    const file = path === '/' ? undefined : await sendFile(join(folder, path), headers);
    if (file) return file;
    if (path.startsWith(hashedFolder)) throw new AtelierError('not-found', `There is nothing at ${path}.`);
    return (await sendFile(join(folder, 'index.html'), pageHeaders)) ?? notBuilt();
  });
}

function safePath(path: string): string {
  try {
    const plain = normalize(decodeURIComponent(path));
    if (!plain.includes('\0') && !plain.split('/').includes('..')) return plain;
  } catch {
    // Falls through: a path that cannot be decoded names nothing.
  }
  throw new AtelierError('not-found', 'There is no such page.');
}

function notBuilt(): Response {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Atelier</title><style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}</style>
<h1>The studio is not built yet</h1><p>Atelier runs, and its API and command line work. Build the web page with</p><pre>npx vite build apps/studio</pre>
<p>or start with <code>npm start</code>, which does it. The API is described at <a href="/docs">/docs</a>.</p></html>`;
  return new Response(page, { headers: { ...pageHeaders, 'content-type': 'text/html; charset=utf-8' } });
}
