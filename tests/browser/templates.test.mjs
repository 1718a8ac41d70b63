// An administrator changes a template in the browser: edits, breaks it, follows the check to the line, mends it, publishes it,
// makes a tenant from it and retires it; with scripts, without, and on a phone in the dark.
import assert from 'node:assert/strict';
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

const extra = (table) => `\nCREATE TABLE ${table} (\n    id INT AUTO_INCREMENT PRIMARY KEY,\n    wish VARCHAR(200) NOT NULL\n);\n`;

/** From the newest version of a template to a new one; gives its number. */
async function changeTemplate(visitor, { shot, tenant, table }) {
  const { page } = visitor;
  await page.goto('/templates');
  await checkPage(visitor, `${shot}-list`);
  await page.getByRole('link', { name: 'Basic', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Basic' }).waitFor();
  const [, , before] = (await page.evaluate(() => location.pathname)).split('/').slice(1);
  await page.getByRole('link', { name: 'Change it' }).click();
  await checkPage(visitor, `${shot}-change`);
  await page.getByRole('radio', { name: /An addition/ }).check();
  await page.getByRole('button', { name: 'Begin a draft' }).click();
  await page.waitForURL(/\/template-drafts\/[^/]+$/);
  const draft = new URL(page.url()).pathname;
  await checkPage(visitor, `${shot}-draft`);

  // Broken: the text is kept, and the check leads to the line.
  await page.goto(`${draft}/file?path=schema.sql`);
  const editor = page.getByLabel('schema.sql', { exact: true });
  const text = await editor.inputValue();
  const line = text.split('\n').length + 1;
  await editor.fill(`${text}\nCREATE TABEL wishes (id INT);\n`);
  await page.getByRole('button', { name: 'Save and check' }).click();
  await page.getByText(/Saved\. Checked: \d+ problems?\./).waitFor();
  await checkPage(visitor, `${shot}-broken`);
  await page.getByRole('link', { name: `schema.sql, line ${line}` }).click();
  await page.waitForURL(new RegExp(`#L${line}$`));
  const seen = await page.evaluate((id) => {
    const number = document.getElementById(id).getBoundingClientRect();
    const box = document.querySelector('.code-box').getBoundingClientRect();
    return number.height > 0 && number.top >= box.top - 1 && number.bottom <= box.bottom + 1;
  }, `L${line}`).catch(() => null);
  if (visitor.javaScriptEnabled) assert.equal(seen, true, 'the line is not in sight');

  // Mended, looked at, published.
  await editor.fill(text + extra(table));
  await page.getByRole('button', { name: 'Save and check' }).click();
  await page.getByText('Saved. Checked: no problems.').waitFor();
  await page.getByRole('link', { name: 'Description' }).click();
  await checkPage(visitor, `${shot}-description`);
  await page.getByRole('link', { name: 'Differences' }).click();
  await page.getByText(`CREATE TABLE ${table} (`).waitFor();
  await checkPage(visitor, `${shot}-differences`);
  await page.getByRole('link', { name: 'Draft', exact: true }).click();
  await page.getByLabel('What is new?').fill(`Wishes, for ${tenant}.`);
  await checkPage(visitor, `${shot}-checked`);
  await page.getByRole('button', { name: /^Publish / }).click();
  await page.waitForURL(/\/templates\/basic\/[^/]+$/);
  await page.getByText(`Adds the table ${table} with 2 columns.`).waitFor();
  const number = new URL(page.url()).pathname.split('/').pop();
  assert.notEqual(number, before);
  await checkPage(visitor, `${shot}-published`);

  // A tenant is made from it.
  await describeTenant(page, { name: tenant, email: 'dana@example.org', template: 'basic' });
  const slug = await createTenant(page);
  await page.getByText(`${tenant} is ready`).first().waitFor({ timeout: 60_000 });
  await page.goto(`/tenants/${slug}/structure`);
  await page.getByRole('heading', { name: table, exact: true }).waitFor();

  // Retired: it stays for the tenant, and is said so.
  await page.goto(`/templates/basic/${number}`);
  await page.getByText('In use by 1 tenant').waitFor();
  await page.getByRole('link', { name: 'Retire this version' }).click();
  await checkPage(visitor, `${shot}-retire`);
  await page.getByRole('button', { name: 'Retire this version' }).click();
  await page.getByText('1 tenant stays on it').waitFor();
  await checkPage(visitor, `${shot}-retired`);
  return number;
}

describe('a template is changed in the browser', () => {
  test('with scripts', async () => {
    await visit(browser, program, {}, async (visitor) => {
      await signIn(visitor);
      await changeTemplate(visitor, { shot: 'template', tenant: 'Wishing Well', table: 'wishes' });
    });
  });

  test('without scripts', async () => {
    await visit(browser, program, { javaScriptEnabled: false }, async (visitor) => {
      await signIn(visitor);
      await changeTemplate(visitor, { shot: 'template-no-script', tenant: 'Quiet Well', table: 'hopes' });
    });
  });

  test('on a phone in the dark', async () => {
    const options = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' };
    await visit(browser, program, options, async (visitor) => {
      await signIn(visitor);
      await changeTemplate(visitor, { shot: 'template-phone', tenant: 'Night Well', table: 'dreams' });
    });
  });

  test('a downloaded version is brought in again, and a file that is no zip is refused at the field', async () => {
    await visit(browser, program, { expected: [/422/] }, async (visitor) => {
      const { page } = visitor;
      await signIn(visitor);
      await page.goto('/templates/ngo/1.0.0');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download the files' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'ngo-1.0.0.zip');
      await page.goto('/templates/import');
      await checkPage(visitor, 'template-import');
      const chooser = page.getByLabel('A zip with one template, or several');
      await chooser.setInputFiles({ name: 'notes.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
      await page.getByRole('button', { name: 'Bring it in' }).click();
      await page.getByText('is no zip').waitFor();
      await checkPage(visitor, 'template-import-refused');
      await chooser.setInputFiles(await download.path());
      await page.getByRole('button', { name: 'Bring it in' }).click();
      await page.getByText('Was there already, unchanged: ngo 1.0.0.').waitFor();
    });
  });
});
