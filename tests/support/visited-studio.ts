import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser, withoutBrowser } from './browser.ts';
import { becomeOwner } from './owner.ts';
import { Studio, withoutModels } from './studio.ts';
import { Visitor } from './visitor.ts';

const built = existsSync(path.resolve(import.meta.dirname, '../../apps/studio/dist/index.html'));

/** Why no page of the studio can be shown, if so. */
export const withoutPages = withoutBrowser || (built ? false : 'the studio is not built: run it by npm test, which builds it');
/** Why nothing can be run on its pages, if so. */
export const withoutStudio = withoutModels || withoutPages;

/** A studio and its owner, who has just opened it in a browser. */
export interface VisitedStudio extends AsyncDisposable {
  readonly studio: Studio;
  readonly browser: Browser;
  readonly visitor: Visitor;
  readonly page: Page;
  readonly context: BrowserContext;
}

export interface Visit {
  /** What is started; else a studio as it comes. */
  readonly studio?: Studio;
  /** Done before the owner comes, such as serving another build. */
  readonly enter?: (visitor: Visitor) => Promise<void>;
  /** What the first test needs; else that the starter models can run. */
  readonly until?: (studio: Studio) => Promise<unknown>;
}

/** Starts a studio and lets its first owner in. */
export async function visitStudio({ studio = new Studio(), enter = async () => undefined, until = (one) => one.ready() }: Visit = {}): Promise<VisitedStudio> {
  await using opened = new AsyncDisposableStack();
  opened.use(studio);
  const browser = opened.adopt(await launchBrowser(), (one) => one.close());
  await studio.start();
  await until(studio);
  const visitor = await Visitor.come(browser);
  await enter(visitor);
  await becomeOwner(visitor.page, studio);
  // Asking who is here is how the page learns that nobody is.
  const complaints = visitor.complaints(/status of 401/);
  if (complaints.length > 0) throw new Error(`The browser complained as the studio was opened: ${complaints.join('; ')}`);
  const all = opened.move();
  const { page, context } = visitor;
  return { studio, browser, visitor, page, context, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
