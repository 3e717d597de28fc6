// Contacts and companies: switching their copy on, watching it, finding, opening and exporting people. Then conversations
// that were tagged before the tag counted: a rule is previewed, looked at, and its tickets made. The tests are the stages of
// one journey, so each needs the ones before it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { allowAnswer, inspect, logIn, openBrowser, openPage, startDemo, tagMessage, unique, until, writeAsContact } from './support.mjs';

describe('people and earlier conversations', () => {
  const wish = unique('The bank page forgets my filter');
  let demo;
  let browser;
  let page;
  let complaints;
  let sandbox;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser, { timezoneId: 'UTC', acceptDownloads: true }));
    sandbox = await openPage(browser);
    await logIn(page, demo);
  });
  afterEach(() => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(sandbox.complaints, []);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const flash = (text) => page.locator('#toasts').getByText(text).waitFor();
  const inMain = (name) => page.getByRole('main').getByRole('link', { name });
  const tab = async (name) => {
    await page.getByRole('navigation', { name: 'Connection' }).getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  };
  const openConnection = async () => {
    await page.getByRole('link', { name: /^Integrations/ }).click();
    await page.getByRole('main').getByRole('link', { name: 'Quillwater Support' }).click();
    await page.getByRole('heading', { name: 'Quillwater Support', level: 1 }).waitFor();
  };
  /** Waits until the open run says it is done; it follows by itself. */
  const runIsDone = () => page.locator('#run-live .pill', { hasText: 'Done' }).waitFor();

  const setCopying = async (on) => {
    await openConnection();
    await page.getByRole('switch', { name: 'Copy contacts and companies' }).setChecked(on);
    await page.locator('section[aria-labelledby=contacts-h]').getByRole('button', { name: 'Save' }).click();
  };

  it('says so when what it shows may be out of date', async () => {
    await setCopying(false);
    await flash('Contacts and companies are copied no more.');
    await page.getByRole('link', { name: 'Contacts', exact: true }).click();
    await page.getByText(/Contacts and companies (of Quillwater Support )?are not copied/).waitFor();
    await inspect(page, 'contacts-off');
  });

  it('copies contacts when they are switched on, and shows how far it is', async () => {
    await setCopying(true);
    await flash('Contacts and companies are being copied.');
    await tab('Runs');
    await page.getByRole('link', { name: 'Copy everything', exact: true }).first().click();
    await runIsDone();
    await page.getByRole('row', { name: /^Contacts/ }).waitFor();
    await inspect(page, 'run-copied');
    await tab('Runs');
    await inspect(page, 'runs');
  });

  it('finds, opens and exports contacts', async () => {
    await page.getByRole('link', { name: 'Contacts', exact: true }).click();
    await page.getByRole('link', { name: 'Ines Carvalho' }).waitFor();
    await inspect(page, 'contacts');
    await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Leads' });
    await page.waitForURL(/role=lead/);
    await page.getByRole('link', { name: 'Ines Carvalho' }).waitFor({ state: 'detached' });
    await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Users and leads' });
    await page.getByRole('link', { name: 'Ines Carvalho' }).waitFor();
    await page.getByLabel('Name, e-mail address or external ID').fill('ines');
    await page.getByLabel('Name, e-mail address or external ID').press('Enter');
    await page.waitForURL(/q=ines/);
    await page.getByRole('link', { name: 'Theo Marchetti' }).waitFor({ state: 'detached' });

    for (const [label, check] of [
      ['Export CSV', (text) => assert.match(text, /^connection,id,[^]*ines@osprey-freight\.example/)],
      ['Export JSON lines', (text) => assert.ok(text.trim().split('\n').map((line) => JSON.parse(line).email).includes('ines@osprey-freight.example'), text)],
    ]) {
      const download = page.waitForEvent('download');
      await inMain(label).click();
      check(readFileSync(await (await download).path(), 'utf8'));
    }

    await page.getByRole('link', { name: 'Ines Carvalho' }).click();
    await page.getByRole('heading', { name: 'Ines Carvalho', level: 1 }).waitFor();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await inspect(page, 'contact');
    await inMain('Osprey Freight').click();
    await page.getByRole('heading', { name: 'Osprey Freight', level: 1 }).waitFor();
    await inspect(page, 'company');
    await page.getByRole('link', { name: 'Companies', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Companies', level: 1 }).waitFor();
    await inspect(page, 'companies');
  });

  it('does without JavaScript', async () => {
    const plain = await openPage(browser, { javaScriptEnabled: false });
    const main = plain.page.getByRole('main');
    const openContacts = () => plain.page.getByRole('link', { name: 'Contacts', exact: true }).first().click();
    await logIn(plain.page, demo);
    await openContacts();
    const first = await main.locator('.cover').first().textContent();
    await main.getByRole('link', { name: 'Next page' }).click();
    await main.getByRole('link', { name: 'First page' }).waitFor();
    assert.notEqual(await main.locator('.cover').first().textContent(), first);
    await main.getByLabel('Name, e-mail address or external ID').fill('ines');
    await main.getByLabel('Role', { exact: true }).selectOption({ label: 'Users' });
    await main.getByRole('button', { name: 'Apply' }).click();
    await plain.page.waitForURL(/q=ines/);
    await main.getByRole('link', { name: 'Ines Carvalho' }).click();
    await main.getByRole('heading', { name: 'Ines Carvalho', level: 1 }).waitFor();
    await openContacts();
    await main.getByLabel('Company', { exact: true }).fill('osprey freight');
    await main.getByRole('button', { name: 'Apply' }).click();
    await main.getByRole('link', { name: /^Osprey Freight/ }).waitFor();
    await main.getByRole('link', { name: 'Ines Carvalho' }).waitFor();
    await main.getByRole('link', { name: /^Osprey Freight/ }).click();
    await main.getByRole('link', { name: 'Next page' }).waitFor();
    assert.deepEqual(plain.complaints, []);
    await plain.context.close();
  });

  it('previews what a tag would have made', async () => {
    await writeAsContact(sandbox.page, demo, wish);
    await tagMessage(sandbox.page, 'bug');
    await page.getByRole('link', { name: 'Product settings' }).click();
    await page.locator('#main a[href$="/products/mobile/settings/feedback"]').first().click();
    await page.getByRole('checkbox', { name: 'bug' }).check();
    await page.getByRole('button', { name: 'Preview the ticked tags' }).click();
    await page.locator('#previews').getByText('These tags would have made 2 tickets in the last 30 days').waitFor();
    await inspect(page, 'preview');
    assert.ok(!(await page.getByRole('checkbox', { name: 'bug' }).isChecked()), 'a preview keeps nothing');
  });

  it('makes earlier tickets only after a look', async () => {
    await page.getByRole('checkbox', { name: 'bug' }).check();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await flash('Saved.');
    await openConnection();
    await tab('Runs');
    await page.getByRole('button', { name: 'Look for conversations tagged earlier' }).click();
    await runIsDone();
    await page.locator('#run-live').getByText('2 would become tickets', { exact: true }).waitFor();
    await inspect(page, 'look');
    await page.getByRole('button', { name: 'Make these tickets' }).click();
    await page.getByRole('heading', { name: 'Tagged conversations', level: 1 }).waitFor();
    await runIsDone();
    await page.locator('#run-live').getByText('2 new', { exact: true }).waitFor();
    await page.getByRole('link', { name: /^Inbox/ }).first().click();
    await page.locator('#list .row', { hasText: wish }).first().waitFor();
  });

  it('asks before it cancels a run, and lets a held one go on', async () => {
    await openConnection();
    await tab('Runs');
    await page.getByRole('button', { name: 'Prove both sides' }).click();
    await page.getByRole('heading', { name: 'Proof', level: 1 }).waitFor();
    await runIsDone();
    await inspect(page, 'run-proof');
    await page.goto(`${page.url().split('?')[0]}/cancel`);
    await page.getByText('This run is over, so there is nothing to cancel.').waitFor();
    await inMain('Back to the run').click();
    const download = page.waitForEvent('download');
    await inMain('Download the report').click();
    const [first] = readFileSync(await (await download).path(), 'utf8').split('\n');
    assert.equal(JSON.parse(first).kind, 'proof');
  });

  it('keeps the focus while a run is followed, and tells how it goes on', async () => {
    const slow = { kind: 'slow', match: '/contacts', ms: 4_000, count: 1 };
    const played = await fetch(`${demo.sandbox}/__sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(slow),
    });
    assert.ok(played.ok);
    await openConnection();
    await tab('Runs');
    await page.getByRole('button', { name: 'Prove every contact' }).click();
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.focus();
    const before = await pause.elementHandle();
    await page.evaluate(() => globalThis.htmx.trigger('#run-live', 'sse:people'));
    await until(() => before.evaluate((button) => !button.isConnected));
    await until(() => page.evaluate(() => document.activeElement.id === 'run-pause'));
    await page.locator('#say', { hasText: /^Proof: / }).waitFor({ state: 'attached' });
  });

  it('shows how the calls that Intercom allows are used', async () => {
    await tab('Calls');
    await page.getByRole('row', { name: /^Copying/ }).waitFor();
    await inspect(page, 'calls');
  });

  it('tells tickets by tag, team and reply time', async () => {
    await page.getByRole('link', { name: 'Insights' }).click();
    await page.getByRole('heading', { name: 'By reply time' }).waitFor();
    await page.getByRole('link', { name: 'bug', exact: true }).waitFor();
    await inspect(page, 'insights');
    await page.getByLabel('Period').selectOption({ label: 'Last 365 days' });
    await page.waitForURL(/days=365/);
    await page.getByRole('link', { name: 'bug', exact: true }).waitFor();
  });

  it('keeps payloads as long as an owner says', async () => {
    await page.getByRole('link', { name: 'Privacy' }).click();
    await inspect(page, 'privacy');
    await page.getByLabel('Days that payloads are kept').fill('0');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('#days-error').waitFor();
    allowAnswer(complaints, 422);
    await inspect(page, 'privacy-wrong');
    await page.getByLabel('Days that payloads are kept').fill('14');
    await page.getByRole('button', { name: 'Save' }).click();
    await flash('Payloads are kept for 14 days.');
    await until(async () => (await page.getByLabel('Days that payloads are kept').inputValue()) === '14');
  });
});
