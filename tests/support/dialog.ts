import type { Page } from 'playwright-core';

/**
 * Presses Escape in the dialog that is open. A dialog listens to keys from when it has taken the focus, which is a moment
 * after it is drawn: people are never that quick, a test is.
 */
export async function escapeDialog(page: Page): Promise<void> {
  await page.waitForFunction(() => document.activeElement?.closest('[role="dialog"], [role="alertdialog"]'));
  await page.keyboard.press('Escape');
}
