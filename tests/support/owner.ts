import type { Page } from 'playwright-core';
import type { Studio } from './studio.ts';

/** Becomes the first owner of a studio, by the link that its start printed. Returns on the first page. */
export async function becomeOwner(page: Page, studio: Pick<Studio, 'welcomeUrl'>): Promise<void> {
  await page.goto(studio.welcomeUrl as string);
  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByLabel('Email').fill('ada@example.test');
  await page.getByLabel('Password').fill('a long enough password');
  await page.getByRole('button', { name: 'Open the studio', exact: true }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}
