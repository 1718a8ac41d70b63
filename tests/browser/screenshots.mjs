// Pictures of the main pages for docs/screenshots: `node tests/browser/screenshots.mjs`, after `cargo build`. It starts the
// program on a folder of its own with tenants like those of real organisations, and takes the pages as people see them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { changeByHand, newVisitor, repository, runCli, signIn, startBrowser, startProgram } from './support.mjs';

const FOLDER = path.join(repository, 'docs', 'screenshots');
const LARGEST = 150_000;
const ALL = 2_500_000;

const TENANTS = [
  ['Riverside Food Bank', 'ngo', 'premium', ['campaigns', 'volunteers']],
  ['جمعية الهلال الأخضر', 'ngo', 'basic', ['grants']],
  ['上海社区志愿者协会', 'ngo', 'basic', ['volunteers', 'events', 'event_shifts']],
  ['Ärzte für Kinder', 'ngo', 'enterprise', ['campaigns', 'events']],
  ['O’Brien & Sons Trust', 'basic', 'basic', []],
  ['Общество друзей леса', 'ngo', 'premium', ['campaigns', 'events', 'volunteers']],
  ['Kyoto Riverkeepers', 'ngo', 'basic', ['events']],
  ['Harbour Legal Aid', 'basic', 'premium', ['teams', 'tasks']],
  ['Les Amis du Canal', 'ngo', 'basic', ['campaigns']],
  ['Green Hill Library', 'basic', 'basic', ['files']],
  ['Red Cross of Utrecht', 'ngo', 'premium', ['campaigns', 'events', 'volunteers', 'grants', 'event_shifts']],
];

/** The pages: name, address, and what to do before the picture. `{slug}` is the newest tenant. */
const PAGES = [
  ['dashboard', '/'],
  ['tenants', '/tenants'],
  ['new-tenant', '/tenants/new'],
  ['setting-up', '/tenants/{slug}/setup'],
  ['tenant', '/tenants/{slug}'],
  ['structure', '/tenants/{slug}/structure'],
  ['structure-module', '/tenants/{slug}/structure?module=Events'],
  ['templates', '/templates'],
  ['template', '/templates/ngo/1.0.0'],
  ['jobs', '/jobs'],
  ['manage', '/tenants/{slug}/manage'],
  ['delete', '/tenants/{slug}/manage/delete'],
  ['exports', '/tenants/{slug}/exports'],
  ['unexpected-changes', '/drift'],
  ['changes', '/tenants/kyoto-riverkeepers/changes'],
  ['people', '/people'],
  ['account', '/account'],
];
const DARK = ['dashboard', 'structure', 'setting-up', 'unexpected-changes'];
const PHONE = ['dashboard', 'tenants', 'setting-up'];

/** Tenants whose databases somebody changes by hand. */
const CHANGED = ['Kyoto Riverkeepers', 'Ärzte für Kinder', 'Les Amis du Canal'];

/** Compares all databases with what they should be; ends with 1, because some are not. */
function checkAll(program) {
  try {
    runCli(program, ['drift', 'check', '--all']);
  } catch (error) {
    assert.equal(error.status, 1, error.stderr);
  }
}

const browser = await startBrowser();
const program = await startProgram();
try {
  for (const [name, template, plan, modules] of TENANTS) {
    const chosen = modules.flatMap((module) => ['--module', module]);
    runCli(program, ['tenants', 'create', '--name', name, '--email', 'dana@example.org', '--template', template, '--plan', plan, ...chosen, '--wait']);
  }
  const made = JSON.parse(runCli(program, ['tenants', 'list', '--json'])).items;
  const { slug } = made[0];
  for (const name of CHANGED) changeByHand(program, made.find((tenant) => tenant.name === name));
  checkAll(program);
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const old of fs.readdirSync(FOLDER)) fs.rmSync(path.join(FOLDER, old));
  const wide = { width: 1280, height: 900 };
  await take({ viewport: wide }, PAGES, '');
  await take({ viewport: wide, colorScheme: 'dark' }, PAGES.filter(([name]) => DARK.includes(name)), '-dark');
  await take({ viewport: { width: 390, height: 844 } }, PAGES.filter(([name]) => PHONE.includes(name)), '-phone');

  async function take(options, pages, suffix) {
    const visitor = await newVisitor(browser, program, options);
    await signIn(visitor);
    await visitor.page.goto('/'); // What was said about signing in is said once.
    const session = await visitor.context.newCDPSession(visitor.page);
    for (const [name, address] of pages) {
      const answer = await visitor.page.goto(address.replace('{slug}', slug));
      assert.equal(answer.status(), 200, `${address} cannot be shown`);
      await visitor.page.evaluate(() => document.fonts.ready);
      const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
      fs.writeFileSync(path.join(FOLDER, `${name}${suffix}.webp`), Buffer.from(data, 'base64'));
    }
    await visitor.context.close();
  }
} finally {
  await browser.close();
  await program.stop();
}

const sizes = fs.readdirSync(FOLDER).map((name) => [name, fs.statSync(path.join(FOLDER, name)).size]);
for (const [name, size] of sizes) assert.ok(size < LARGEST, `${name} has ${size} bytes`);
assert.ok(sizes.reduce((sum, [, size]) => sum + size, 0) < ALL, 'the pictures are too large together');
console.log(`${sizes.length} pictures are in docs/screenshots`);
