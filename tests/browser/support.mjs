// What every journey needs: the program on a fresh data directory, a browser, and checks that every page must pass.
//
// Environment: TENANTRY_BIN (the program; else target/debug/tenantry, or below CARGO_TARGET_DIR), CHROMIUM (the browser),
// SHOTS (set: pictures of the checked pages are kept in tests/browser/shots).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
export const repository = path.resolve(here, '../..');
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const admin = { email: 'admin@example.org', password: 'correct-horse-battery-staple-7' };

const START_LIMIT = 60_000;
const STOP_LIMIT = 15_000;

/** Where cargo puts what it builds. */
export function targetFolder() {
  return process.env.CARGO_TARGET_DIR ?? path.join(repository, 'target');
}

function programPath() {
  return process.env.TENANTRY_BIN ?? path.join(targetFolder(), 'debug', 'tenantry');
}

/** Runs a command on the data of a running program, and gives what it prints. */
export function runCli(program, words) {
  const env = { PATH: process.env.PATH, HOME: program.data, TENANTRY_DATA_DIR: path.join(program.data, 'data') };
  return execFileSync(programPath(), words, { cwd: program.data, env, encoding: 'utf8' });
}

/**
 * Gives an index in a tenant's file another name, byte by byte: one index too few, and one too many. It is what nobody at Tenantry
 * has asked for. `tenant` is what `tenants create --json` has printed.
 */
export function changeByHand(program, tenant) {
  const file = path.join(program.data, 'data', 'tenants', `${tenant.database_name}.db`);
  const bytes = fs.readFileSync(file);
  const [from, to] = ['members__idx_full_name', 'members__idx_full_nama'];
  let times = 0;
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) {
    bytes.write(to, at, 'latin1');
    times += 1;
  }
  assert.ok(times > 0, 'there is such an index');
  fs.writeFileSync(file, bytes);
}

/** Starts the program on a fresh data directory and a free port. */
export async function startProgram({ env = {} } = {}) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'tenantry-browser-'));
  const program = new Program(data, env);
  try {
    await program.start();
  } catch (error) {
    fs.rmSync(data, { recursive: true, force: true });
    throw error;
  }
  return program;
}

/** A running program; after a restart it has the same address and data. */
export class Program {
  #env;
  #child;
  #listen = '127.0.0.1:0';
  /** Everything it has printed, over all its runs. */
  output = '';
  url = '';

  constructor(data, env) {
    this.data = data;
    this.#env = env;
  }

  async start() {
    const child = spawn(programPath(), ['serve'], {
      cwd: this.data,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.data,
        RUST_BACKTRACE: '1',
        TENANTRY_DATA_DIR: path.join(this.data, 'data'),
        TENANTRY_LISTEN: this.#listen,
        TENANTRY_ADMIN_EMAIL: admin.email,
        TENANTRY_ADMIN_PASSWORD: admin.password,
        ...this.#env,
      },
    });
    this.#child = child;
    this.url = await new Promise((resolve, reject) => {
      let printed = '';
      const fail = (why) => reject(new Error(`${programPath()} ${why}. It printed:\n${printed}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`did not say where it listens within ${START_LIMIT / 1000} s`);
      }, START_LIMIT);
      const read = (chunk) => {
        printed += chunk;
        this.output += chunk;
        const found = printed.match(/Listening on (http:\/\/[^\s/]+)/);
        if (found) {
          clearTimeout(timer);
          resolve(found[1]);
        }
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
      child.once('error', (error) => {
        clearTimeout(timer);
        fail(`could not be started (${error.message})`);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${signal ?? `exit code ${code}`}`);
      });
    });
    this.#listen = new URL(this.url).host;
  }

  async #end(signal) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
    await ended;
    clearTimeout(timer);
  }

  /** Ends it as a power cut would, and starts it again. */
  async killAndRestart() {
    await this.#end('SIGKILL');
    await this.start();
  }

  /** Asks it to stop, checks that it did so cleanly, and removes its data. */
  async stop() {
    await this.#end('SIGTERM');
    fs.rmSync(this.data, { recursive: true, force: true });
    assert.equal(this.#child.exitCode, 0, `it did not stop cleanly. It printed:\n${this.output.slice(-4000)}`);
  }
}

