import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import type { RouteTable } from '../route-table.ts';
import { openApiDocument } from './openapi-document.ts';
import { sendFile } from './send-file.ts';

const require = createRequire(import.meta.url);
export const { version } = require('../../../package.json') as { version: string };
const swaggerFolder = dirname(require.resolve('swagger-ui-dist/package.json'));
const swaggerFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** Swagger UI sets styles on elements and draws its icons from data URLs; scripts only from here. */
const docsPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Atelier API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const startScript = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#reference', deepLinking: true, docExpansion: 'list', defaultModelsExpandDepth: 0, validatorUrl: null });
`;

/** The API's description, for machines and for people. Nothing comes from another server. */
export function addDocumentRoutes(routes: RouteTable): void {
  const headers = { 'content-security-policy': docsPolicy, 'cache-control': 'no-cache' };
  let document: Promise<object> | undefined;
  routes.add('public', 'GET', '/api/openapi.json', async () => {
    document ??= openApiDocument(version);
    return Response.json(await document, { headers: { 'cache-control': 'no-cache' } });
  });
  routes.add('public', 'GET', '/docs', () => new Response(page, { headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } }));
  routes.add('public', 'GET', '/docs/start.js', () => new Response(startScript, { headers: { ...headers, 'content-type': 'text/javascript; charset=utf-8' } }));
  routes.add('public', 'GET', '/docs/:file', async (context) => {
    const name = context.req.param('file') ?? '';
    const file = swaggerFiles.includes(name) ? await sendFile(join(swaggerFolder, name), headers) : undefined;
    if (file) return file;
    throw new AtelierError('not-found', 'There is no such page.', { hint: 'The reference is at /docs.' });
  });
}
