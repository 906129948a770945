import type { Page } from 'playwright-core';
import type { Studio } from './studio.ts';

/** Who becomes the first owner of a studio in tests. */
export const owner = { name: 'Ada Lovelace', email: 'ada@example.test', password: 'a long enough password' } as const;

/** Becomes the first owner of a studio, by the link that its start printed. Returns on the first page. */
export async function becomeOwner(page: Page, studio: Pick<Studio, 'welcomeUrl'>): Promise<void> {
  await page.goto(studio.welcomeUrl as string);
  await page.getByLabel('Name').fill(owner.name);
  await page.getByLabel('Email').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Open the studio', exact: true }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}
