// What the browser tests share: a demo of their own, a browser, screenshots and the accessibility audit.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
/** The program under test. */
export const binary = process.env.EARMARK_BIN ?? path.join(here, '../../target/debug/earmark');
const shots = path.join(here, 'shots');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
const WAIT_LIMIT_MS = 15_000;
const FEW_CONTACTS = 300;

const LOOKS = [
  { name: '1440-light', size: { width: 1440, height: 900 }, scheme: 'light' },
  { name: '1440-dark', size: { width: 1440, height: 900 }, scheme: 'dark' },
  { name: '390-light', size: { width: 390, height: 844 }, scheme: 'light' },
  { name: '390-dark', size: { width: 390, height: 844 }, scheme: 'dark' },
];

const WCAG_A_AND_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** Loopback ports that were free a moment ago; all are held until all are known, so they differ. */
export const freePorts = async (count) => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = [];
  for (const server of servers) {
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    ports.push(server.address().port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** Reads addresses and login from what `earmark demo` prints; undefined until all of it is there. */
export const readBanner = (text) => {
  const app = /^\W*Earmark\b.*?(https?:\/\/[^\s/]+)/m.exec(text)?.[1];
  const sandbox = /^\W*Sandbox\b.*?(https?:\/\/[^\s/]+)/m.exec(text)?.[1];
  const [, email, password] = /^\W*Log in\b\W*?(\S+@\S+)\s*\/\s*(\S+)/m.exec(text) ?? [];
  return app && sandbox && email && password ? { app, sandbox, email, password } : undefined;
};

const untilReady = (child, heard) =>
  new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`earmark demo ${why}\n${heard()}`));
    const limit = setTimeout(() => fail(`printed no addresses and login within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended early (${signal ?? `status ${code}`})`));
    child.stdout.on('data', () => {
      // A line still being written is not read yet.
      const banner = readBanner(heard().replace(/[^\n]*$/, ''));
      if (!banner) return;
      clearTimeout(limit);
      resolve(banner);
    });
    child.once('close', () => clearTimeout(limit));
  });

const stopped = (child) =>
  new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`earmark demo did not end within ${STOP_LIMIT_MS} ms of being asked`));
    }, STOP_LIMIT_MS);
    child.once('exit', () => {
      clearTimeout(limit);
      resolve();
    });
    child.kill('SIGINT');
  });

/**
 * Starts `earmark demo` in a fresh data folder, with few contacts unless a test is about copying many. Gives `app` and
 * `sandbox` (origins, without a closing slash), `email`, `password`, `output()` with everything printed so far, and
 * `stop()`, which ends it and removes the folder.
 */
export const startDemo = async ({ args = [], env = {}, contacts = FEW_CONTACTS } = {}) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'earmark-browser-'));
  const [port, sandboxPort] = await freePorts(2);
  const child = spawn(
    binary,
    [
      'demo',
      '--listen', `127.0.0.1:${port}`,
      '--sandbox-listen', `127.0.0.1:${sandboxPort}`,
      '--data-dir', folder,
      '--contacts', `${contacts}`,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  let printed = '';
  let logged = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { printed += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { logged += text; });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async () => {
    try {
      await stopped(child);
    } finally {
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    const banner = await untilReady(child, () => printed || logged);
    return { ...banner, stop, output: () => printed + logged };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
};

/** Debian's Chromium, headless and quiet on the network. As root it runs only without its sandbox. */
export const openBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
      '--disable-gpu',
    ],
  });

const isLocal = (url) => {
  const { protocol, hostname } = new URL(url);
  return ['data:', 'blob:', 'about:'].includes(protocol) || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
};

/**
 * A page in a context of its own (fresh cookies). `complaints` fills with what a visitor's console would show and with
 * requests to other machines, which are refused: policy violations, script errors, missing files. `options` are Playwright's
 * context options, such as `{ javaScriptEnabled: false }`.
 */
export const openPage = async (browser, options = {}) => {
  const context = await browser.newContext({ viewport: LOOKS[0].size, colorScheme: 'light', ...options });
  context.setDefaultTimeout(WAIT_LIMIT_MS);
  const complaints = [];
  await context.route(
    (url) => !isLocal(url.href),
    (route) => {
      complaints.push(`asked another machine: ${route.request().url()}`);
      return route.abort();
    },
  );
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  return { page, context, complaints };
};

/** Shows the page in each width and colour scheme in turn, then puts it back. */
const inEachLook = async (page, visit) => {
  const before = page.viewportSize();
  for (const look of LOOKS) {
    await page.setViewportSize(look.size);
    await page.emulateMedia({ colorScheme: look.scheme });
    await visit(look);
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null });
};

