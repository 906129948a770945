import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';

/**
 * As `fetch` with `GET`, but connects to an address that was checked, whatever the URL's name leads to by now. Follows no redirects.
 * With https the certificate has to be the name's.
 */
export function fetchAt(address: string, url: URL, init: { headers: Record<string, string>; signal: AbortSignal }): Promise<Response> {
  const { lookup, url: pinned } = pinnedTo(address, url);
  const begin = pinned.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = begin(pinned, { ...init, lookup });
    request.once('error', reject);
    request.once('response', (answer) => {
      // Fetch knows no other status (Fetch standard, section 2.2.3), and would throw where nobody hears it.
      if (isStatus(answer.statusCode)) return resolve(asResponse(answer));
      answer.destroy();
      reject(new Error(`The answer has the status ${answer.statusCode}.`));
    });
    request.once('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('The answer is an upgrade, which nobody asked for.'));
    });
    request.end();
  });
}

/** A request's URL and look-up that lead to an address which was checked, whatever the URL's name leads to by now. */
export function pinnedTo(address: string, url: URL): { readonly lookup: LookupFunction; readonly url: URL } {
  const family = isIP(address);
  const lookup: LookupFunction = (_name, options, found) => {
    if (options.all) found(null, [{ address, family }]);
    else found(null, address, family);
  };
  const pinned = new URL(url);
  // A URL with numbers in it is asked of no name server, so nothing would hold it to the address.
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) pinned.hostname = family === 6 ? `[${address}]` : address;
  return { lookup, url: pinned };
}

const isStatus = (status: number | undefined) => status !== undefined && status >= 200 && status <= 599;

/** Answers without a body, such as 304, have none here either. */
function asResponse(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 502;
  const headers = new Headers(Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]));
  const hasBody = status >= 200 && ![204, 205, 304].includes(status);
  if (!hasBody) answer.resume();
  return new Response(hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array>) : null, { status, headers });
}
