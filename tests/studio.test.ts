import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inspectMp4, readPicture } from '@atelier/media';
import type { RunId, RunView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { escapeDialog } from './support/dialog.ts';
import { inOrder } from './support/in-order.ts';
import { linkedModels } from './support/linked-models.ts';
import { becomeOwner, owner } from './support/owner.ts';
import { Studio, starterModels } from './support/studio.ts';
import { withoutStudio } from './support/visited-studio.ts';
import { Visitor } from './support/visitor.ts';

const picture = path.resolve(import.meta.dirname, '../examples/pictures/apple.png');

const idIn = (page: Page) => new URL(page.url()).pathname.split('/')[2] as RunId;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const item = (page: Page, name: string) => page.getByRole('menuitem', { name, exact: true });
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name, exact: true });

describe.skipIf(withoutStudio)(`the studio in a browser${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let models: string;
  let studio: Studio;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  /** The run of the first chain, on which later tests build. */
  let first: RunView;

  beforeAll(async () => {
    models = linkedModels(starterModels as string);
    [studio, browser] = await Promise.all([Studio.start({ arguments: ['--models', models] }), launchBrowser()]);
    visitor = await Visitor.come(browser);
    page = visitor.page;
  });

  inOrder();

  afterAll(async () => {
    await browser?.close();
    await studio?.[Symbol.asyncDispose]();
    rmSync(models, { recursive: true, force: true });
  });

  /** Follows the run on the page to its end. */
  const ended = async (): Promise<RunView> => {
    const run = await studio.ended(idIn(page));
    await button(page, 'Run again').waitFor();
    return run;
  };
  const visit = async (place: string, name: string | RegExp) => {
    await page.goto(`${studio.url}${place}`);
    await heading(page, name).waitFor();
  };
  const movedOn = (from = '') => page.waitForURL((url) => url.pathname.startsWith('/runs/') && url.href !== from);
  const addStep = async (title: string, label = 'Add a step') => {
    await button(page, label).click();
    await item(page, title).click();
  };

  test('the welcome link makes the first owner, who sees examples that run at one click', async () => {
    await becomeOwner(page, studio);
    await heading(page, 'What do you want to make?').waitFor();
    for (const title of ['Diamond', 'Image in motion', 'Words to image', 'Voice to video']) await button(page, `Run ${title}`).waitFor();
    // Asking who is here is how the page learns that nobody is.
    expect(visitor.complaints(/status of 401/)).toEqual([]);
  });

  test('the welcome link is refused the second time', async () => {
    const late = await Visitor.come(browser);
    await late.page.goto(studio.welcomeUrl as string);
    await late.page.getByLabel('Name').fill('Mallory');
    await late.page.getByLabel('Email').fill('mallory@example.test');
    await late.page.getByLabel('Password').fill(owner.password);
    await button(late.page, 'Open the studio').click();
    await late.page.getByRole('alert').waitFor();
    expect(new URL(late.page.url()).pathname).toBe('/welcome');
    expect(late.complaints(/status of (401|409)/)).toEqual([]);
    await late.context.close();
  });

  test('the first page begins with a box for a prompt: type, Enter, image; its run is called by the prompt, results first', async () => {
    const box = page.getByLabel('What should the image show?');
    await expect.poll(() => box.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.type('a green pear');
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: 'a green pear', exact: true }).waitFor();
    await page.getByRole('link', { name: 'View run' }).click();
    await heading(page, 'a green pear').waitFor();
    await page.waitForFunction(() => document.title === 'Done · a green pear');
    const top = (locator: ReturnType<Page['locator']>) => locator.evaluate((element) => element.getBoundingClientRect().top);
    expect(await top(page.getByRole('img', { name: 'Text to image', exact: true }))).toBeLessThan(await top(region(page, 'Plan')));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download image of Text to image' }).click()]);
    expect(download.suggestedFilename()).toMatch(/^a-green-pear-[0-9a-z]{4}\.png$/);
    await page.getByRole('link', { name: 'Chains' }).first().click();
    await heading(page, 'What do you want to make?').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('a chain is composed, its plan is drawn, and while it runs there are progress and a preview', async () => {
    await addStep('Text to image', 'Choose the first step');
    await addStep('Image to video');
    await page.getByRole('textbox', { name: /^Text/ }).fill('a red apple');
    await page.getByRole('group', { name: /^Plan: / }).waitFor();
    await button(page, /for text-to-image, chosen/).waitFor();
    await button(page, 'Text to image').click();
    await page.getByRole('textbox', { name: 'Steps', exact: true }).first().fill('40');
    await Promise.all([
      page.getByRole('progressbar', { name: 'Progress of Text to image' }).waitFor(),
      page.getByRole('img', { name: 'Preview of Text to image' }).waitFor(),
      button(page, 'Run').click(),
    ]);
    first = await ended();
    expect(first.state).toBe('succeeded');
    expect(first.steps.map((step) => step.parameters.steps)).toEqual([40, expect.anything()]);
    expect(visitor.complaints()).toEqual([]);
  });

  test('picture and film are shown; what is downloaded holds its recipe, and without that has the hash that the run states', async () => {
    const width = (alt: string) =>
      page.getByRole('img', { name: alt, exact: true }).evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth));
    expect(await width('Text to image')).toBe(128);
    const film = page.getByLabel('Image to video', { exact: true });
    const shown = await film.evaluate(
      (video: HTMLVideoElement) =>
        new Promise((resolve) => (video.readyState >= 2 ? resolve(video.videoWidth) : video.addEventListener('loadeddata', () => resolve(video.videoWidth)))),
    );
    expect(shown).toBeGreaterThan(0);
    for (const [index, name] of ['image of Text to image', 'video of Image to video'].entries()) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: `Download ${name}` }).click()]);
      const bytes = readFileSync(await download.path());
      const [step, output] = [first.steps[index], first.steps[index]?.outputs[0]];
      expect(readRecipe(bytes)).toMatchObject({
        result: { stepId: step?.id, port: output?.port },
        modelHashes: { [step?.id as string]: { modelId: output?.recipe.modelId } },
      });
      const pure = await fetch(`${studio.url}/api/outputs/${output?.id}/content?raw=1`, { headers: { authorization: `Bearer ${studio.token}` } });
      expect(
        createHash('sha256')
          .update(new Uint8Array(await pure.arrayBuffer()))
          .digest('hex'),
      ).toBe(output?.hash);
      if (index === 0) expect((await readPicture(bytes)).width).toBe(128);
      else expect(inspectMp4(bytes).frames).toBe(24);
    }
    await button(page, 'Enlarge Text to image').click();
    await page.getByRole('dialog').waitFor();
    await escapeDialog(page);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(visitor.complaints()).toEqual([]);
  });

  test('the same seeds give the same bytes, and a changed step runs from there', async () => {
    const from = page.url();
    await button(page, 'Run again').click();
    await item(page, 'With the same seeds').click();
    await movedOn(from);
    const repeated = await ended();
    const hashes = (run: RunView) => run.steps.map((step) => step.outputs[0]?.hash);
    expect(hashes(repeated)).toEqual(hashes(first));
    await page.getByRole('link', { name: 'Made from an earlier run' }).waitFor();

    const before = page.url();
    await button(page, 'Edit and run from here: Image to video').click();
    await page.getByRole('dialog').getByLabel('Frames', { exact: true }).fill('16');
    await button(page, 'Run from here').click();
    await movedOn(before);
    const changed = await ended();
    expect(changed.steps.map((step) => step.reused)).toEqual([true, false]);
    expect(hashes(changed)[0]).toBe(hashes(first)[0]);
    expect(changed.steps[1]?.parameters.frames).toBe(16);
    await region(page, 'Step 1: Text to image').getByText('Reused from an earlier run').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('a run is stopped in the middle and keeps what is finished', async () => {
    await button(page, 'Edit').click();
    await button(page, 'Image to video').click();
    await page.getByRole('textbox', { name: 'Frames', exact: true }).fill('48');
    await page.getByRole('textbox', { name: /^Text/ }).fill('a rocket');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('progressbar', { name: 'Progress of Image to video' }).waitFor();
    await button(page, 'Stop').click();
    const stopped = await ended();
    expect(stopped.state).toBe('cancelled');
    expect(stopped.steps.map((step) => step.outputs.length)).toEqual([1, 0]);
    await page.getByText('The results of 1 step are kept.').first().waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('the list shows every run and can be narrowed to a state', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Runs' }).click();
    const rows = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
    await rows.nth(3).waitFor();
    await button(page, 'Stopped').click();
    await rows.nth(1).waitFor({ state: 'detached' });
    await rows.getByText('Stopped').waitFor();
    await rows.getByRole('link').first().click();
    await region(page, 'Input: prompt').getByText('a rocket').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('a model is removed from a machine and pulled again', async () => {
    await visit('/fleet', 'Fleet');
    const [machine] = await studio.client.api.edges.list();
    const name = machine?.name as string;
    const remove = page.getByRole('button', { name: new RegExp(`^Remove .*motion.* from ${name}$`, 'i') });
    await remove.click();
    await button(page, 'Remove').click();
    await remove.waitFor({ state: 'detached' });
    await button(page, `Pull a model onto ${name}`).click();
    await page.getByRole('menuitem', { name: /motion/i }).click();
    await remove.waitFor();
    await studio.offered('starter-motion');
    expect(visitor.complaints()).toEqual([]);
  });

  test('a token is made that a program can use, and revoked', async () => {
    await button(page, /account$/).click();
    await item(page, 'API tokens').click();
    await page.getByLabel('Name of the new token').fill('A program');
    await button(page, 'Create token').click();
    const token = await page.getByRole('status').locator('code').textContent();
    const asked = () => fetch(`${studio.url}/api/me`, { headers: { authorization: `Bearer ${token}` } });
    expect((await asked()).status).toBe(200);
    await button(page, 'Revoke A program').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('Token revoked.').first().waitFor();
    expect((await asked()).status).toBe(401);
    await escapeDialog(page);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(visitor.complaints()).toEqual([]);
  });

  test('by keys alone one finds a page, reads the shortcuts, and begins and runs a chain', async () => {
    const dialog = page.getByRole('dialog');
    // The box for a prompt has the keys on the first page until one leaves it.
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await dialog.getByText('Find anything').waitFor();
    await escapeDialog(page);
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/^Find a page/).waitFor();
    await page.keyboard.type('words to image');
    await page.getByRole('option', { name: 'Words to image' }).waitFor();
    await page.keyboard.press('Enter');
    await heading(page, 'Words to image').last().waitFor();
    await button(page, /for .*, chosen/).waitFor();
    await page.keyboard.press('Control+Enter');
    await movedOn();
    expect((await ended()).state).toBe('succeeded');
    expect(visitor.complaints()).toEqual([]);
  });

  test('the queue shows what runs and what waits; by keys a waiting run comes before another, and it pauses, goes on and stops', async () => {
    const { runs } = studio.client.api;
    const draw = (text: string, priority: number, set = {}) => runs.create({ chain: 'text-to-image', inputs: { input: { text } }, set, priority, fresh: true });
    // One that lasts, and comes before all others at every turn.
    const long = await draw('a mountain', 10, { steps: 150, count: 16 });
    for (const text of ['a lake', 'a wood', 'a field']) await draw(text, 0, { count: 16 });
    await page.getByRole('button', { name: /running.*waiting/ }).click();
    const queue = page.getByRole('dialog', { name: 'Queue' });
    const rows = queue.getByRole('listitem');
    await rows.nth(3).waitFor();
    const inOrder = (...names: string[]) =>
      page.waitForFunction((wanted) => {
        const shown = [...document.querySelectorAll('[role=dialog] li a')].map((link) => link.textContent);
        return JSON.stringify(shown) === JSON.stringify(wanted);
      }, names);
    await inOrder('a mountain', 'a lake', 'a wood', 'a field');
    await rows.first().getByText('Running').waitFor();
    await button(page, 'Move a field up').focus();
    await page.keyboard.press('Enter');
    await inOrder('a mountain', 'a lake', 'a field', 'a wood');
    await page.keyboard.press('Alt+ArrowUp');
    await inOrder('a mountain', 'a field', 'a lake', 'a wood');
    await expect.poll(() => button(page, 'Move a field up').evaluate((focused) => document.activeElement === focused)).toBe(true);
    await button(page, 'Move a wood to the front').click();
    await inOrder('a mountain', 'a wood', 'a field', 'a lake');
    await button(page, 'Pause a field').click();
    await button(page, 'Resume a field').click();
    await button(page, 'Pause a field').waitFor();
    for (const name of ['a field', 'a wood', 'a lake', 'a mountain']) {
      await button(page, `Stop ${name}`).click();
      await queue.getByRole('link', { name, exact: true }).waitFor({ state: 'detached' });
    }
    expect((await studio.ended(long.id)).state).toBe('cancelled');
    await escapeDialog(page);
    await queue.waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('button', { name: /^(Idle|\d+ running)/ }).evaluate((pill) => document.activeElement === pill)).toBe(true);
    expect(visitor.complaints()).toEqual([]);
  });

  test('a step is bound to a model and left to the planner again, and steps change places by keys', async () => {
    await visit('/', 'What do you want to make?');
    await button(page, 'Clear').click();
    await addStep('Text to image', 'Choose the first step');
    await addStep('Image to video');
    // Between them may stand an input, and what a step reads.
    const steps = async () => {
      const items = await page.getByRole('list', { name: 'Steps' }).getByRole('listitem').allTextContents();
      return items.flatMap((item) => ['Image to video', 'Text to image'].filter((title) => item.startsWith(title)));
    };
    const chain = region(page, 'Chain');
    await chain.getByRole('button', { name: 'Text to image', exact: true }).click();
    const model = page.getByRole('combobox', { name: 'Model of Text to image' });
    await model.click();
    await page.getByRole('option', { name: /^Starter images · on / }).click();
    await page.getByText('only starter-diffusion').waitFor();
    await model.click();
    await page.getByRole('option', { name: 'Automatic', exact: true }).click();
    await page.getByText('only starter-diffusion').waitFor({ state: 'detached' });
    await chain.getByRole('button', { name: 'Image to video', exact: true }).press('Alt+ArrowLeft');
    expect(await steps()).toEqual(['Image to video', 'Text to image']);
    await button(page, 'Move Text to image earlier').click();
    expect(await steps()).toEqual(['Text to image', 'Image to video']);
    // A video of an image that is drawn only afterwards has no plan.
    expect(visitor.complaints(/status of 400/)).toEqual([]);
  });

  test('the microphone is recorded and uploaded', async () => {
    await visit('/', 'What do you want to make?');
    // What was composed before outlives a visit to another page.
    await button(page, 'Clear').click();
    await addStep('Speech to text', 'Choose the first step');
    await button(page, 'Record').click();
    await button(page, 'Stop recording').click();
    await page.getByText('· uploaded').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('a picture that is dropped on the page is asked what it is for, begins that chain and is uploaded', async () => {
    await visit('/', 'What do you want to make?');
    await button(page, 'Clear').click();
    await button(page, 'Choose the first step').waitFor();
    await visitor.drop({ name: 'apple.png', mediaType: 'image/png', bytes: readFileSync(picture) });
    await page.getByRole('dialog').getByRole('button', { name: 'Image to video', exact: true }).click();
    await region(page, 'Chain').getByRole('button', { name: 'Image to video', exact: true }).waitFor();
    await page.getByText('· uploaded').waitFor();
    await button(page, 'Run').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test.each(['dark', 'light'])('in a window of 400 pixels no page is wider than it, in the %s theme', async (theme) => {
    await page.setViewportSize({ width: 400, height: 800 });
    await button(page, 'Theme').click();
    await page.getByRole('menuitemradio', { name: theme === 'dark' ? 'Dark' : 'Light' }).click();
    const wide: Record<string, number> = {};
    for (const [place, name] of [
      ['/', 'What do you want to make?'],
      ['/runs', 'Runs'],
      [`/runs/${first.id}`, first.name],
      ['/fleet', 'Fleet'],
      ['/no-such-page', 'There is no such page'],
    ] as const) {
      await visit(place, name);
      wide[place] = await visitor.overflow();
    }
    expect(Object.entries(wide).filter(([, pixels]) => pixels > 0)).toEqual([]);
    expect(visitor.complaints()).toEqual([]);
  });

  test('signing out closes the studio, a wrong password is refused, and the right one opens it', async () => {
    await button(page, /account$/).click();
    await item(page, 'Sign out').click();
    await page.getByRole('dialog', { name: 'Sign out?' }).getByRole('button', { name: 'Delete and sign out', exact: true }).click();
    await heading(page, 'Sign in').waitFor();
    await page.goto(`${studio.url}/fleet`);
    await page.getByLabel('Email').fill(owner.email);
    await page.getByLabel('Password').fill('not the password');
    await button(page, 'Sign in').click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(owner.password);
    await button(page, 'Sign in').click();
    await heading(page, 'Fleet').waitFor();
    expect(visitor.complaints(/status of 401/)).toEqual([]);
  });
});
