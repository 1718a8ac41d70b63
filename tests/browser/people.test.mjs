// An administrator invites a colleague, who chooses a password, signs in and sees what the role allows; passwords are changed
// and sessions ended: with and without scripts, on a phone, in the dark.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { admin, checkPage, signIn, startBrowser, startProgram, visit } from './support.mjs';

const first = 'walnut orbit cinder fog';
const second = 'velvet stapler uprising';

let program;
let browser;

before(async () => {
  [program, browser] = await Promise.all([startProgram(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

async function choosePassword(page, password) {
  await page.locator('input[name="password"]').fill(password);
  await page.getByRole('button', { name: 'Set password' }).click();
}

/** Invites somebody; gives the link that is shown. */
async function invite(visitor, who, shot) {
  const { page } = visitor;
  await page.goto('/people');
  await checkPage(visitor, `${shot}-people`);
  await page.getByRole('link', { name: 'Invite a person' }).click();
  await page.waitForURL('**/people/invite');
  await page.getByRole('button', { name: 'Make the invitation link' }).click();
  await page.getByRole('alert').filter({ hasText: 'There is a problem' }).waitFor();
  await checkPage(visitor, `${shot}-invite-wrong`);
  await page.locator('input[name="name"]').fill(who.name);
  await page.locator('input[name="email"]').fill(who.email);
  await page.locator(`input[name="role"][value="${who.role}"]`).check();
  await page.getByRole('button', { name: 'Make the invitation link' }).click();
  const secret = page.locator('.secret-text');
  await secret.waitFor();
  await checkPage(visitor, `${shot}-invited`);
  return secret.innerText();
}

async function journey(options, who, shot) {
  const expected = [/status of 4(03|04|22)/];
  await visit(browser, program, { ...options, expected }, async (visitor) => {
    await signIn(visitor);
    const link = await invite(visitor, who, shot);
    const { page } = visitor;
    assert.match(link, /^http:\/\/[^/]+\/password\/[\w-]{43}$/);
    await page.goto('/people');
    await page.getByRole('link', { name: who.name }).click();
    await page.getByRole('heading', { name: who.name }).waitFor();
    assert.equal(await page.locator('.secret-text').count(), 0, 'the link is shown once');

    await visit(browser, program, { ...options, expected }, async (colleague) => {
      const { page } = colleague;
      await page.goto(link);
      await checkPage(colleague, `${shot}-welcome`);
      await choosePassword(page, 'password1234');
      await page.locator('input[name="password"][aria-invalid="true"]').waitFor();
      await checkPage(colleague, `${shot}-welcome-wrong`);
      await choosePassword(page, first);
      await page.waitForURL('**/login');
      await page.getByText('Your password is set').waitFor();
      await signIn(colleague, { email: who.email, password: first });
      assert.equal(await page.getByRole('link', { name: 'People', exact: true }).count(), 0, 'people are for administrators');
      await page.goto('/people');
      await page.getByRole('heading', { name: 'Your account cannot do this' }).waitFor();

      // A second browser of the same person is seen, and ended.
      await visit(browser, program, { ...options, expected }, async (other) => {
        await signIn(other, { email: who.email, password: first });
        await page.goto('/account');
        await checkPage(colleague, `${shot}-account`);
        await page.getByText('This one', { exact: true }).waitFor();
        await page.getByRole('button', { name: /^End this one/ }).click();
        await page.getByText('That session is ended.').waitFor();
        await other.page.goto('/account');
        assert.equal(new URL(other.page.url()).pathname, '/login');
      });

      await page.locator('input[name="current_password"]').fill('not it');
      await page.locator('input[name="password"]').fill(second);
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.locator('input[name="current_password"][aria-invalid="true"]').waitFor();
      await checkPage(colleague, `${shot}-account-wrong`);
      await page.locator('input[name="current_password"]').fill(first);
      await page.locator('input[name="password"]').fill(second);
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('Your password is changed').waitFor();
    });

    // The administrator switches the colleague off, which counts at once.
    await visit(browser, program, { ...options, expected }, async (colleague) => {
      await signIn(colleague, { email: who.email, password: second });
      await page.reload();
      await checkPage(visitor, `${shot}-person`);
      await page.getByRole('button', { name: 'Switch off' }).click();
      await page.getByText('signed out everywhere').waitFor();
      await colleague.page.goto('/account');
      assert.equal(new URL(colleague.page.url()).pathname, '/login');
    });
    await page.getByRole('link', { name: 'Remove…' }).click();
    await page.waitForURL('**/remove');
    await checkPage(visitor, `${shot}-remove`);
    await page.getByRole('button', { name: `Remove ${who.name}` }).click();
    await page.getByText(`${who.name} is removed.`).waitFor();
  });
}

describe('a colleague is invited, comes in, and goes', () => {
  test('with scripts', () => journey({}, { name: 'Sam Rivera', email: 'sam@example.org', role: 'staff' }, 'people'));
  test('without scripts', () =>
    journey({ javaScriptEnabled: false }, { name: 'Lee Quiet', email: 'lee@example.org', role: 'staff' }, 'people-no-script'));
  test('on a phone, in the dark', () =>
    journey(
      { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
      { name: 'Ana Pocket', email: 'ana@example.org', role: 'staff' },
      'people-phone',
    ));
});

test('the only administrator is told why nothing can be changed, and wrong passwords elsewhere hold nobody up', async () => {
  await visit(browser, program, { expected: [/status of 4(22|29)/] }, async (visitor) => {
    const { page } = visitor;
    await signIn(visitor);
    await page.goto('/people');
    await page.getByRole('link', { name: 'Administrator', exact: true }).click();
    await page.getByText('This is the only administrator.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await visit(browser, program, { expected: [/status of 4(22|29)/] }, async (stranger) => {
      // Each wrong password makes the next wait longer than the one before: sooner or later a try comes too early.
      const waiting = stranger.page.getByText('too many wrong passwords').first();
      for (let tries = 0; tries < 20 && !(await waiting.isVisible()); tries += 1) {
        await stranger.page.goto('/login');
        await stranger.page.locator('input[name="email"]').fill(admin.email);
        await stranger.page.locator('input[name="password"]').fill('a guess');
        await stranger.page.locator('form:has(input[name="password"]) button[type="submit"]').click();
        await stranger.page.getByText(/do not fit together|too many wrong passwords/).first().waitFor();
      }
      await waiting.waitFor();
      await checkPage(stranger, 'login-waiting');
    });
    await signIn(visitor);
    assert.notEqual(new URL(page.url()).pathname, '/login');
  });
});
