// A person makes a tenant, watches it come up and finds it in the list: with and without scripts, by keyboard alone, on a
// phone, in the dark, and with the program killed on the way.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  arriveAtSetup, checkPage, createTenant, describeTenant, focusIsVisible, picture, signIn, startBrowser, startProgram, visit,
} from './support.mjs';

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

/** Waits for the page itself to say that the tenant is ready: by scripts, or by its own reload without them. */
async function waitUntilReady(page, name) {
  await page.getByText(`${name} is ready`).first().waitFor({ timeout: READY_LIMIT });
}

async function findInList(page, name, slug) {
  await page.goto('/tenants');
  const search = page.getByRole('searchbox');
  await search.fill(name);
  await search.press('Enter');
  const link = page.getByRole('link', { name, exact: true });
  await link.waitFor();
  assert.match(await link.getAttribute('href'), new RegExp(`^/tenants/${slug}(/|$)`));
}

async function wholeJourney(visitor, answers, shot) {
  const { page } = visitor;
  await page.goto('/login');
  await checkPage(visitor, `${shot}-login`);
  await signIn(visitor);
  await page.goto('/tenants');
  await checkPage(visitor, `${shot}-tenants`);
  await describeTenant(page, answers, (question) => checkPage(visitor, `${shot}-new-${question}`));
  const slug = await createTenant(page);
  await picture(visitor, `${shot}-setting-up`);
  await waitUntilReady(page, answers.name);
  await checkPage(visitor, `${shot}-ready`);
  await findInList(page, answers.name, slug);
  await checkPage(visitor, `${shot}-found`);
  await page.getByRole('link', { name: answers.name, exact: true }).click();
  await page.waitForURL((url) => url.pathname.startsWith(`/tenants/${slug}`));
  await checkPage(visitor, `${shot}-tenant`);
  return slug;
}

describe('a tenant is made in the browser', () => {
  test('with scripts: the steps appear live, and the page stops asking when it is over', async () => {
    await visit(browser, program, {}, async (visitor) => {
      const { page } = visitor;
      const answers = { name: 'Blue Harbour Aid', email: 'dana@blue-harbour.example', modules: ['events'] };
      const slug = await wholeJourney(visitor, answers, 'journey');
      await page.goto(`/tenants/${slug}/setup`);
      await waitUntilReady(page, answers.name);
      let asked = 0;
      page.on('request', () => { asked += 1; });
      await page.waitForTimeout(3_000);
      assert.equal(asked, 0, 'the page goes on asking though the tenant is ready');
    });
  });

  test('without scripts: the same pages lead to the same end', async () => {
    await visit(browser, program, { javaScriptEnabled: false }, async (visitor) => {
      await wholeJourney(visitor, { name: 'Quiet Library', email: 'lee@quiet.example', template: 'basic' }, 'no-script');
    });
  });

  test('on a phone', async () => {
    await visit(browser, program, { viewport: { width: 390, height: 844 } }, async (visitor) => {
      await wholeJourney(visitor, { name: 'Pocket Relief', email: 'ana@pocket.example' }, 'phone');
    });
  });

  test('in the dark', async () => {
    await visit(browser, program, { colorScheme: 'dark' }, async (visitor) => {
      await wholeJourney(visitor, { name: 'Night Shelter', email: 'sam@night.example', plan: 'premium' }, 'dark');
    });
  });

  test('with the keyboard alone, the focus always in sight', async () => {
    await visit(browser, program, {}, async (visitor) => {
      const { page } = visitor;
      await page.goto('/login');
      await tabTo(page, 'input[name="email"]');
      await page.keyboard.type('admin@example.org');
      await tabTo(page, 'input[name="password"]');
      await page.keyboard.type('correct-horse-battery-staple-7');
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname !== '/login');
      await page.goto('/tenants/new');
      await tabTo(page, 'input[name="name"]');
      await page.keyboard.type('Keyboard Kitchen');
      await tabTo(page, 'input[name="email"]');
      await page.keyboard.type('kim@kitchen.example');
      await pressByKeyboard(page, /Continue/, /\/template$/);
      await chooseByKeyboard(page, 'template', 'ngo');
      await pressByKeyboard(page, /Continue/, /\/extras$/);
      await tabTo(page, 'input[name="module"][value="events"]');
      if (!(await page.evaluate(() => document.activeElement.checked))) await page.keyboard.press('Space');
      await pressByKeyboard(page, /Continue/, /\/plan$/);
      await chooseByKeyboard(page, 'plan', 'basic');
      await pressByKeyboard(page, /Continue/, /\/check$/);
      await pressByKeyboard(page, /Create tenant/, /\/setup$/);
      await arriveAtSetup(page);
      await waitUntilReady(page, 'Keyboard Kitchen');
    });
  });
});

