import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingProblems } from '../support/axe.ts';
import { launchBrowser, withoutBrowser } from '../support/browser.ts';
import { becomeOwner } from '../support/owner.ts';
import { Studio } from '../support/studio.ts';
import { Visitor } from '../support/visitor.ts';

const built = existsSync(path.resolve(import.meta.dirname, '../../apps/studio/dist/index.html'));
const skipped = withoutBrowser || (built ? false : 'the studio is not built: run it by npm test, which builds it');

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
/** What a page that is refused, or not signed in, says of itself in the browser's log. */
const refused = /40[139] \(|the server responded/;

describe.skipIf(skipped)(`several people${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
  let studio: Studio;
  let browser: Browser;
  let ada: Visitor;
  let bob: Visitor;
  let link: string;

  beforeAll(async () => {
    studio = new Studio({ localEdge: false });
    await studio.start();
    browser = await launchBrowser();
    [ada, bob] = [await Visitor.come(browser), await Visitor.come(browser)];
    await becomeOwner(ada.page, studio);
  });

  afterAll(async () => {
    await browser?.close();
    await studio?.[Symbol.asyncDispose]();
  });

  /** Makes an invitation on the page of people. @returns its link */
  const invite = async (page: Page, role: string): Promise<string> => {
    await page.goto(`${studio.url}/people`);
    await button(page, 'Invite a person').click();
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: role, exact: true }).click();
    await page.getByLabel('For whom (optional)').fill('Bob from next door');
    await button(page, 'Create link').click();
    const shown = page.getByRole('dialog').locator('code').first();
    await shown.waitFor();
    return (await shown.textContent()) as string;
  };
  const join = async (page: Page, name: string) => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Email').fill(`${name.toLowerCase()}@example.test`);
    await page.getByLabel('Password').fill('a long enough password');
    await button(page, 'Join').click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  };
  const nothingWrong = async (page: Page) => expect(await lastingProblems(page)).toEqual([]);

  test('an owner invites with the keyboard alone, and gets a link that works once', async () => {
    const { page } = ada;
    await page.getByRole('link', { name: 'People', exact: true }).focus();
    await page.keyboard.press('Enter');
    await button(page, 'Invite a person').waitFor();
    await nothingWrong(page);
    await button(page, 'Invite a person').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Invite a person' }).waitFor();
    await nothingWrong(page);
    await page.getByRole('combobox', { name: 'Role' }).focus();
    await page.keyboard.press('Enter');
    const focused = () => page.evaluate(() => (document.activeElement?.getAttribute('role') === 'option' ? document.activeElement.textContent : null));
    await expect.poll(focused).toBe('Member');
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('Guest');
    await page.keyboard.press('Enter');
    await page.getByText('Sees what is shared, and runs nothing.').waitFor();
    await page.getByLabel('For whom (optional)').focus();
    await page.keyboard.type('Nobody yet');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').locator('code').first().waitFor();
    await nothingWrong(page);
    await page.keyboard.press('Escape');
    await expect.poll(() => button(page, 'Invite a person').evaluate((one) => one === document.activeElement)).toBe(true);
    await page.getByRole('region', { name: 'Open invitations' }).getByText('Nobody yet').waitFor();
    await button(page, 'Revoke the invitation for Nobody yet').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Open invitations' }).waitFor({ state: 'detached' });
  });

  test('somebody opens the link in another browser, is told who invites them as what, joins, and sees a studio of their own', async () => {
    link = await invite(ada.page, 'Member');
    await button(ada.page, 'Done').click();
    await bob.page.goto(link);
    await bob.page.getByRole('heading', { name: 'Ada Lovelace invites you' }).waitFor();
    await bob.page.getByText('Bob from next door').waitFor();
    await bob.page.getByText(/as a member/).waitFor();
    await nothingWrong(bob.page);
    await join(bob.page, 'Bob');
    await bob.page.goto(`${studio.url}/gallery`);
    await bob.page.getByRole('navigation', { name: 'Pages' }).waitFor();
    expect(await bob.page.getByRole('link', { name: 'People' }).count()).toBe(0);
    await bob.page.goto(`${studio.url}/people`);
    await bob.page.waitForURL(`${studio.url}/`);
    await ada.page.getByRole('link', { name: /Bob/ }).waitFor();
  });

  test('a link that was used says so, and one that a signed-in person opens uses nothing up', async () => {
    const late = await Visitor.come(browser);
    await late.page.goto(link);
    await late.page.getByText('This invitation was used already').waitFor();
    await late.page.getByRole('link', { name: 'Sign in' }).waitFor();
    await nothingWrong(late.page);
    await late.context.close();
    const another = await invite(ada.page, 'Guest');
    await button(ada.page, 'Done').click();
    await bob.page.goto(another);
    await bob.page.getByRole('heading', { name: 'You are signed in as Bob' }).waitFor();
    await nothingWrong(bob.page);
    await button(ada.page, 'Revoke the invitation for Bob from next door').click();
    await bob.page.goto(`${studio.url}/`);
  });

  test('a member whose role is changed is a guest at their next request: they see what is shared, and nothing that they cannot do', async () => {
    await ada.page.goto(`${studio.url}/people`);
    await ada.page.getByRole('link', { name: /Bob/ }).click();
    await ada.page.getByRole('dialog', { name: 'Bob' }).waitFor();
    await ada.page.getByText('Chrome on Linux').waitFor();
    await nothingWrong(ada.page);
    await ada.page.getByRole('combobox', { name: 'Role of Bob' }).click();
    await ada.page.getByRole('option', { name: 'Guest' }).click();
    await ada.page.getByText('Bob is a guest now.').first().waitFor();
    await bob.page.getByRole('heading', { name: 'Gallery' }).waitFor();
    await bob.page.getByText('What the people of this studio share with you.').waitFor();
    expect(await bob.page.getByRole('link', { name: 'Fleet' }).count()).toBe(0);
    await nothingWrong(bob.page);
    bob.complaints();
    await bob.page.goto(`${studio.url}/fleet`);
    await bob.page.getByText('What the people of this studio share with you.').waitFor();
    expect(bob.complaints()).toEqual([]);
  });

  test('a person changes their name and password, sees their browsers, and ends one', async () => {
    const phone = await Visitor.come(browser);
    await phone.page.goto(`${studio.url}/sign-in`);
    await phone.page.getByLabel('Email').fill('bob@example.test');
    await phone.page.getByLabel('Password').fill('a long enough password');
    await button(phone.page, 'Sign in').click();
    await phone.page.getByRole('heading', { name: 'Gallery' }).waitFor();
    const { page } = bob;
    await button(page, /account/).click();
    await page.getByRole('menuitem', { name: 'Your account' }).click();
    await page.getByText('This browser').waitFor();
    await nothingWrong(page);
    await button(page, 'End the session of Chrome on Linux').click();
    await page.getByText('Ended.').first().waitFor();
    await phone.page.reload();
    await button(phone.page, 'Sign in').waitFor();
    await page.getByLabel('Current password').fill('not this one at all');
    await page.getByLabel('New password').fill('another good password');
    await button(page, 'Change password').click();
    await page.getByText('The current password is not right.').waitFor();
    await page.getByLabel('Current password').fill('a long enough password');
    await button(page, 'Change password').click();
    await page.getByText('Your password is changed.').first().waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Robert');
    await button(page, 'Change name').click();
    await page.getByText('Your name is changed.').first().waitFor();
    await phone.context.close();
  });

  test('a forgotten password is set by a link, and somebody who is removed is out at once', async () => {
    const { page } = ada;
    await page.goto(`${studio.url}/people`);
    await page.getByRole('link', { name: /Robert/ }).click();
    await page.getByRole('region', { name: 'New password' }).getByRole('button', { name: 'Create link' }).click();
    const code = page.getByRole('region', { name: 'New password' }).locator('code').first();
    await code.waitFor();
    await bob.page.goto((await code.textContent()) as string);
    await bob.page.getByRole('heading', { name: 'A new password, Robert' }).waitFor();
    await nothingWrong(bob.page);
    await bob.page.getByLabel('Password').fill('a third good password');
    await button(bob.page, 'Set password').click();
    await bob.page.getByRole('heading', { name: 'Gallery' }).waitFor();
    await page.reload();
    await button(page, 'Remove Robert').click();
    await page.getByRole('dialog', { name: 'Remove Robert?' }).waitFor();
    await nothingWrong(page);
    await page.getByRole('radio', { name: 'Delete them' }).check();
    await button(page, 'Remove Robert and delete').click();
    await page.getByText('Robert is removed.').first().waitFor();
    await bob.page.goto(studio.url);
    await button(bob.page, 'Sign in').waitFor();
    expect(ada.complaints(refused)).toEqual([]);
    expect(bob.complaints(refused)).toEqual([]);
  });

  test('no page is wider than a phone', async () => {
    await ada.page.setViewportSize({ width: 400, height: 800 });
    for (const place of ['/people', '/account', '/join#nothing-of-the-kind', '/new-password#nothing-of-the-kind']) {
      await ada.page.goto(studio.url + place);
      await ada.page.getByRole('heading', { level: 1 }).waitFor();
      expect([place, await ada.overflow()]).toEqual([place, 0]);
    }
  });
});
