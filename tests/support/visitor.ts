import type { Browser, BrowserContext, Page } from 'playwright-core';

/** Somebody in a browser of their own, and whatever that browser complains of. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
  }

  static async come(browser: Browser): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['microphone'], acceptDownloads: true });
    // Only ends what hangs.
    context.setDefaultTimeout(300_000);
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
    const visitor = new Visitor(context, await context.newPage());
    visitor.page.on('console', (message) => message.type() === 'error' && visitor.#complaints.push(`${message.text()} (${message.location().url})`));
    visitor.page.on('pageerror', (error) => visitor.#complaints.push(String(error)));
    return visitor;
  }

  /** What the browser complained of since the last call, without what was expected. */
  complaints(expected?: RegExp): string[] {
    return this.#complaints.splice(0).filter((complaint) => !expected?.test(complaint));
  }

  /** How many pixels the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  /** Drops a file in the middle of the page, as from the desktop. */
  async drop(file: { name: string; mediaType: string; bytes: Buffer }): Promise<void> {
    const transfer = await this.page.evaluateHandle(
      ({ name, mediaType, base64 }) => {
        const carried = new DataTransfer();
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        carried.items.add(new File([bytes], name, { type: mediaType }));
        return carried;
      },
      { name: file.name, mediaType: file.mediaType, base64: file.bytes.toString('base64') },
    );
    for (const kind of ['dragover', 'drop']) await this.page.dispatchEvent('main', kind, { dataTransfer: transfer });
  }
}
