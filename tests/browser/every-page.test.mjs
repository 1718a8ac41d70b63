// Every page in every state, at four widths, in light and in dark: nothing that axe finds, nothing wider than the window, one
// h1, and a focus that can be seen. The states are those of examples/preview, whose own test holds that no page is without
// one; the main pages are looked at once more in the real program.
//
// Environment: PREVIEW_BIN (the preview; else target/debug/examples/preview), and those of support.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newVisitor, runAxe, runCli, signIn, startBrowser, startProgram, targetFolder } from './support.mjs';

const WIDTHS = [320, 390, 1280, 2560];
const AT_ONCE = 3;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const TYPES = { css: 'text/css', html: 'text/html; charset=utf-8', js: 'text/javascript', svg: 'image/svg+xml', woff2: 'font/woff2' };

/** Serves a folder with the program's own policy; htmx stays away, because there is nobody whom it could ask. */
function serve(folder) {
  const server = http.createServer((request, response) => {
    const name = path.join(folder, path.normalize(new URL(request.url, 'http://h').pathname));
    if (!fs.existsSync(name) || fs.statSync(name).isDirectory()) return response.writeHead(404).end();
    const type = TYPES[path.extname(name).slice(1)] ?? 'text/plain';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
    return response.end(path.basename(name).startsWith('htmx') ? '' : fs.readFileSync(name));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** What is wrong with the page that is open, at every width and in both themes. */
async function faults(page) {
  const found = [];
  const note = (where, list) => found.push(...list.map((fault) => `${where}: ${fault}`));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    note(`${width} px`, await page.evaluate(() => {
      const wrong = [];
      const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const reaches = (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
      const outside = [...document.querySelectorAll('main *, header *')].filter(reaches).slice(0, 3);
      if (wide > 0) wrong.push(`${wide} px too wide: ${outside.map((element) => element.outerHTML.slice(0, 90)).join(' | ')}`);
      const headings = document.querySelectorAll('h1').length;
      if (headings !== 1) wrong.push(`${headings} h1 headings`);
      if (!document.title || !document.documentElement.lang) wrong.push('no title or no language');
      if (document.querySelector('[style]')) wrong.push('an inline style');
      return wrong;
    }));
    if (width === 320) note('320 px, light', await runAxe(page));
    if (width === 1280) {
      note('1280 px, light', await runAxe(page));
      note('1280 px, light', await focusFaults(page));
      // Loaded anew: a page that is open changes its colours one after the other, and axe would see half of them.
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.reload();
      note('1280 px, dark', await runAxe(page, ['color-contrast', 'link-in-text-block']));
    }
  }
  return found;
}

/** Elements that take the focus and do not show it, themselves or by their label. */
async function focusFaults(page) {
  await page.keyboard.press('Tab'); // From now on the browser shows the focus as it does for people with a keyboard.
  return page.evaluate(() => {
    const one = (element) => {
      const style = getComputedStyle(element);
      const outline = style.outlineStyle === 'none' ? '' : `${style.outlineWidth} ${style.outlineColor}`;
      return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.stroke, style.clipPath].join('|');
    };
    const look = (element) => [element, ...(element.labels ?? []), ...element.querySelectorAll('rect')].map(one).join('\n');
    const wanted = 'a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
    const shown = [...document.querySelectorAll(wanted)].filter((element) => element.checkVisibility());
    return shown.slice(0, 80).flatMap((element) => {
      element.blur();
      const plain = look(element);
      element.focus({ preventScroll: true });
      if (document.activeElement !== element || look(element) !== plain) return [];
      return [`the focus cannot be seen on ${element.outerHTML.slice(0, 120)}`];
    });
  });
}

/** Does the work for each of a list, several at once. */
async function forEach(list, work) {
  const waiting = [...list];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (waiting.length > 0) await work(waiting.shift());
  }));
}

async function lookAt(browser, program, addresses, prepare = async () => {}) {
  const found = [];
  const visitor = await newVisitor(browser, program);
  try {
    await prepare(visitor);
    await forEach(addresses, async (address) => {
      const page = await visitor.context.newPage();
      await page.goto(address);
      found.push(...(await faults(page)).map((fault) => `${address}: ${fault}`));
      await page.close();
    });
  } finally {
    await visitor.context.close();
  }
  return found;
}

let browser;
before(async () => { browser = await startBrowser(); });
after(async () => { await browser?.close(); });

describe('every page', () => {
  test('in every state of the preview', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tenantry-preview-'));
    const preview = process.env.PREVIEW_BIN ?? path.join(targetFolder(), 'debug', 'examples', 'preview');
    execFileSync(preview, [folder]);
    const names = JSON.parse(fs.readFileSync(path.join(folder, 'index.json'), 'utf8'));
    const pages = names.filter((name) => !name.startsWith('fragment-'));
    assert.ok(pages.length > 40, 'the preview wrote fewer pages than there are');
    const server = await serve(folder);
    try {
      const program = { url: `http://127.0.0.1:${server.address().port}` };
      assert.deepEqual(await lookAt(browser, program, pages.map((name) => `/${name}.html`)), []);
    } finally {
      server.close();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('of the real program, with a tenant', async () => {
    const program = await startProgram();
    try {
      runCli(program, ['tenants', 'create', '--name', 'جمعية الهلال الأخضر', '--email', 'dana@example.org', '--template', 'ngo', '--module', 'events', '--wait']);
      const { items } = JSON.parse(runCli(program, ['tenants', 'list', '--json']));
      const tenant = `/tenants/${items[0].slug}`;
      const addresses = ['/', '/tenants', '/tenants/new', tenant, `${tenant}/setup`, `${tenant}/structure`, `${tenant}/structure?table=users`, `${tenant}/activity`, '/templates', '/templates/ngo/1.0.0', '/jobs'];
      assert.deepEqual(await lookAt(browser, program, addresses, signIn), []);
    } finally {
      await program.stop();
    }
  });
});