describe('a form that is not filled in right', () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`keeps the answers and says what to do, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const expected = [/status of 422/];
      await visit(browser, program, { javaScriptEnabled, expected }, async (visitor) => {
        const { page } = visitor;
        await signIn(visitor);
        await page.goto('/tenants/new');
        await page.locator('input[name="name"]').fill('Half An Answer');
        await page.locator('input[name="email"]').fill('not an address');
        await page.getByRole('button', { name: 'Continue' }).click();
        const field = page.locator('input[name="email"][aria-invalid="true"]');
        await field.waitFor();
        assert.equal(await page.locator('input[name="name"]').inputValue(), 'Half An Answer');
        assert.equal(await field.inputValue(), 'not an address');
        const described = (await field.getAttribute('aria-describedby'))?.split(' ') ?? [];
        const messages = await Promise.all(described.map((id) => page.locator(`[id="${id}"]`).innerText()));
        assert.ok(messages.some((message) => message.trim()), 'the field does not say what is wrong with it');
        assert.ok(await page.getByRole('alert').first().evaluate((alert) => alert === document.activeElement), 'the summary has no focus');
        await checkPage(visitor, 'new-with-error');
      });
    });
  }

  test('a wrong password does not tell which accounts exist', async () => {
    await visit(browser, program, { expected: [/status of 4(01|03|22)/] }, async (visitor) => {
      const said = [];
      for (const email of ['admin@example.org', 'nobody@example.org']) {
        await visitor.page.goto('/login');
        await visitor.page.locator('input[name="email"]').fill(email);
        await visitor.page.locator('input[name="password"]').fill('wrong-wrong-wrong');
        await visitor.page.locator('form:has(input[name="password"]) button[type="submit"]').click();
        const alert = visitor.page.getByRole('alert').filter({ hasText: /\S/, visible: true }).first();
        await alert.waitFor();
        said.push((await alert.innerText()).replaceAll(email, ''));
      }
      assert.equal(said[0], said[1]);
      await checkPage(visitor, 'login-refused');
    });
  });
});

test('two presses of the button make one tenant', async () => {
  await visit(browser, program, {}, async (visitor) => {
    const { page } = visitor;
    await signIn(visitor);
    await describeTenant(page, { name: 'Only Once', email: 'one@once.example', template: 'basic' });
    await page.getByRole('button', { name: 'Create tenant' }).dblclick();
    await arriveAtSetup(page);
    await waitUntilReady(page, 'Only Once');
    await page.goto('/tenants');
    await page.getByRole('searchbox').fill('Only Once');
    await page.getByRole('searchbox').press('Enter');
    await page.getByRole('link', { name: 'Only Once', exact: true }).first().waitFor();
    assert.equal(await page.getByRole('link', { name: 'Only Once', exact: true }).count(), 1);
  });
});

test('pages behind the door send a stranger to sign in, and then on to where they wanted to go', async () => {
  await visit(browser, program, {}, async ({ page }) => {
    await page.goto('/tenants/new');
    assert.equal(new URL(page.url()).pathname, '/login');
    await page.locator('input[name="email"]').fill('admin@example.org');
    await page.locator('input[name="password"]').fill('correct-horse-battery-staple-7');
    await page.locator('form:has(input[name="password"]) button[type="submit"]').click();
    await page.waitForURL('**/tenants/new');
  });
});

test('killed while a tenant is being made, the program ends the work after a restart, and the open page sees it', async () => {
  const own = await startProgram();
  try {
    const expected = [/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/, /Failed to fetch/, /htmx/];
    await visit(browser, own, { expected }, async (visitor) => {
      const { page } = visitor;
      await signIn(visitor);
      await describeTenant(page, { name: 'Comes Back', email: 'back@again.example' });
      const slug = await createTenant(page);
      await own.killAndRestart();
      await waitUntilReady(page, 'Comes Back');
      await findInList(page, 'Comes Back', slug);
    });
  } finally {
    await own.stop();
  }
});

/** Presses Tab until the element has the focus; fails if the focus is ever out of sight on the way. */
async function tabTo(page, selector, text = /(?:)/) {
  for (let presses = 0; presses < 80; presses += 1) {
    const there = await page.evaluate(
      ([wanted, source]) => {
        const element = document.activeElement;
        return element.matches(wanted) && new RegExp(source).test(element.textContent);
      },
      [selector, text.source],
    );
    if (there) return;
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120));
    assert.ok(name.startsWith('<body') || (await focusIsVisible(page)), `the focus cannot be seen on ${name}`);
  }
  assert.fail(`Tab never reached ${selector}`);
}

/** Presses a button by keyboard, and arrives where it leads. */
async function pressByKeyboard(page, text, next) {
  await tabTo(page, 'button', text);
  await page.keyboard.press('Enter');
  await page.waitForURL(next);
}

/** Moves through a group of radio buttons with the arrow keys, as one does without a mouse. */
async function chooseByKeyboard(page, name, value) {
  await tabTo(page, `input[name="${name}"]`);
  const options = await page.locator(`input[name="${name}"]`).count();
  for (let presses = 0; presses < options; presses += 1) {
    const chosen = await page.evaluate(() => {
      const radio = document.activeElement;
      return radio.checked && radio.value;
    });
    if (chosen === value) return;
    await page.keyboard.press(chosen === false ? 'Space' : 'ArrowDown');
  }
  assert.equal(await page.evaluate(() => document.activeElement.value), value);
}