/** Writes shots/NAME-{1440,390}-{light,dark}.png. */
export const shoot = async (page, name) => {
  mkdirSync(shots, { recursive: true });
  await inEachLook(page, (look) =>
    page.screenshot({ path: path.join(shots, `${name}-${look.name}.png`), animations: 'disabled', caret: 'hide' }),
  );
};

const readable = ({ id, help, helpUrl, nodes }) =>
  [
    `${id}: ${help} (${helpUrl})`,
    ...nodes.map((node) => `  ${node.target.join(' ')}\n    ${node.html}\n    ${node.failureSummary.replaceAll('\n', '\n    ')}`),
  ].join('\n');

/** Asserts that the page breaks no rule of WCAG 2.0 to 2.2, levels A and AA, in any width and colour scheme. */
export const axe = async (page) => {
  const looksByFault = new Map();
  await inEachLook(page, async (look) => {
    // Evaluated by the debugger, so the page's content security policy neither stops it nor is weakened for it.
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
    const { violations, passes } = await page.evaluate(
      (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }),
      WCAG_A_AND_AA,
    );
    assert.ok(passes.length > 0, `axe checked nothing on ${page.url()}`);
    for (const fault of violations.map(readable)) {
      looksByFault.set(fault, [...(looksByFault.get(fault) ?? []), look.name]);
    }
  });
  const faults = [...looksByFault].map(([fault, looks]) => `In ${looks.join(', ')}:\n${fault}`);
  assert.equal(faults.length, 0, `${page.url()} breaks accessibility rules\n${faults.join('\n')}`);
};

/** Audits the page and takes its pictures. */
export const inspect = async (page, name) => {
  await shoot(page, name);
  await axe(page);
};

/** Takes the browser's own report of an answer of 400 or more out of `complaints`: the test asked for one. */
export const allowAnswer = (complaints, status) => {
  const at = complaints.findIndex((text) => text.includes(`responded with a status of ${status}`));
  assert.notEqual(at, -1, `the browser reported no answer of ${status}: ${complaints.join('; ')}`);
  complaints.splice(at, 1);
};

/** Words that stand nowhere else. */
export const unique = (words) => `${words} ${randomUUID().slice(0, 8)}`;

/** Logs in by the form and waits for the inbox. */
export const logIn = async (page, { app, email, password }) => {
  await page.goto(`${app}/login`);
  await page.getByLabel('Work e-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/inbox$/);
};

/** Signs somebody new up by the form and waits for their empty inbox. Gives what they typed. */
export const signUp = async (page, { app }) => {
  const id = randomUUID().slice(0, 8);
  const typed = { name: `Noor ${id}`, email: `noor-${id}@example.com`, password: 'a few plain words', workspace: `Company ${id}` };
  await page.goto(`${app}/signup`);
  await page.getByLabel('Your name').fill(typed.name);
  await page.getByLabel('Work e-mail').fill(typed.email);
  await page.getByLabel('Password', { exact: true }).fill(typed.password);
  await page.getByLabel('Workspace name').fill(typed.workspace);
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await page.waitForURL(/\/inbox$/);
  return typed;
};

/** In the sandbox: a contact writes, which opens the new conversation. */
export const writeAsContact = async (page, { sandbox }, text, contact = 'Ines Carvalho') => {
  await page.goto(sandbox);
  await page.getByLabel('Contact', { exact: true }).selectOption({ label: contact });
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Start a conversation' }).click();
  await page.getByText('Conversation started.').waitFor();
};

/** In the sandbox's open conversation: a tag for a message, counted from 1. */
export const tagMessage = async (page, tag, message = 1) => {
  await page.getByLabel(`Tag for message ${message}`, { exact: true }).selectOption({ label: tag });
  await page.getByRole('button', { name: `Apply tag to message ${message}` }).click();
  await page.getByText('Tag applied.').waitFor();
};

/** In the sandbox's open conversation: a message by `voice`, a label of the list "Write as". */
export const say = async (page, voice, text) => {
  await page.getByLabel('Write as').selectOption({ label: voice });
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Message added.').waitFor();
};

/** Repeats `look` until it gives true, for at most as long as a page may take; `look` itself waits for the page. */
export const until = async (look, limit = WAIT_LIMIT_MS) => {
  const end = performance.now() + limit;
  while (!(await look())) assert.ok(performance.now() < end, `not so within ${limit} ms: ${look}`);
};