function browserPath() {
  const named = process.env.CHROMIUM ? [process.env.CHROMIUM] : ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const places = named.flatMap((name) => (path.isAbsolute(name) ? [name] : folders.map((dir) => path.join(dir, name))));
  const found = places.find((place) => fs.existsSync(place));
  assert.ok(found, `no browser found: looked for ${named.join(', ')}`);
  return found;
}

/** Starts the system's Chromium without a window and without calls of its own to the network. */
export function startBrowser() {
  return chromium.launch({
    executablePath: browserPath(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * Opens a visitor: a context of its own with one page, which remembers everything that must never happen.
 * `expected` are patterns of console messages that the journey provokes on purpose, such as an answer with status 422.
 */
export async function newVisitor(browser, program, options = {}) {
  const { javaScriptEnabled = true, colorScheme = 'light', viewport = { width: 1280, height: 900 }, expected = [], timezoneId } = options;
  const context = await browser.newContext({
    javaScriptEnabled,
    colorScheme,
    viewport,
    baseURL: program.url,
    reducedMotion: 'reduce',
    timezoneId,
  });
  context.setDefaultTimeout(15_000);
  const problems = [];
  const note = (problem) => {
    if (!expected.some((pattern) => pattern.test(problem))) problems.push(problem);
  };
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => note(`script: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 500) note(`answer ${response.status()}: ${response.url()}`);
  });
  page.on('request', (request) => {
    const host = new URL(request.url()).host;
    if (/^https?:/.test(request.url()) && host !== new URL(program.url).host) note(`foreign request: ${request.url()}`);
  });
  if (javaScriptEnabled) {
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
  }
  return { browser, context, page, problems, javaScriptEnabled, colorScheme, viewport };
}

/** Ends a visit; fails if anything happened on its way that must never happen. */
export async function endVisit(visitor) {
  await visitor.context.close();
  assert.deepEqual(visitor.problems, []);
}

/** Runs a journey with a visitor of its own, and keeps a picture of the page where it failed. */
export async function visit(browser, program, options, journey) {
  const visitor = await newVisitor(browser, program, options);
  try {
    await journey(visitor);
  } catch (error) {
    await picture(visitor, 'failed').catch(() => {});
    await visitor.context.close();
    if (visitor.problems.length > 0) error.message += `\nSeen on the way:\n${visitor.problems.join('\n')}`;
    error.message += `\nThe program's last lines:\n${program.output.slice(-2000)}`;
    throw error;
  }
  await endVisit(visitor);
}

/** Signs in through the form. */
export async function signIn(visitor, who = admin) {
  const { page } = visitor;
  await page.goto('/login');
  await page.locator('input[name="email"]').fill(who.email);
  await page.locator('input[name="password"]').fill(who.password);
  await page.locator('form:has(input[name="password"]) button[type="submit"]').click();
  await page.waitForURL((url) => url.pathname !== '/login');
}

/**
 * Answers the questions about a new tenant, one page each, up to the page with all answers. `look` is called on every page
 * with the name of its question.
 */
export async function describeTenant(page, answers, look = async () => {}) {
  const { name, email, note = '', template = 'ngo', plan = 'basic', modules = [], place = '' } = answers;
  const goOn = async (next) => {
    await page.getByRole('button', { name: /^(Continue|Save)$/ }).click();
    await page.waitForURL(next);
  };
  await page.goto('/tenants/new');
  await look('who');
  await page.locator('input[name="name"]').fill(name);
  await page.locator('input[name="email"]').fill(email);
  await page.locator('textarea[name="note"]').fill(note);
  await goOn(/\/template$/);
  await look('template');
  await page.locator(`input[name="template"][value="${template}"]`).check();
  await goOn(/\/(extras|plan)$/);
  if (page.url().endsWith('/extras')) {
    await look('extras');
    for (const module of modules) await page.locator(`input[name="module"][value="${module}"]`).check();
    await goOn(/\/plan$/);
  }
  await look('plan');
  await page.locator(`input[name="plan"][value="${plan}"]`).check();
  await goOn(/\/(where|check)$/);
  if (page.url().endsWith('/where')) {
    await look('where');
    await page.locator(`input[name="place"][value="${place}"]`).check();
    await goOn(/\/check$/);
  }
  await look('check');
}

/** Presses the button that makes the described tenant and arrives at the page that shows its steps; gives the slug. */
export async function createTenant(page) {
  await page.getByRole('button', { name: 'Create tenant' }).click();
  return arriveAtSetup(page);
}

export async function arriveAtSetup(page) {
  await page.waitForURL(/\/tenants\/[^/]+\/setup$/);
  return new URL(page.url()).pathname.split('/')[2];
}

/** What every page must be: accessible, no wider than the window, one h1, a title, a language. */
export async function checkPage(visitor, name) {
  const { page } = visitor;
  await picture(visitor, name);
  const facts = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    headings: document.querySelectorAll('h1').length,
    title: document.title,
    language: document.documentElement.lang,
  }));
  assert.ok(facts.wide <= 0, `${name} is ${facts.wide} px wider than the window`);
  assert.equal(facts.headings, 1, `${name} has ${facts.headings} h1 headings`);
  assert.ok(facts.title && facts.language, `${name} has no title or no language`);
  assert.deepEqual(await accessibilityFaults(visitor), [], `${name} is not accessible`);
}

async function accessibilityFaults(visitor) {
  if (visitor.javaScriptEnabled) return runAxe(visitor.page);
  // Where scripts are off axe could not run either: it looks at the same document in a window where they are on, but
  // where none of the page's own are loaded.
  const { browser, context, page, colorScheme, viewport } = visitor;
  const twin = await browser.newContext({ storageState: await context.storageState(), colorScheme, viewport });
  try {
    const copy = await twin.newPage();
    const body = await page.content();
    await copy.route('**/*', (route) => {
      const kind = route.request().resourceType();
      if (kind === 'document') return route.fulfill({ contentType: 'text/html; charset=utf-8', body });
      return kind === 'script' ? route.abort() : route.continue();
    });
    await copy.goto(page.url());
    return await runAxe(copy);
  } finally {
    await twin.close();
  }
}

/**
 * What axe finds on a page; with `rules`, by these alone. The source goes through the debugger, so that the page's security
 * policy stays in force.
 */
export async function runAxe(page, rules = null) {
  if (!(await page.evaluate(() => Boolean(globalThis.axe)))) await page.evaluate(axeSource);
  return page.evaluate(async (only) => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const runOnly = only ? { type: 'rule', values: only } : { type: 'tag', values: tags };
    const { violations } = await globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
  }, rules);
}

