import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page as it stands, by WCAG 2.2 A and AA: a line for each element. */
export async function axeProblems(page: Page): Promise<string[]> {
  // Evaluated and not added as a script, which the page's own policy forbids.
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } };
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`));
  });
}

/**
 * Controls whose visible words are not part of their accessible name (WCAG 2.5.3), so that people who speak to their computer cannot call
 * them. A description beside the name is no label.
 */
export function misnamed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const plain = (text: string) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim();
    const seen = (element: Element): string => {
      const copy = element.cloneNode(true) as Element;
      const described = element.getAttribute('aria-describedby')?.split(' ') ?? [];
      for (const hidden of copy.querySelectorAll('[aria-hidden="true"], .sr-only')) hidden.remove();
      for (const id of described) copy.querySelector(`[id="${CSS.escape(id)}"]`)?.remove();
      return plain(copy.textContent ?? '');
    };
    return [...document.querySelectorAll('a[aria-label], button[aria-label]:not([role="combobox"]), [role="menuitem"][aria-label], [role="link"][aria-label]')]
      .filter((element) => element.getClientRects().length > 0)
      .filter((element) => !plain(element.getAttribute('aria-label') ?? '').includes(seen(element)))
      .map((element) => `${element.getAttribute('aria-label')} shows ${seen(element)}`);
  });
}

/** What is wrong with a page by axe and by its names, and still is when everything that was asked for and that moves has come to its end. */
export async function lastingProblems(page: Page): Promise<string[]> {
  const look = async () => [...(await axeProblems(page)), ...(await misnamed(page))];
  if ((await look()).length === 0) return [];
  await page.waitForLoadState('networkidle');
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
        .map(({ finished }) => finished),
    ),
  );
  return look();
}
