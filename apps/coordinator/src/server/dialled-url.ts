/** The address under which the caller reached us, which its other machines will probably reach too. The host was checked before. */
export function dialledUrl(headers: Headers, url: string): string {
  const host = headers.get('host');
  return headers.get('origin') ?? (host ? `http://${host}` : url);
}