/** Keeps a picture of the whole page if SHOTS is set. */
export async function picture(visitor, name) {
  if (!process.env.SHOTS) return;
  const { page, javaScriptEnabled, colorScheme, viewport } = visitor;
  const kind = [colorScheme, `${viewport.width}`, javaScriptEnabled ? '' : 'no-script'].filter(Boolean).join('-');
  const folder = path.join(here, 'shots');
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.${kind}.png`), fullPage: true });
}

/** Whether the element that has the focus shows it, itself or by its label: a look that it has only then. */
export function focusIsVisible(page) {
  return page.evaluate(() => {
    const lookOfOne = (element) => {
      const style = getComputedStyle(element);
      const outline = style.outlineStyle === 'none' ? '' : `${style.outlineWidth} ${style.outlineColor}`;
      return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.textDecorationLine, style.stroke].join('|');
    };
    const look = (element) => {
      const parts = [element, element.nextElementSibling, ...(element.labels ?? []), ...element.querySelectorAll('rect')];
      return parts.filter(Boolean).map(lookOfOne).join('\n');
    };
    const element = document.activeElement;
    if (!element || element === document.body) return false;
    const focused = look(element);
    element.blur();
    const plain = look(element);
    element.focus({ preventScroll: true, focusVisible: true });
    return focused !== plain;
  });
}
