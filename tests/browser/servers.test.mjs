// A database server from the empty list to its tenants: added, tried out, placed on, its tenants' passwords, drained, gone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serverAdmin, startMariaDb } from './mariadb.mjs';
import {
  arriveAtSetup, checkPage, createTenant, describeTenant, signIn, startBrowser, startProgram, visit,
} from './support.mjs';

const LIMIT = 60_000;

let program;
let browser;
let server;

before(async () => {
  [program, browser, server] = await Promise.all([startProgram(), startBrowser(), startMariaDb()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
  await server?.stop();
});

async function waitFor(page, words) {
  await page.getByRole('heading', { level: 1, name: words }).waitFor({ timeout: LIMIT });
}

async function addServer(visitor, name, shot) {
  const { page } = visitor;
  await page.goto('/servers/add');
  await checkPage(visitor, `${shot}-add`);
  await page.locator('input[name="product"][value="mariadb"]').check();
  await page.locator('input[name="name"]').fill(name);
  await page.locator('input[name="host"]').fill('127.0.0.1');
  await page.locator('input[name="port"]').fill(String(server.port));
  await page.locator('input[name="admin_name"]').fill(serverAdmin.name);
  await page.locator('input[name="admin_password"]').fill('wrong');
  await page.locator('input[name="region"]').fill('eu');
  await page.locator('input[name="capacity"]').fill('50');
  await page.getByRole('button', { name: 'Try it out and add it' }).click();
  await page.getByText('The server cannot be used like this.').first().waitFor();
  await checkPage(visitor, `${shot}-add-refused`);
  // Everything but the password is still there.
  assert.equal(await page.locator('input[name="port"]').inputValue(), String(server.port));
  await page.locator('input[name="admin_password"]').fill(serverAdmin.password);
  await page.getByRole('button', { name: 'Try it out and add it' }).click();
  await page.waitForURL(new RegExp(`/servers/${name}$`));
  await page.getByText('New tenants can go there.').waitFor();
  await checkPage(visitor, `${shot}-server`);
}

/** How the application of a tenant connects, from the tenant's page. */
async function connection(page) {
  const fact = async (label) => page.locator('dl.facts > div', { has: page.locator(`dt:text-is("${label}")`) }).locator('code').first().textContent();
  return { database: await fact('Database'), account: await fact('Account') };
}

async function showPassword(page) {
  await page.getByRole('button', { name: 'Show the password, once' }).click();
  return page.locator('.secret-text').first().textContent();
}

async function journey(visitor, name, shot) {
  const { page } = visitor;
  const serverName = `${shot}-1`;
  await signIn(visitor);
  await page.goto('/servers');
  await checkPage(visitor, `${shot}-list-before`);
  await addServer(visitor, serverName, shot);

  await describeTenant(page, { name, email: 'dana@servers.example', template: 'ngo', place: `server:${serverName}` }, async (question) => {
    if (question === 'where') await checkPage(visitor, `${shot}-where`);
  });
  const slug = await createTenant(page);
  await waitFor(page, `${name} is ready`);
  await page.goto(`/tenants/${slug}`);
  await checkPage(visitor, `${shot}-tenant`);
  const { database, account } = await connection(page);
  const password = await showPassword(page);
  await checkPage(visitor, `${shot}-password`);
  assert.equal(server.ask(account, password, database, 'SELECT COUNT(*) FROM users'), '1');
  assert.ok(!program.output.includes(password), 'a password is in the log');
  await page.goto(`/tenants/${slug}`);
  assert.equal(await page.locator('.secret-text').count(), 0, 'the password is shown again');
  await page.getByText('is shown once').first().waitFor();

  await page.getByRole('link', { name: 'Give it a new password' }).click();
  await checkPage(visitor, `${shot}-new-password`);
  await page.getByRole('button', { name: 'Give it a new password' }).click();
  await arriveAtSetup(page);
  await waitFor(page, `The account of ${name} has a new password`);
  await checkPage(visitor, `${shot}-new-password-done`);
  assert.equal(server.ask(account, password, database, 'SELECT 1'), null, 'the old password still works');
  await page.goto(`/tenants/${slug}`);
  const next = await showPassword(page);
  assert.equal(server.ask(account, next, database, 'SELECT COUNT(*) FROM users'), '1');
  await page.goto(`/tenants/${slug}/structure`);
  await page.getByRole('heading', { name: 'members' }).first().waitFor();

  await page.goto(`/servers/${serverName}`);
  await page.getByText('1 of 50 places used').first().waitFor();
  await page.getByRole('button', { name: 'Take no new tenants' }).click();
  await page.getByText('It takes no new tenants from now on.').waitFor();
  await page.goto('/servers');
  await checkPage(visitor, `${shot}-list`);
  await page.goto(`/servers/${serverName}/remove`);
  await page.getByRole('button', { name: 'Remove it from the list' }).click();
  await page.getByText('so it stays in the list').first().waitFor();
  await checkPage(visitor, `${shot}-remove-refused`);
  await page.goto(`/servers/${serverName}/change`);
  await checkPage(visitor, `${shot}-change`);
  await page.locator('input[name="capacity"]').fill('80');
  await page.getByRole('button', { name: 'Try it out and save' }).click();
  await page.getByText('1 of 80 places used').first().waitFor();
  await page.getByRole('button', { name: 'Take tenants again' }).click();
  await page.getByText('It takes new tenants again.').waitFor();
  return { slug, serverName };
}

const expected = [/status of 422/, /status of 409/, /status of 503/, /answer 503/];

describe('a database server', () => {
  test('with scripts', async () => {
    await visit(browser, program, { expected }, (visitor) => journey(visitor, 'Served Well', 'served'));
  });

  test('without scripts, in the dark, on a phone; then the server goes down', async () => {
    const options = { expected, javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 390, height: 844 } };
    await visit(browser, program, options, async (visitor) => {
      const { page } = visitor;
      const { slug, serverName } = await journey(visitor, 'Served Plainly', 'plain');
      await server.stop();
      await page.goto(`/servers/${serverName}`);
      await page.getByRole('button', { name: 'Try it out' }).click();
      await page.getByText('cannot be used at the moment').first().waitFor({ timeout: LIMIT });
      await checkPage(visitor, 'plain-down');
      await page.goto(`/tenants/${slug}`);
      await checkPage(visitor, 'plain-tenant-down');
      await page.getByText('Reference').first().waitFor();
    });
  });
});
