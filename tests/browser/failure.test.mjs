// What a person sees when something is not as it should be: a session that ran out, the back button, names that need care,
// a tenant's file that is gone, an address that there is not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { admin, arriveAtSetup, checkPage, createTenant, describeTenant, signIn, startBrowser, startProgram, visit } from './support.mjs';

const READY_LIMIT = 60_000;

let program;
let browser;

before(async () => {
  [program, browser] = await Promise.all([startProgram(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

describe('nothing that was typed is lost', () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`when the session ran out in the middle, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      await visit(browser, program, { javaScriptEnabled }, async (visitor) => {
        const { page, context } = visitor;
        await signIn(visitor);
        await page.goto('/tenants/new');
        await page.locator('input[name="name"]').fill('Late <Shift> Ltd');
        await page.locator('input[name="email"]').fill('late@shift.example');
        await context.clearCookies();
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.waitForURL(/\/login/);
        await page.locator('input[name="email"]').fill(admin.email);
        await page.locator('input[name="password"]').fill(admin.password);
        await page.locator('form:has(input[name="password"]) button[type="submit"]').click();
        await page.getByRole('heading', { name: 'Send it now?' }).waitFor();
        await page.getByText('Late <Shift> Ltd').waitFor();
        await checkPage(visitor, 'kept-form');
        await page.getByRole('button', { name: 'Send it now' }).click();
        await page.waitForURL(/\/template$/);
        await page.goto('/tenants/new');
        await page.getByRole('link', { name: /Go on with Late <Shift> Ltd/ }).first().waitFor();
        await checkPage(visitor, 'unfinished');
        await page.getByRole('button', { name: /Throw away Late <Shift> Ltd/ }).first().click();
        await page.getByText('The unfinished tenant was thrown away.').waitFor();
      });
    });
  }

  test('when a person goes back, and forward to another answer', async () => {
    await visit(browser, program, {}, async (visitor) => {
      const { page } = visitor;
      await signIn(visitor);
      await describeTenant(page, { name: 'Second Thoughts', email: 'two@thoughts.example', note: 'Ask first', modules: ['events'] });
      await page.getByRole('link', { name: 'Change the plan' }).click();
      await page.locator('input[name="plan"][value="premium"]').check();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.waitForURL(/\/check$/);
      const answers = await page.locator('.answers').innerText();
      for (const part of ['Second Thoughts', 'Ask first', 'Events', 'Premium']) assert.ok(answers.includes(part), `${part} in ${answers}`);
      await createTenant(page);
      await page.getByText('Second Thoughts is ready').first().waitFor({ timeout: READY_LIMIT });
      // The back button leads to the page with the answers, and sending it again to the tenant that is there.
      await page.goBack();
      await page.waitForLoadState();
      if (/\/check$/.test(page.url())) await page.getByRole('button', { name: 'Create tenant' }).click();
      assert.equal(await arriveAtSetup(page), 'second-thoughts');
    });
  });
});

test('a name from right to left keeps its direction, and one that nobody can read is answered at the field', async () => {
  await visit(browser, program, { expected: [/status of 422/] }, async (visitor) => {
    const { page } = visitor;
    await signIn(visitor);
    const name = 'جمعية الهلال الأخضر';
    await describeTenant(page, { name, email: 'hilal@example.org', template: 'basic' });
    const direction = await page.locator('.answer-text bdi', { hasText: name }).evaluate((text) => getComputedStyle(text).unicodeBidi);
    assert.equal(direction, 'isolate');
    await checkPage(visitor, 'right-to-left-check');
    await createTenant(page);
    await page.getByText('is ready').first().waitFor({ timeout: READY_LIMIT });
    await checkPage(visitor, 'right-to-left-ready');
    await page.goto('/tenants/new');
    await page.locator('input[name="name"]').fill('Acme\u202Emoc');
    await page.locator('input[name="email"]').fill('a@example.org');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').filter({ hasText: 'turn the direction of writing' }).waitFor();
    await checkPage(visitor, 'name-refused');
  });
});

test('a tenant whose file is gone says so on its pages, and is well again when the file is back', async () => {
  await visit(browser, program, {}, async (visitor) => {
    const { page } = visitor;
    await signIn(visitor);
    await describeTenant(page, { name: 'Lost File', email: 'lost@file.example', template: 'basic' });
    await createTenant(page);
    await page.getByText('Lost File is ready').first().waitFor({ timeout: READY_LIMIT });
    const folder = path.join(program.data, 'data', 'tenants');
    const file = path.join(folder, fs.readdirSync(folder).find((name) => name.startsWith('lost_file')));
    fs.renameSync(file, `${file}.aside`);
    await page.goto('/tenants/lost-file');
    await page.getByText("The file of this tenant's database is gone").waitFor();
    await checkPage(visitor, 'file-gone');
    await page.goto('/tenants/lost-file/structure');
    await page.getByText("The file of this tenant's database is gone").waitFor();
    await checkPage(visitor, 'file-gone-structure');
    fs.renameSync(`${file}.aside`, file);
    await page.goto('/tenants/lost-file');
    assert.equal(await page.getByText("The file of this tenant's database is gone").count(), 0);
  });
});

test('an address that there is not is a calm page with a way on', async () => {
  await visit(browser, program, { expected: [/status of 404/] }, async (visitor) => {
    const { page } = visitor;
    await signIn(visitor);
    await page.goto('/tenants/nobody-at-all');
    await checkPage(visitor, 'not-found');
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    await page.waitForURL((url) => url.pathname === '/');
  });
});
