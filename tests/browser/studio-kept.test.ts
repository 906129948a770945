import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunId } from '@atelier/protocol';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingProblems } from '../support/axe.ts';
import { addMember } from '../support/member.ts';
import type { Studio } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';
import type { Visitor } from '../support/visitor.ts';

const picture = { name: 'apple.png', mediaType: 'image/png', bytes: readFileSync(path.resolve(import.meta.dirname, '../../examples/pictures/apple.png')) };

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const prompt = (page: Page) => page.getByRole('textbox', { name: /^Text/ });
const chip = (page: Page, name: string) => page.getByRole('region', { name: 'Chain', exact: true }).getByRole('button', { name, exact: true });

describe.skipIf(withoutStudio)(`nothing that people did is lost${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let studio: Studio;
  let visited: VisitedStudio;
  let visitor: Visitor;
  let page: Page;
  let context: BrowserContext;

  beforeAll(async () => {
    visited = await visitStudio();
    ({ studio, visitor, page, context } = visited);
  });

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
  });

  const openChains = async (on: Page) => {
    await on.goto(studio.url);
    await on.getByRole('heading', { name: 'What do you want to make?' }).waitFor();
  };
  const begin = async (on: Page, task: string, words: string) => {
    await on.keyboard.press('Control+k');
    await on.keyboard.type(task);
    await on.getByRole('option', { name: task, exact: true }).click();
    await chip(on, task).waitFor();
    await prompt(on).fill(words);
  };

  test('a chain that an example, a task or a run replaces comes back by the notice, and by Ctrl Z step by step', async () => {
    await openChains(page);
    await begin(page, 'Text to image', 'a lighthouse in fog');
    await button(page, 'Edit Voice to video').click();
    await chip(page, 'Image to video').waitFor();
    await button(page, 'Undo').click();
    await chip(page, 'Image to video').waitFor({ state: 'detached' });
    await expect.poll(() => prompt(page).inputValue()).toBe('a lighthouse in fog');
    await begin(page, 'Text to text', 'a lighthouse in fog');
    await page.getByText('Chain replaced.').first().waitFor();
    await page.getByRole('heading', { name: 'What do you want to make?' }).click();
    await page.keyboard.press('Control+z');
    await chip(page, 'Text to image').waitFor();
    await page.keyboard.press('Control+Shift+z');
    await chip(page, 'Text to text').waitFor();
    await page.keyboard.press('Control+z');
    await chip(page, 'Text to image').waitFor();
  });

  test('two tabs have a draft each, also when one is a copy of the other, and each outlives a reload', async () => {
    const second = await context.newPage();
    await openChains(second);
    expect(await chip(second, 'Text to image').count()).toBe(0);
    await begin(second, 'Text to text', 'a second tab');
    const [copy] = await Promise.all([context.waitForEvent('page'), second.evaluate(() => void window.open(location.href))]);
    await chip(copy, 'Text to text').waitFor();
    await prompt(copy).fill('the copy');
    await Promise.all([page, second, copy].map((tab) => tab.reload()));
    for (const [tab, words] of [
      [page, 'a lighthouse in fog'],
      [second, 'a second tab'],
      [copy, 'the copy'],
    ] as const) {
      await prompt(tab).waitFor();
      await expect.poll(() => prompt(tab).inputValue()).toBe(words);
    }
    await button(page, 'Other drafts').click();
    await page.getByRole('menuitem', { name: /the copy$/ }).click();
    await expect.poll(() => prompt(page).inputValue()).toBe('the copy');
    await button(page, 'Undo').click();
    await expect.poll(() => prompt(page).inputValue()).toBe('a lighthouse in fog');
    await Promise.all([second.close(), copy.close()]);
  });

  test('what is painted of a mask is kept when its window is closed by a key or by a click outside, and over a reload', async () => {
    await begin(page, 'Inpainting', 'a green pear');
    await visitor.drop(picture);
    await page.getByText('· uploaded').waitFor();
    await button(page, 'Paint mask').click();
    const canvas = page.getByRole('img', { name: /^Mask over the image/ });
    await canvas.waitFor();
    // Without a click: the keys work at once.
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press(' ');
    const painted = () => canvas.evaluate((one: HTMLCanvasElement) => one.toDataURL());
    const before = await painted();
    await page.keyboard.press('Escape');
    await page.getByText('What you painted is kept, but not used yet.').waitFor();
    await button(page, 'Edit mask').click();
    await canvas.waitFor();
    await expect.poll(painted).toBe(before);
    await page.mouse.click(5, 400);
    await canvas.waitFor({ state: 'detached' });
    await page.reload();
    await button(page, 'Edit mask').click();
    await canvas.waitFor();
    await expect.poll(painted).toBe(before);
    await button(page, 'Use this mask').click();
    await page.getByText('· uploaded').waitFor();
  });

  test('a gallery that is opened without a connection comes by itself when there is one', async () => {
    await openChains(page);
    await page.waitForLoadState('networkidle');
    await context.setOffline(true);
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Gallery' }).click();
    await page.getByText('The studio does not answer.').first().waitFor();
    await context.setOffline(false);
    await page.getByRole('heading', { name: 'Nothing made yet' }).waitFor();
    await page.getByRole('region', { name: 'Connection' }).waitFor({ state: 'detached' });
  });

  test('a run that is asked for without a connection waits, is tried again if it was refused, and is made once', async () => {
    await openChains(page);
    await begin(page, 'Text to image', 'an owl');
    await button(page, 'Run').waitFor();
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('[aria-label="Run the chain"] button')?.disabled);
    await context.setOffline(true);
    await button(page, 'Run').click();
    await page.getByRole('list', { name: 'Runs that wait' }).getByText('Waiting for the connection').waitFor();
    const full = { code: 'too-large', message: 'You have no storage left.' };
    await page.route('**/api/runs', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 413, json: full }) : route.fallback()));
    await context.setOffline(false);
    await page.getByRole('list', { name: 'Runs that wait' }).getByText(full.message).waitFor();
    await page.unroute('**/api/runs');
    await button(page, 'Try again: an owl').click();
    await page.getByText('Started: an owl').first().waitFor();
    await button(page, 'View run').click();
    await page.waitForURL(/\/runs\//);
    expect(await studio.client.api.runs.list({ limit: 50 })).toHaveLength(1);
  });

  test('what the studio says is told, and a proxy that answers in its place is not taken for it', async () => {
    await openChains(page);
    await prompt(page).fill('a tin whistle');
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('[aria-label="Run the chain"] button')?.disabled);
    const away = { code: 'unavailable', message: 'Only kitchen has this image.', hint: 'Start that edge again.' };
    await page.route('**/api/runs', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 503, json: away }) : route.fallback()));
    await button(page, 'Run').click();
    await page.getByText(away.message).first().waitFor();
    expect(await page.getByRole('region', { name: 'Connection' }).count()).toBe(0);
    await page.unroute('**/api/runs');
    await page.route('**/api/**', (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' }));
    await button(page, 'Run').click();
    await page.getByRole('list', { name: 'Runs that wait' }).getByText('a tin whistle').waitFor();
    await page.unroute('**/api/**');
    await page.getByText('Started: a tin whistle').first().waitFor();
    await page.getByRole('region', { name: 'Connection' }).waitFor({ state: 'detached' });
    expect(await studio.client.api.runs.list({ limit: 50 })).toHaveLength(2);
  });

  test('a run that waits outlives the studio and a reload', async () => {
    await openChains(page);
    await prompt(page).fill('a red boat');
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('[aria-label="Run the chain"] button')?.disabled);
    await studio.stop();
    await button(page, 'Run').click();
    await page.getByText('Waiting for the connection').waitFor();
    const [again] = await Promise.all([context.newPage(), studio.start()]);
    await studio.ready();
    await Promise.all([openChains(again), page.getByRole('list', { name: 'Runs that wait' }).waitFor({ state: 'detached' })]);
    await expect.poll(async () => (await studio.client.api.runs.list({ limit: 50 })).length).toBe(3);
    await again.reload();
    await again.getByRole('heading', { name: 'What do you want to make?' }).waitFor();
    expect(await again.getByRole('list', { name: 'Runs that wait' }).count()).toBe(0);
    expect(await studio.client.api.runs.list({ limit: 50 })).toHaveLength(3);
  });

  test('what is set of a step of a run is kept when its window is closed and over a reload, and runs once though the studio was away', async () => {
    const [run] = await studio.client.api.runs.list({ limit: 1 });
    const from = await studio.ended(run?.id as RunId);
    await page.goto(`${studio.url}/runs/${from.id}`);
    const edit = button(page, 'Edit and run from here: Text to image');
    const steps = page.getByRole('dialog').getByRole('textbox', { name: 'Steps', exact: true });
    await edit.click();
    await steps.fill('7');
    await page.keyboard.press('Escape');
    await steps.waitFor({ state: 'detached' });
    await page.getByText('Edited, not run yet').waitFor();
    await page.reload();
    await page.getByText('Edited, not run yet').waitFor();
    await edit.click();
    await expect.poll(() => steps.inputValue()).toBe('7');
    await button(page, 'Start over').click();
    await expect.poll(() => steps.inputValue()).toBe(String(from.steps[0]?.parameters.steps));
    await steps.fill('6');
    await context.setOffline(true);
    await button(page, 'Run from here').click();
    await steps.waitFor({ state: 'detached' });
    const waiting = page.getByRole('list', { name: 'Runs that wait' });
    await waiting.getByText('Waiting for the connection').waitFor();
    expect(await page.getByText('Edited, not run yet').count()).toBe(0);
    await button(page, 'Run again').click();
    await page.getByRole('menuitem', { name: 'With new seeds' }).click();
    await waiting.getByRole('listitem').nth(1).waitFor();
    await context.setOffline(false);
    await waiting.waitFor({ state: 'detached' });
    const made = (await studio.client.api.runs.list({ limit: 50 })).filter((one) => one.parentRunId === from.id);
    expect(made).toHaveLength(2);
    const runs = await Promise.all(made.map((one) => studio.ended(one.id)));
    expect(runs.map((one) => one.steps[0]?.parameters.steps).sort()).toEqual([from.steps[0]?.parameters.steps, 6].sort());
  });

  test('a chain is saved by name on a page, run and listed by the command line, found again by Ctrl K, saved over with a way back, renamed and deleted', async () => {
    const saved = async () => (await studio.client.api.chains.list()).map(({ name, tasks }) => `${name}: ${tasks.join()}`);
    const save = async (name: string) => {
      await button(page, 'Save').click();
      const field = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
      await field.fill(name);
      await field.press('Enter');
    };
    await openChains(page);
    await begin(page, 'Text to image', 'a paper boat');
    await chip(page, 'Text to image').click();
    await page.getByRole('textbox', { name: 'Steps', exact: true }).fill('5');
    await save('  Paper \u0065\u0301toile ');
    await page.getByText('Saved as “Paper étoile”.').first().waitFor();
    await expect.poll(saved).toEqual(['Paper étoile: text-to-image']);
    const ran = JSON.parse((await studio.cli(['run', 'Paper étoile', '--input', 'a paper boat', '--json'])).out);
    expect([ran.state, ran.steps[0].parameters.steps]).toEqual(['succeeded', 5]);
    expect((await studio.cli(['chain', 'save', 'Paper étoile', 'text-generation'])).code).not.toBe(0);
    expect((await studio.cli(['chain', 'save', 'Words', 'text-generation, text-to-image'])).code).toBe(0);
    expect((await studio.cli(['chain', 'show', 'Words'])).out).toMatch(/prompt: text-generation\.text/);

    await page.reload();
    await button(page, 'Clear').click();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('Paper');
    await page.getByRole('option', { name: /^Paper étoile\s*Saved$/ }).click();
    await page.getByRole('heading', { name: 'Paper étoile' }).waitFor();
    await chip(page, 'Text to image').click();
    await expect.poll(() => page.getByRole('textbox', { name: 'Steps', exact: true }).inputValue()).toBe('5');
    await page.getByRole('textbox', { name: 'Steps', exact: true }).fill('6');
    await save('Words');
    await page.getByText('“Words” is replaced.').first().waitFor();
    await expect.poll(saved).toEqual(['Paper étoile: text-to-image', 'Words: text-to-image']);
    await button(page, 'Undo').click();
    await expect.poll(saved).toEqual(['Paper étoile: text-to-image', 'Words: text-generation,text-to-image']);

    await button(page, 'Saved chains').click();
    const list = page.getByRole('list', { name: 'Saved chains' });
    await button(page, 'Rename Words').click();
    await page.getByRole('textbox', { name: 'New name of Words' }).fill('A first');
    await page.keyboard.press('Enter');
    await list.getByText('A first').waitFor();
    await button(page, 'Delete Paper étoile').click();
    await list.getByText('Paper étoile').waitFor({ state: 'detached' });
    await expect.poll(saved).toEqual(['A first: text-generation,text-to-image']);
    expect(await lastingProblems(page)).toEqual([]);
    // The notice lies beside the window, which stays.
    await page.locator('li', { hasText: '“Paper étoile” is deleted.' }).locator('button', { hasText: 'Undo' }).click();
    await list.getByText('Paper étoile').waitFor();
    await expect.poll(saved).toEqual(['A first: text-generation,text-to-image', 'Paper étoile: text-to-image']);
  });
  const signIn = async (on: Page, email: string) => {
    await on.getByLabel('Email').fill(email);
    await on.getByLabel('Password').fill('a long enough password');
    await button(on, 'Sign in').click();
    await on.getByRole('navigation', { name: 'Pages' }).waitFor();
  };
  const signOut = async (on: Page, how: string) => {
    await button(on, /account$/).click();
    await on.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
    const asked = on.getByRole('dialog', { name: 'Sign out?' });
    await asked.waitFor();
    const told = await asked.getByRole('listitem').allTextContents();
    await asked.getByRole('button', { name: how, exact: true }).click();
    return told;
  };
  const door = (on: Page) => on.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  const keptOf = (on: Page, words: string) =>
    on.evaluate(
      (text) => [localStorage, sessionStorage].flatMap((storage) => Object.values({ ...storage })).filter((value) => String(value).includes(text)).length,
      words,
    );
  const firstKeyframe = async (on: Page) => {
    await on.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Walks' }).click();
    return on.getByRole('region', { name: 'New walk' }).getByRole('textbox').first();
  };

  test('who signs out is asked what becomes of what they began, and the next person sees none of it in any tab', async () => {
    await addMember(studio, { name: 'Bob', email: 'bob@example.test' });
    await openChains(page);
    await begin(page, 'Text to image', "ada's lighthouse");
    const second = await context.newPage();
    await openChains(second);
    await begin(second, 'Text to text', "ada's second tab");
    await (await firstKeyframe(second)).fill("ada's walk");
    await page.route('**/api/runs', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 502, body: '' }) : route.fallback()));
    await button(page, 'Run').click();
    await page.getByRole('list', { name: 'Runs that wait' }).getByText("ada's lighthouse").waitFor();
    const told = await signOut(page, 'Keep and sign out');
    expect(told.join('; ')).toMatch(/^\d+ chains in the composer and its drafts; the form of a walk; (.*; )?a run that waits to be sent$/);
    await Promise.all([door(page), door(second)]);

    await signIn(page, 'bob@example.test');
    await openChains(page);
    expect(await chip(page, 'Text to image').count()).toBe(0);
    expect(await button(page, 'Other drafts').count()).toBe(0);
    expect(await page.getByRole('region', { name: 'Connection' }).count()).toBe(0);
    await expect.poll(async () => (await firstKeyframe(page)).inputValue()).toBe('a red apple');
    await openChains(page);
    await begin(page, 'Text to image', "bob's words");

    // The other tab signs in as somebody else, and this one hears of it.
    await page.unroute('**/api/runs');
    await second.goto(`${studio.url}/sign-in`);
    await signIn(second, 'ada@example.test');
    // The first tab that is hers again sends what waited, and says so.
    await Promise.any([page, second].map((tab) => tab.getByText("Started: ada's lighthouse").first().waitFor()));
    await expect.poll(() => prompt(page).inputValue()).toBe("ada's lighthouse");
    await expect.poll(async () => (await firstKeyframe(second)).inputValue()).toBe("ada's walk");

    await signOut(page, 'Delete and sign out');
    await Promise.all([door(page), door(second)]);
    expect(await Promise.all([page, second].map((tab) => keptOf(tab, "ada's")))).toEqual([0, 0]);
    await signIn(second, 'ada@example.test');
    await expect.poll(async () => (await firstKeyframe(second)).inputValue()).toBe('a red apple');
    await second.close();
  });
});
