// An administrator takes a tenant's data out: asks, watches, downloads, removes; with and without scripts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { checkPage, createTenant, describeTenant, signIn, startBrowser, startProgram, visit } from './support.mjs';

let program;
let browser;

before(async () => {
  [program, browser] = await Promise.all([startProgram(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Makes a tenant and waits until it is ready; gives the slug. */
async function makeTenant(page, name) {
  await describeTenant(page, { name, email: 'dana@example.org' });
  const slug = await createTenant(page);
  await page.getByText(`${name} is ready`).first().waitFor({ timeout: 60_000 });
  return slug;
}

describe('a tenant is exported in the browser', () => {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with' : 'without';
    test(`${how} scripts: asked for, watched, downloaded, removed`, async () => {
      await visit(browser, program, { javaScriptEnabled, expected: [/422/] }, async (visitor) => {
        const { page } = visitor;
        await signIn(visitor);
        const name = `协会 ${how}`;
        const slug = await makeTenant(page, name);
        await page.goto(`/tenants/${slug}`);
        await page.getByRole('link', { name: 'Export the data' }).click();
        await page.getByText('There is no export of this tenant').waitFor();
        await checkPage(visitor, 'exports-none');

        await page.getByLabel('SQL dump').uncheck();
        await page.getByLabel('Tables (CSV)').uncheck();
        await page.getByRole('button', { name: 'Export the data' }).click();
        await page.getByText('Choose at least one form').first().waitFor();
        assert.equal(await page.getByLabel('Spreadsheets', { exact: false }).last().isChecked(), true);
        await checkPage(visitor, 'exports-wrong');

        await page.getByLabel('SQL dump').check();
        await page.getByLabel('Tables (CSV)').check();
        await page.getByRole('button', { name: 'Export the data' }).click();
        const link = page.getByRole('link', { name: /^Download/ });
        await link.waitFor({ timeout: 30_000 });
        await checkPage(visitor, 'exports-ready');

        const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
        assert.match(download.suggestedFilename(), new RegExp(`^${name} \\d{4}-\\d{2}-\\d{2}\\.zip$`));
        const bytes = fs.readFileSync(await download.path());
        assert.equal(bytes.subarray(0, 2).toString(), 'PK');
        assert.ok(bytes.includes('dump.sql') && bytes.includes('csv/members.csv') && bytes.includes('manifest.json'));

        await page.getByRole('button', { name: /^Remove/ }).click();
        await page.getByText('The export was removed.').waitFor();
        assert.equal(await page.getByRole('link', { name: /^Download/ }).count(), 0);
        await checkPage(visitor, 'exports-removed');
      });
    });
  }

  test('on a phone, in the dark', async () => {
    const options = { viewport: { width: 320, height: 640 }, colorScheme: 'dark' };
    await visit(browser, program, options, async (visitor) => {
      const { page } = visitor;
      await signIn(visitor);
      const slug = await makeTenant(page, 'Small Screen');
      await page.goto(`/tenants/${slug}/exports`);
      await page.getByRole('button', { name: 'Export the data' }).click();
      await page.getByRole('link', { name: /^Download/ }).waitFor({ timeout: 30_000 });
      await checkPage(visitor, 'exports-phone');
    });
  });
});

describe('times', () => {
  for (const [javaScriptEnabled, how] of [[true, 'in the zone of the reader'], [false, 'in UTC, which is said, without scripts']]) {
    test(how, async () => {
      await visit(browser, program, { javaScriptEnabled, timezoneId: 'Asia/Tokyo' }, async (visitor) => {
        const { page } = visitor;
        await signIn(visitor);
        await page.goto('/account');
        const time = page.locator('main time').first();
        const at = new Date(await time.getAttribute('datetime'));
        const options = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' };
        const there = (timeZone) => new Intl.DateTimeFormat('en-GB', { ...options, timeZone }).format(at);
        assert.equal(await time.textContent(), javaScriptEnabled ? there('Asia/Tokyo') : `${there('UTC')} UTC`);
        assert.equal(await time.getAttribute('title'), `${there('UTC')} UTC`);
        await checkPage(visitor, 'times');
      });
    });
  }
});
