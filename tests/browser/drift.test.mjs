// Unexpected changes: a database that somebody has changed by hand is found, and put back, kept or left alone; in one tenant and
// in all that differ in the same way; with and without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  arriveAtSetup, changeByHand, checkPage, runCli, signIn, startBrowser, startProgram, visit,
} from './support.mjs';

const LIMIT = 60_000;
const LOST = /The index members\.\S*idx_full_name is missing/;

let program;
let browser;

before(async () => {
  [program, browser] = await Promise.all([startProgram(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

/** Makes a tenant whose database somebody changes by hand then. */
function made(name) {
  const output = runCli(program, ['tenants', 'create', '--name', name, '--email', 'dana@example.org', '--template', 'ngo', '--wait', '--json']);
  const tenant = JSON.parse(output);
  changeByHand(program, tenant);
  return tenant.slug;
}

/** What the command finds; it ends with 1 where something differs. */
function checked(slug) {
  try {
    return JSON.parse(runCli(program, ['drift', 'check', slug, '--json'])).items[0];
  } catch (error) {
    assert.equal(error.status, 1, error.stderr);
    return JSON.parse(error.stdout).items[0];
  }
}

async function heading(page, words) {
  await page.getByRole('heading', { level: 1, name: words }).waitFor({ timeout: LIMIT });
}

/** The part of a page that is about a difference. */
function about(page, words) {
  return page.getByRole('region', { name: words });
}

async function inOneTenant(visitor, slug, shot) {
  const { page } = visitor;
  await signIn(visitor);
  await page.goto(`/tenants/${slug}`);
  await page.getByRole('link', { name: 'Changes', exact: true }).click();
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('2 differences found').waitFor();
  await checkPage(visitor, `${shot}-tenant`);
  assert.match(await about(page, LOST).textContent(), /first_name/, 'what there should be is shown');

  // Put back what is missing.
  await about(page, LOST).getByRole('link', { name: 'Put it back' }).click();
  await heading(page, 'Put it back?');
  await checkPage(visitor, `${shot}-repair`);
  assert.match(await page.locator('pre').first().textContent(), /CREATE INDEX/);
  await page.getByRole('button', { name: 'Approve and run this SQL' }).click();
  await arriveAtSetup(page);
  await heading(page, /^The structure of .* was put right$/);
  await checkPage(visitor, `${shot}-done`);
  await page.goto(`/tenants/${slug}/changes`);
  await about(page, /that should not be there/).waitFor();
  assert.equal(await about(page, LOST).count(), 0, 'it was looked at again');

  // Keep what is too many, with a reason.
  await about(page, /that should not be there/).getByRole('link', { name: 'Keep it' }).click();
  await heading(page, "Keep it as the tenant's own?");
  await page.getByRole('button', { name: 'Keep it', exact: true }).click();
  await page.getByText('Say why').first().waitFor();
  await checkPage(visitor, `${shot}-keep-wrong`);
  await page.getByLabel('Why?').fill('They sort by it every day.');
  await page.getByRole('button', { name: 'Keep it', exact: true }).click();
  await page.getByText("Kept as the tenant's own").waitFor();
  await page.getByRole('heading', { name: "This tenant's own" }).waitFor();
  await checkPage(visitor, `${shot}-kept`);
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('everything is as it should be').waitFor();
}

async function inAll(visitor, slugs) {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Unexpected changes' }).click();
  await page.getByRole('button', { name: 'Check all tenants' }).click();
  await page.getByText('2 tenants differ from what they should be').waitFor({ timeout: LIMIT });
  await checkPage(visitor, 'drift-fleet');
  const row = page.getByRole('row', { name: LOST });
  assert.match(await row.textContent(), /2 tenants/, 'both are one row');
  await row.getByRole('link').click();
  await heading(page, '2 tenants differ in this way');
  await checkPage(visitor, 'drift-group');

  // Left alone for some days, and counted again.
  await page.getByRole('button', { name: 'Leave it alone' }).click();
  await page.getByText('For all 2 tenants that have it.').waitFor();
  await page.getByLabel('Why?').fill('They load a large file this week.');
  await page.getByLabel('For how many days?').fill('400');
  await page.getByRole('button', { name: 'Leave it alone', exact: true }).click();
  await page.getByText('a number from 1 to 366').first().waitFor();
  assert.equal(await page.getByLabel('Why?').inputValue(), 'They load a large file this week.', 'nothing typed is lost');
  await page.getByLabel('For how many days?').fill('4');
  await page.getByRole('button', { name: 'Leave it alone', exact: true }).click();
  await heading(page, 'Left alone in 2 tenants');
  await checkPage(visitor, 'drift-run-left-alone');
  await page.getByRole('link', { name: 'All unexpected changes' }).click();
  assert.equal(await page.getByRole('row', { name: LOST }).count(), 0);
  await page.getByRole('link', { name: 'Left alone', exact: true }).click();
  await page.getByRole('row', { name: LOST }).getByRole('link').click();
  await heading(page, 'It is left alone everywhere');
  await checkPage(visitor, 'drift-left-alone');
  await page.getByRole('button', { name: 'Let it count again in all of them' }).click();
  await heading(page, 'It counts again in 2 tenants');
  await page.getByRole('link', { name: 'Look at the difference' }).click();
  await heading(page, '2 tenants differ in this way');

  // Put back in one that is ticked, then in what is left, each with one approval.
  await page.getByRole('checkbox', { name: 'Tick South Orchard' }).check();
  await page.getByRole('button', { name: 'Put it back' }).click();
  await page.getByRole('heading', { name: 'For South Orchard' }).waitFor();
  await checkPage(visitor, 'drift-group-repair');
  await page.getByRole('button', { name: 'Approve and run this SQL' }).click();
  await heading(page, 'Put back in 1 tenant');
  await checkPage(visitor, 'drift-run-put-back');
  await page.getByRole('link', { name: 'Look at the difference' }).click();
  await heading(page, 'One tenant differs in this way');
  await page.getByRole('link', { name: 'Put it back' }).click();
  await page.getByRole('button', { name: 'Approve and run this SQL' }).click();
  await heading(page, 'Put back in 1 tenant');
  for (const slug of slugs) {
    assert.equal(checked(slug).differences.length, 1, slug);
  }
}

/** Tenants of the list are ticked, or all that match are checked. */
async function fromTheList(visitor, slug) {
  const { page } = visitor;
  await page.goto('/tenants?q=meadow');
  await page.getByRole('button', { name: 'Check the ticked ones' }).click();
  await page.getByText('Tick the tenants that are to be checked.').waitFor();
  assert.match(page.url(), /q=meadow/, 'the list is still narrowed');
  await page.getByRole('checkbox', { name: 'Tick Meadow Club' }).check();
  await checkPage(visitor, 'tenants-ticked');
  await page.getByRole('button', { name: 'Check the ticked ones' }).click();
  await heading(page, '1 of 1 tenant differs from what it should be');
  await checkPage(visitor, 'drift-run-checked');
  await page.goto('/tenants?q=meadow');
  await page.getByRole('button', { name: 'Check all that match' }).click();
  await heading(page, '1 of 1 tenant differs from what it should be');
  // The start page says so, and leads there.
  await page.goto('/');
  const line = page.getByRole('listitem').filter({ hasText: /differs? from what (it|they) should be/ });
  await checkPage(visitor, 'dashboard-differs');
  await line.getByRole('link', { name: 'See what differs' }).click();
  await page.getByRole('row', { name: LOST }).waitFor();
  assert.equal(checked(slug).differences.length, 2);
}

const expected = [/status of 422/];

describe('unexpected changes', { timeout: 300_000 }, () => {
  test('in one tenant: put back, and kept', async () => {
    const slug = made('Harbour Choir');
    await visit(browser, program, { expected }, (visitor) => inOneTenant(visitor, slug, 'drift'));
  });

  test('the same without scripts', async () => {
    const slug = made('Hill Chess Club');
    await visit(browser, program, { expected, javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 390, height: 844 } }, (visitor) => inOneTenant(visitor, slug, 'drift-plain'));
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`ticked in the list of tenants${javaScriptEnabled ? '' : ', without scripts'}`, async () => {
      const slug = made('Meadow Club');
      await visit(browser, program, { javaScriptEnabled }, async (visitor) => {
        await signIn(visitor);
        await fromTheList(visitor, slug);
      });
      runCli(program, ['tenants', 'delete', slug, '--confirm', 'Meadow Club', '--wait']);
    });
  }

  test('in all tenants with the same difference: one row, one decision', async () => {
    const slugs = [made('North Orchard'), made('South Orchard')];
    await visit(browser, program, { expected }, async (visitor) => {
      await signIn(visitor);
      await inAll(visitor, slugs);
    });
  });
});
