import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OutputId, RunId } from '@atelier/protocol';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingProblems } from '../support/axe.ts';
import { escapeDialog } from '../support/dialog.ts';
import { layoutShift, watchLayoutShift } from '../support/layout-shift.ts';
import { Studio } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

/** A model that no machine has, but whose manifest says which sizes it draws. */
const wideModel = `
id: wide-model
title: Wide model
shortName: wide
summary: Draws larger images.
driver: automatic1111
tasks: [text-to-image]
licence: Apache-2.0
files: []
memoryBytes: 1
pictureSide: 512
prior: { loadSeconds: 1, runSeconds: 1 }
`;

describe.skipIf(withoutStudio)(`focus, keys and names${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let studio: Studio;
  let visited: VisitedStudio;
  let page: Page;
  let context: BrowserContext;
  let runId: string;
  let walkId: string;
  let outputs: OutputId[];

  beforeAll(async () => {
    const own = new Studio();
    mkdirSync(path.join(own.data, 'manifests'));
    writeFileSync(path.join(own.data, 'manifests/wide.yaml'), wideModel);
    visited = await visitStudio({ studio: own, enter: (entered) => watchLayoutShift(entered.context) });
    ({ studio, page, context } = visited);
    const drawn = [];
    for (const words of ['a red apple', 'an owl', 'a castle']) {
      const run = await studio.client.api.runs.create({ chain: 'text-to-image', inputs: { prompt: { text: words } } });
      drawn.push(await studio.ended(run.id));
    }
    const walk = await studio.client.api.runs.create({
      chain: {
        steps: [{ task: 'latent-walk', parameters: { frames: 3, keyframes: [{ prompt: 'a cat' }, { prompt: 'a dog' }] } }, { task: 'frames-to-video' }],
      } as never,
    });
    await studio.ended(walk.id);
    [runId, walkId] = [drawn[0]?.id as string, walk.id];
    outputs = drawn.flatMap((run) => run.steps[0]?.outputs[0]?.id ?? []);
  });

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
  });

  const visit = async (place: string) => {
    await page.goto(`${studio.url}${place}`);
    await page.getByRole('main').or(page.getByRole('dialog')).first().waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
  };
  const focusIs = (name: string | RegExp) => expect.poll(() => focused(page)).toMatch(name);

  test('each window gives the focus back to what opened it, through a menu and over another window too', async () => {
    await visit('/');
    const cases: Array<[opener: RegExp, open: () => Promise<void>]> = [
      [/^Paste a chain$/, () => page.keyboard.press('Enter')],
      [/^Find anything/, () => page.keyboard.press('Enter')],
      [/^Paste a chain$/, () => page.keyboard.press('Control+k')],
      [/account$/, () => page.keyboard.press('Enter').then(() => page.getByRole('menuitem', { name: 'API tokens' }).press('Enter'))],
      [/account$/, () => page.keyboard.press('Enter').then(() => page.getByRole('menuitem', { name: 'Shortcuts' }).press('Enter'))],
      [/^Theme$/, () => page.keyboard.press('?')],
    ];
    for (const [opener, open] of cases) {
      await button(page, opener).first().focus();
      await open();
      await page.getByRole('dialog').waitFor();
      await escapeDialog(page);
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await focusIs(opener);
    }
    await visit('/fleet');
    await button(page, /^More about/).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Revoke' }).press('Enter');
    await page.getByRole('alertdialog').waitFor();
    await button(page, 'Cancel').press('Enter');
    await focusIs(/^More about/);
  });

  test('a token is revoked after a question, its secret is no longer shown, and the focus stays in the window', async () => {
    await visit('/');
    await button(page, /account$/).press('Enter');
    await page.getByRole('menuitem', { name: 'API tokens' }).press('Enter');
    await page.getByLabel('Name of the new token').fill('A program');
    await page.keyboard.press('Enter');
    await page.getByRole('status').locator('code').waitFor();
    await button(page, 'Revoke A program').press('Enter');
    await page.getByRole('alertdialog', { name: 'Revoke A program?' }).waitFor();
    await button(page, 'Cancel').press('Enter');
    await focusIs(/^Revoke A program$/);
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).press('Enter');
    await page.getByText('Token revoked.').first().waitFor();
    await page.getByRole('status').locator('code').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true);
    await escapeDialog(page);
  });

  test('deleting in the gallery focuses the item that takes its place, by key and after the last one too', async () => {
    await visit('/gallery');
    const tile = (words: string) => page.getByRole('grid').getByRole('link', { name: `Image: ${words}`, exact: true });
    await tile('an owl').focus();
    await page.keyboard.press('Delete');
    await tile('an owl').waitFor({ state: 'detached' });
    await focusIs(/^Image: a red apple$/);
    await page.keyboard.press('Delete');
    await tile('a red apple').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[role="grid"]') !== null)).toBe(true);
    await studio.client.api.gallery.restore({ ids: outputs });
  });

  test('a step that is removed gives the focus to its neighbour', async () => {
    await visit('/');
    for (const [label, task] of [
      ['Choose the first step', 'Text to text'],
      ['Add a step', 'Text to image'],
    ] as const) {
      await button(page, label).press('Enter');
      await page.getByRole('menuitem', { name: task, exact: true }).press('Enter');
    }
    await button(page, 'Remove Text to image').press('Enter');
    await button(page, 'Remove Text to image').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('ol[aria-label="Steps"]') !== null)).toBe(true);
  });

  test('a value out of bounds is said in a sentence at its field and beside Run, and the studio is not asked', async () => {
    await visit('/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('Text to image');
    await page.getByRole('option', { name: 'Text to image', exact: true }).click();
    await page.getByRole('region', { name: 'Chain', exact: true }).getByRole('button', { name: 'Text to image', exact: true }).click();
    const steps = page.getByRole('textbox', { name: 'Steps', exact: true }).first();
    const asked: string[] = [];
    page.on('request', (request) => request.url().endsWith('/api/plan') && asked.push(request.postData() ?? ''));
    await steps.fill('0');
    await page.getByRole('region', { name: 'Run the chain' }).getByText('Steps must be 1 to 150.').waitFor();
    await expect.poll(() => steps.getAttribute('aria-invalid')).toBe('true');
    const describing = await steps.getAttribute('aria-describedby');
    await expect.poll(() => page.locator(`[id="${describing}"]`).textContent()).toBe('Steps must be 1 to 150.');
    await expect.poll(() => button(page, 'Run').isDisabled()).toBe(true);
    await steps.fill('30');
    await page.getByRole('region', { name: 'Run the chain' }).getByText('Enter a prompt.').waitFor();
    await expect.poll(() => steps.getAttribute('aria-invalid')).toBeNull();
    expect(asked.filter((body) => /"steps":0\b/.test(body))).toEqual([]);
  });

  test('the sizes that the chosen model can draw are offered, chosen by key, undone as one, and swapped; a model with one size says so', async () => {
    const step = page.getByRole('group', { name: 'Image size' });
    const sides = () => Promise.all(['Width', 'Height'].map((side) => step.getByRole('textbox', { name: new RegExp(`^${side}`) }).inputValue()));
    await step.getByText('Starter images draws images of 128 × 128 pixels only.').waitFor();
    expect(await step.getByRole('button', { name: /^\d+:\d+,/ }).count()).toBe(0);
    await page.getByRole('combobox', { name: 'Model of Text to image' }).click();
    await page.getByRole('option', { name: /^Wide model/ }).click();
    const wide = step.getByRole('button', { name: '16:9, 704 × 384 pixels' });
    await wide.focus();
    await page.keyboard.press('Enter');
    await expect.poll(sides).toEqual(['704', '384']);
    await expect.poll(() => wide.getAttribute('aria-pressed')).toBe('true');
    await button(page, 'Swap width and height').click();
    await expect.poll(sides).toEqual(['384', '704']);
    await step.getByRole('combobox', { name: 'Pixels' }).click();
    await page.getByRole('option', { name: /^Larger, slower · 576 × 1024/ }).click();
    await expect.poll(sides).toEqual(['576', '1024']);
    expect(await lastingProblems(page)).toEqual([]);
    await page.getByRole('heading', { name: 'What do you want to make?' }).click();
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect.poll(sides).toEqual(['', '']);
    await page.keyboard.press('Control+z');
    await step.getByText('128 × 128 pixels only').waitFor();
  });

  test('a prompt that is longer than the model reads says so and names what is left out, and its field stops growing', async () => {
    const field = page.getByRole('textbox', { name: /^Text/ });
    await field.fill(`${'very '.repeat(24)}tall lighthouse`);
    await page.getByText(/Starter images reads 22\. Probably left out: “.*tall lighthouse”/).waitFor();
    await field.fill('line\n'.repeat(200));
    expect((await field.boundingBox())?.height).toBeLessThan(400);
    await field.fill('an owl');
    await page.getByText(/Probably left out/).waitFor({ state: 'detached' });
  });

  test('a whole job by keyboard alone: a chain is begun, written, run, and its result opened', async () => {
    await visit('/');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('words to image');
    await page.getByRole('option', { name: 'Words to image' }).waitFor();
    await page.keyboard.press('Enter');
    const field = page.getByRole('textbox', { name: /^Text/ });
    await field.waitFor();
    for (let presses = 0; presses < 80 && !(await field.evaluate((one) => one === document.activeElement)); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('a sailboat');
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('[aria-label="Run the chain"] button')?.disabled);
    await page.keyboard.press('Control+Enter');
    await page.waitForURL(/\/runs\//);
    const enlarge = button(page, 'Enlarge Text to image');
    await enlarge.waitFor();
    for (let presses = 0; presses < 120 && !(await enlarge.evaluate((one) => one === document.activeElement)); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await escapeDialog(page);
    await focusIs(/^Enlarge Text to image$/);
  });

  test('a branch is added by key, drawn with who feeds whom in the composer and on the page of its run, and wired by hand', async () => {
    const chain = page.getByRole('region', { name: 'Chain', exact: true });
    const rows = chain.getByRole('list', { name: 'Steps' }).getByRole('listitem');
    await visit('/');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('Text to image');
    await page.getByRole('option', { name: 'Text to image', exact: true }).click();
    await button(page, 'Add a step').click();
    await page.getByRole('menuitem', { name: 'Image to video' }).click();
    await chain.getByRole('button', { name: 'Text to image', exact: true }).click();
    const branch = button(page, 'Add another step from here: Text to image');
    await branch.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Image upscaling' }).focus();
    await page.keyboard.press('Enter');
    await rows.nth(3).waitFor();
    await expect
      .poll(() => rows.allInnerTexts())
      .toEqual(['prompt', expect.stringMatching(/from prompt$/), expect.stringMatching(/from Text to image$/), expect.stringMatching(/from Text to image$/)]);
    await page.getByRole('textbox', { name: /^Text/ }).fill('a lighthouse');
    await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('[aria-label="Run the chain"] button')?.disabled === false);
    expect(await lastingProblems(page)).toEqual([]);
    await page.keyboard.press('Control+Enter');
    await page.waitForURL(/\/runs\//);
    const drawn = page.getByRole('region', { name: 'Steps and branches' });
    await drawn.getByText('from Text to image').nth(1).waitFor();
    await drawn.getByText('Done').nth(2).waitFor();
    const run = await studio.client.api.runs.get({ id: page.url().split('/').at(-1) as RunId });
    expect(run.chain.steps.map(({ inputs }) => Object.values(inputs).flat().join())).toEqual(['inputs.prompt', 'text-to-image.image', 'text-to-image.image']);
    expect(await lastingProblems(page)).toEqual([]);

    await visit('/');
    await chain.getByRole('button', { name: 'Image upscaling', exact: true }).click();
    await page.getByRole('combobox', { name: 'Image from, for Image upscaling' }).click();
    await page.getByRole('option', { name: 'A new input' }).click();
    await page.getByRole('combobox', { name: 'Image from, for Image upscaling' }).filter({ hasText: 'Input image' }).waitFor();
    expect((await rows.allInnerTexts()).filter((row) => /^(prompt|image)$/.test(row))).toEqual(['prompt', 'image']);
  });

  test('a text is copied without a clipboard, and if nothing helps it is selected', async () => {
    const stranger = await context.newPage();
    await stranger.addInitScript(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      document.addEventListener('copy', () =>
        Object.assign(globalThis, { copied: String(getSelection()) || (document.activeElement as HTMLTextAreaElement).value }),
      );
    });
    await stranger.goto(`${studio.url}/fleet`);
    await button(stranger, 'Add a machine').click();
    await button(stranger, 'Copy the command').click();
    await button(stranger, 'Copied').first().waitFor();
    const command = await stranger.getByRole('dialog').locator('code', { hasText: 'npx atelier edge --join' }).textContent();
    await expect.poll(() => stranger.evaluate(() => (globalThis as { copied?: string }).copied)).toBe(command);
    await stranger.evaluate(() => Object.assign(document, { execCommand: () => false }));
    await button(stranger, /^Copy the command$/).click();
    await stranger.getByText('Press Ctrl+C').first().waitFor();
    await expect.poll(() => stranger.evaluate(() => String(getSelection()))).toBe(command);
    await escapeDialog(stranger);
    await button(stranger, 'Add a machine').click();
    await stranger.getByRole('dialog').locator('code', { hasText: 'npx atelier edge --join' }).waitFor();
    await expect.poll(() => stranger.getByRole('dialog').locator('code', { hasText: 'npx atelier edge --join' }).textContent()).toBe(command);
    await stranger.getByText('This studio listens for this machine alone').waitFor();
    await stranger.close();
  });

  test('what fits on the machine is said where the starter model ends, and unknown addresses say what was looked for', async () => {
    await visit('/');
    await button(page, 'see what fits on your machines').click();
    await page.getByRole('dialog').getByText('of memory for models').waitFor();
    await button(page, 'Copy the doctor command').waitFor();
    await escapeDialog(page);
    await focusIs(/^see what fits/);
    const nobody = '0198a7a0-0000-7000-8000-000000000000';
    for (const [place, words] of [
      ['/nowhere?x=1', '/nowhere?x=1'],
      [`/runs/${nobody}`, `the run ${nobody}`],
      ['/runs/x', 'the run x'],
      [`/gallery/${nobody}`, `the item ${nobody}`],
      [`/walks/${runId}`, 'a walk in the run'],
    ] as const) {
      await visit(place);
      await page.getByText(words).first().waitFor();
    }
  });

  for (const theme of ['Dark', 'Light']) {
    test(`axe finds nothing on any page, every visible word is part of its control's name, and nothing jumps, in the ${theme.toLowerCase()} theme`, async () => {
      await visit('/');
      await button(page, 'Theme').click();
      await page.getByRole('menuitemradio', { name: theme }).click();
      const problems: string[] = [];
      const places = [
        '/',
        '/walks',
        `/walks/${walkId}`,
        '/runs',
        `/runs/${runId}`,
        '/gallery',
        `/gallery/${outputs[0]}`,
        '/fleet',
        '/nowhere',
        '/public',
        '/welcome',
      ];
      for (const place of places) {
        await visit(place);
        const shift = await layoutShift(page);
        if (shift > 0.05) problems.push(`${place}: layout shift ${shift.toFixed(3)}`);
        for (const problem of await lastingProblems(page)) problems.push(`${place}: ${problem}`);
      }
      expect(problems).toEqual([]);
    });
  }

  test('on a phone each page opens at its top, and the menu of first steps fits into the window', async () => {
    await page.setViewportSize({ width: 400, height: 700 });
    await visit('/gallery');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await visit('/');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
    await visit('/');
    await button(page, /^(Choose the first step|Add a step)$/).click();
    const box = await page.getByRole('menu').boundingBox();
    expect(box && box.y >= 0 && box.y + box.height <= 700 && box.x >= 0 && box.x + box.width <= 400).toBe(true);
  });

  for (const size of [
    { width: 400, height: 700 },
    { width: 1280, height: 800 },
  ]) {
    test(`Run stays in reach along a long chain and hides nothing that has the focus, ${size.width} pixels wide`, async () => {
      await page.setViewportSize(size);
      await visit('/');
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type('Text to image');
      await page.getByRole('option', { name: 'Text to image', exact: true }).click();
      for (const next of ['Image to image', 'Image to video']) {
        await button(page, 'Add a step').click();
        await page.getByRole('menuitem', { name: next, exact: true }).click();
      }
      await page.getByRole('region', { name: 'Chain', exact: true }).getByRole('button', { name: 'Image to image', exact: true }).click();
      const bar = page.getByRole('region', { name: 'Run the chain' });
      const card = page.getByRole('region', { name: 'Input and parameters' });
      const top = async () => {
        const box = await bar.boundingBox();
        expect(box && box.y > 0 && box.y + box.height <= size.height, 'the bar lies in the window').toBe(true);
        return box?.y ?? 0;
      };
      await card.getByRole('textbox').first().focus();
      const inside = () => card.evaluate((one) => one.contains(document.activeElement));
      for (let presses = 0; presses < 80 && (await inside()); presses += 1) {
        const lower = await page.evaluate(() => document.activeElement?.getBoundingClientRect().bottom ?? 0);
        expect(lower, await focused(page)).toBeLessThanOrEqual(await top());
        await page.keyboard.press('Tab');
      }
      expect(await inside()).toBe(false);
    });
  }
});
