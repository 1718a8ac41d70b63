// What a person does to a tenant after it was made: pause, resume, clone, delete, and think again; with and without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  arriveAtSetup, checkPage, createTenant, describeTenant, signIn, startBrowser, startProgram, visit,
} from './support.mjs';

const LIMIT = 60_000;

let program;
let browser;

before(async () => {
  [program, browser] = await Promise.all([startProgram(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

async function waitFor(page, words) {
  await page.getByRole('heading', { level: 1, name: words }).waitFor({ timeout: LIMIT });
}

/** Opens the question before an act from the tenant's page, and answers it. */
async function act(visitor, slug, link, button, shot, fill = async () => {}) {
  const { page } = visitor;
  await page.goto(`/tenants/${slug}/manage`);
  await page.getByRole('link', { name: link, exact: true }).click();
  await page.waitForURL(new RegExp(`/tenants/${slug}/manage/`));
  await checkPage(visitor, `${shot}-question`);
  await fill();
  await page.getByRole('button', { name: button, exact: true }).click();
}

async function journey(visitor, name, shot) {
  const { page } = visitor;
  await signIn(visitor);
  await describeTenant(page, { name, email: 'dana@life.example', template: 'basic' });
  const slug = await createTenant(page);
  await waitFor(page, `${name} is ready`);
  await page.goto(`/tenants/${slug}`);
  await page.getByRole('link', { name: 'Manage', exact: true }).click();
  await page.waitForURL(/\/manage$/);
  await checkPage(visitor, `${shot}-manage`);

  await act(visitor, slug, 'Pause it', 'Pause it', `${shot}-pause`);
  await arriveAtSetup(page);
  await waitFor(page, `${name} is paused`);
  await checkPage(visitor, `${shot}-paused`);
  await page.goto(`/tenants/${slug}`);
  await page.getByText('This tenant is paused').waitFor();
  await act(visitor, slug, 'Resume it', 'Resume it', `${shot}-resume`);
  await arriveAtSetup(page);
  await waitFor(page, `${name} is in use again`);

  await act(visitor, slug, 'Take a snapshot', 'Take a snapshot', `${shot}-snapshot`, async () => {
    await page.locator('input[name="note"]').fill('before the clone');
  });
  await arriveAtSetup(page);
  await waitFor(page, `A snapshot of ${name} was taken`);
  await page.goto(`/tenants/${slug}/manage`);
  await page.getByText('before the clone').waitFor();
  await checkPage(visitor, `${shot}-snapshots`);

  await act(visitor, slug, 'Clone it', 'Clone it', `${shot}-clone`, async () => {
    await page.locator('input[name="name"]').fill(`${name} Twin`);
  });
  const twin = await arriveAtSetup(page);
  assert.notEqual(twin, slug);
  await waitFor(page, `${name} Twin is ready`);

  await act(visitor, slug, 'Delete it', 'Delete it', `${shot}-delete`, async () => {
    await page.locator('input[name="confirm"]').fill('something else');
  });
  await page.getByText('Nothing was deleted').first().waitFor();
  await checkPage(visitor, `${shot}-delete-wrong`);
  await page.locator('input[name="confirm"]').fill(name);
  await page.getByRole('button', { name: 'Delete it', exact: true }).click();
  await arriveAtSetup(page);
  await waitFor(page, `${name} is out of reach and will be removed`);
  await act(visitor, slug, 'Keep it after all', 'Keep it after all', `${shot}-keep`);
  await arriveAtSetup(page);
  await waitFor(page, `${name} is kept`);
  await page.goto(`/tenants/${slug}`);
  await page.getByText('Ready', { exact: true }).first().waitFor();
}

const expected = [/status of 422/, /status of 409/];

describe('a tenant after it was made', () => {
  test('with scripts', async () => {
    await visit(browser, program, { expected }, (visitor) => journey(visitor, 'Long Life', 'life'));
  });

  test('without scripts, in the dark, on a phone', async () => {
    const options = { expected, javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 390, height: 844 } };
    await visit(browser, program, options, (visitor) => journey(visitor, 'Plain Life', 'life-no-script'));
  });
});
