import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutBrowser } from '../support/browser.ts';
import { buildStudioWith, serveBuild } from '../support/built-studio.ts';
import { digestFleet, giveModels } from '../support/digest-fleet.ts';
import { Studio } from '../support/studio.ts';
import { toyModel, toyTasks } from '../support/toys.ts';
import { type VisitedStudio, visitStudio } from '../support/visited-studio.ts';
import type { Visitor } from '../support/visitor.ts';

const task = 'text-reversal';

/** The one line, with the import that it needs. */
const withToys = (text: string) =>
  `import { reversal } from '../../toy-family/index.ts';\n${text}`.replace('[walk, mask, transcript]', '[walk, mask, transcript, reversal]');

describe.skipIf(withoutBrowser)(`a family of one folder and one line${withoutBrowser ? ` (skipped: ${withoutBrowser})` : ''}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'atelier-toys-'));
  let studio: Studio;
  let visited: VisitedStudio;
  let visitor: Visitor;
  let page: Page;
  let runId: string;

  beforeAll(async () => {
    const own = new Studio({ fleet: digestFleet(['Only'], 1, [`${task}-toy`]), tasks: [toyTasks] });
    giveModels(own, 'Only', [toyModel(task)]);
    await buildStudioWith(folder, 'families/index.ts', withToys);
    visited = await visitStudio({
      studio: own,
      enter: ({ context }) => serveBuild(context, folder),
      until: (one) => one.offered(`${task}-toy`),
    });
    ({ studio, visitor, page } = visited);
  });

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the form has its control for one parameter, and those of the declaration for the others', async () => {
    await page.getByRole('button', { name: 'Choose the first step', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Text reversal', exact: true }).click();
    await page.getByRole('textbox', { name: /^Text/ }).fill('stressed');
    await page.getByRole('button', { name: 'Text reversal', exact: true }).click();
    await page.getByRole('button', { name: 'Times', exact: true }).click();
    await page.getByText('Once more than 2').click();
    await page.getByText('Once more than 3').waitFor();
    await page.getByRole('textbox', { name: 'Mark', exact: true }).fill('?');
  });

  test("the card of its step shows its result and what can be done with it, beside what every step's card has", async () => {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    runId = new URL(page.url()).pathname.split('/')[2] as string;
    const card = page.getByRole('region', { name: 'Step 1: Text reversal', exact: true });
    await card.getByRole('figure', { name: 'Mirror of Text reversal' }).getByText('desserts?').waitFor();
    await card.getByRole('link', { name: 'All reversals like Text reversal' }).waitFor();
    await card.getByRole('button', { name: 'Edit and run from here: Text reversal' }).waitFor();
    const run = await studio.client.api.runs.get({ id: runId as never });
    expect(run.steps[0]?.parameters).toEqual({ unit: 'letters', times: 3, mark: '?' });
  });

  test('its page is in the rail and has a key, its runs lead to it, and Ctrl K begins there', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Reversals' }).click();
    await page.getByRole('heading', { name: 'All of them' }).waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Chains' }).click();
    await page.getByRole('heading', { name: 'All of them' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    await page.getByRole('heading', { name: 'All of them' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'New reversal' }).waitFor();
    await page.getByRole('group', { name: 'Runs' }).getByRole('option').first().click();
    await page.getByRole('heading', { name: 'One reversal' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/reversals/${runId}`);
  });

  test('an item of the gallery leads to the page of its run, and can be used as the family says', async () => {
    const run = await studio.client.api.runs.get({ id: runId as never });
    const output = run.steps[0]?.outputs[0]?.id as string;
    await page.goto(`${studio.url}/gallery/${output}`);
    expect(await page.getByRole('link', { name: 'View reversal' }).getAttribute('href')).toBe(`/reversals/${runId}`);
    await page.getByRole('button', { name: 'Use as text for', exact: true }).click();
    await page.getByRole('menuitem', { name: 'A reversal of this text' }).click();
    await page.getByText(output).waitFor();
  });

  test('signing out asks about what the family says is begun', async () => {
    await page.getByRole('button', { name: /account$/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('dialog', { name: 'Sign out?' }).getByText('a reversal by hand').waitFor();
    // Pages that a test fulfils are of no known network, so that their WebSockets are refused; the studio then asks by HTTP.
    expect(visitor.complaints(/LOCAL_NETWORK_ACCESS/)).toEqual([]);
  });
});
