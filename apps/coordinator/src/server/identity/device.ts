const browsers: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bEdgA?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\b(Macintosh|Mac OS X)\b/, 'macOS'],
  [/\b(Linux|X11)\b/, 'Linux'],
];

const wordFor = (table: typeof browsers, text: string) => table.find(([sign]) => sign.test(text))?.[1];

/**
 * A device in words, as its browser says (the header User-Agent, RFC 9110 section 10.1.5): "Firefox on Linux". Browsers may say anything, so
 * it is a help to tell one's own devices apart and shows nothing of who they are.
 */
export function deviceWords(userAgent: string | null): string {
  const text = userAgent?.slice(0, 500) ?? '';
  const [browser, system] = [wordFor(browsers, text), wordFor(systems, text)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? (/^[\w.-]{1,40}/.exec(text)?.[0] || 'A browser that does not say what it is');
}
