// Intercom operations on the pages: a form with wrong input, the dry run, the question before something is taken away, the
// log, the same as a command, a list fetched whole, and the raw request.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { allowAnswer, inspect, logIn, openBrowser, openPage, startDemo, until } from './support.mjs';

describe('actions', () => {
  let demo;
  let browser;
  let page;
  let complaints;
  let actions;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true }));
    await logIn(page, demo);
    await page.getByRole('link', { name: /^Integrations/ }).click();
    await page.getByRole('main').getByRole('link', { name: 'Quillwater Support' }).first().click();
    await page.getByRole('link', { name: 'Actions', exact: true }).click();
    await page.getByRole('searchbox', { name: 'Search actions' }).waitFor();
    actions = new URL(page.url()).pathname;
  });
  afterEach(() => assert.deepEqual(complaints, []));
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const open = (rest) => page.goto(`${demo.app}${actions}${rest}`);
  const field = (label) => page.getByLabel(label, { exact: true });
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const beside = () => page.locator('section[aria-labelledby=a-res]');
  const json = async () => JSON.parse(await beside().getByRole('region', { name: 'Answer' }).innerText());
  /** The page from its top: an answer is jumped to. */
  const look = async (name) => {
    await page.evaluate(() => scrollTo(0, 0));
    await inspect(page, name);
  };
  const runs = async () => {
    await open('/runs');
    return page.getByRole('table').locator('tbody tr').count();
  };
  let contact;

  it('lists what can be run, and finds an action by a word', async () => {
    await inspect(page, 'actions');
    await page.getByRole('searchbox', { name: 'Search actions' }).fill('unarchive');
    await press('Search');
    await page.getByRole('link', { name: 'Unarchive contact' }).click();
    await page.getByRole('heading', { name: 'Unarchive contact', level: 1 }).waitFor();
  });

  it('names each wrong field and loses nothing', async () => {
    await open('/contacts.create');
    await inspect(page, 'action-empty');
    await field('Name optional').fill('Vera Blom');
    await field('Signed up at optional').fill('yesterday');
    await press('Run');
    const summary = page.getByRole('alert').first();
    await summary.getByText('2 things need attention').waitFor();
    for (const name of ['role', 'signed_up_at']) {
      assert.equal(await page.locator(`#${name}`).getAttribute('aria-invalid'), 'true', name);
      assert.equal(await summary.locator(`a[href="#${name}"]`).innerText(), await page.locator(`#${name}-error`).innerText());
    }
    assert.equal(await field('Name optional').inputValue(), 'Vera Blom');
    allowAnswer(complaints, 422);
    await inspect(page, 'action-wrong');
  });

  it('shows the exact request without sending it', async () => {
    await field('Role').selectOption('user');
    await field('Signed up at optional').fill('2026-03-12');
    await field('E-mail address optional').fill('vera@blom.example');
    await press('Preview request');
    await beside().getByText('Not sent').waitFor();
    assert.match(await beside().innerText(), /POST \S*\/contacts\n/);
    const body = JSON.parse(await beside().getByRole('region', { name: 'Request body' }).innerText());
    assert.deepEqual(body, { role: 'user', email: 'vera@blom.example', name: 'Vera Blom', signed_up_at: 1773273600 });
    await look('action-preview');
    await open('/runs');
    await page.getByText('Nothing was run yet').waitFor();
    await inspect(page, 'action-log-empty');
  });

  it('runs it, shows the answer beside the form, and logs it', async () => {
    await open('/contacts.create');
    await field('Role').selectOption('user');
    await field('E-mail address optional').fill('vera@blom.example');
    await field('Name optional').fill('Vera Blom');
    await press('Run');
    await beside().getByText('200 Done').waitFor();
    contact = (await json()).id;
    assert.equal((await json()).name, 'Vera Blom');
    await look('action-done');
    assert.equal(await runs(), 1);
  });

  it('asks before it destroys, and then does exactly that', async () => {
    await open('/contacts.delete');
    await field('Contact ID').fill(contact);
    await press('Go on');
    await page.getByRole('heading', { name: 'Run this?' }).waitFor();
    assert.match(await beside().innerText(), new RegExp(`DELETE \\S*/contacts/${contact}\\n`));
    await look('action-confirm');
    assert.equal(await runs(), 1, 'nothing was sent yet');
    await open('/contacts.archive');
    await field('Contact ID').fill(contact);
    await press('Go on');
    await beside().getByRole('button', { name: 'Archive contact' }).click();
    await beside().getByText('200 Done').waitFor();
    assert.equal(await runs(), 2);
  });

  it('tells what Intercom refused, with a cure', async () => {
    await open('/contacts.get');
    await field('Contact ID').fill('5f0a1c2b3d4e5f6071829399');
    await press('Run');
    await beside().getByText('404 Failed').waitFor();
    await beside().getByText('Check the id').waitFor();
    await look('action-refused');
  });

  it('filters the log, copies a run as a command, and runs it again', async () => {
    await open('/runs');
    await page.getByLabel('Result').selectOption('failed');
    await page.waitForURL(/state=failed/);
    assert.equal(await page.getByRole('table').locator('tbody tr').count(), 1);
    await open('/runs');
    await inspect(page, 'action-log');
    await page.getByRole('link', { name: 'Create contact' }).click();
    await page.getByRole('heading', { name: 'As a command' }).waitFor();
    await inspect(page, 'action-run');
    await press('Copy');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(command, /^earmark actions run contacts\.create --connection \S+ --as \S+/);
    for (const input of ['role=user', 'email=vera@blom.example', "'name=Vera Blom'"]) {
      assert.ok(command.includes(`--input ${input}`), `${command}\nlacks ${input}`);
    }
    await page.getByRole('link', { name: 'Run again' }).click();
    assert.equal(await field('E-mail address optional').inputValue(), 'vera@blom.example');
    assert.equal(await field('Role').inputValue(), 'user');
  });

  it('suggests ids from our copy', async () => {
    const offered = async (action, name) => {
      await open(`/${action}`);
      return page.locator(`#${name}-list option`).allInnerTexts();
    };
    await until(async () => (await offered('contacts.attach_tag', 'tag_id')).includes('feature-request'));
    await until(async () => (await offered('conversations.close', 'admin_id')).includes('Ada Lindqvist'));
  });

  it('fetches a list whole and gives it as files', async () => {
    await open('/contacts.list');
    await field('Fetch all optional').selectOption('true');
    await field('Entries a page optional').fill('2');
    await press('Run');
    await page.getByRole('heading', { name: 'List contacts', level: 1 }).waitFor();
    await page.locator('#outcome').getByText('200 Done').waitFor();
    await inspect(page, 'action-fetched');
    const download = async (name) => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
      assert.match(file.suggestedFilename(), /^contacts\.list-.*\.(csv|jsonl)$/);
      const chunks = [];
      for await (const chunk of await file.createReadStream()) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    const lines = (await download('Download JSON lines')).trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some(({ name }) => name === 'Ines Carvalho'));
    assert.equal(new Set(lines.map(({ id }) => id)).size, lines.length);
    const csv = await download('Download CSV');
    assert.equal(csv.trim().split('\r\n').length, lines.length + 1);
  });

  it('sends a request of one’s own to its Intercom and to nobody else', async () => {
    await open('/raw');
    await field('Method').selectOption('GET');
    await field('Path or URL').fill('https://evil.example/contacts');
    await press('Run');
    await page.locator('#url-error').getByText('own Intercom host').waitFor();
    allowAnswer(complaints, 422);
    await inspect(page, 'action-raw-wrong');
    await field('Path or URL').fill('/tags');
    await press('Run');
    await beside().getByText('200 Done').waitFor();
    assert.ok((await json()).data.some(({ name }) => name === 'vip'));
    await look('action-raw');
  });
});
