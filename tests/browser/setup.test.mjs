// A newcomer's way: signing up, connecting Intercom by access token, a product with its trigger tags, disconnecting.
// The tests are the stages of one journey, so each needs the ones before it.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { allowAnswer, inspect, openBrowser, openPage, startDemo, tagMessage, unique, until, writeAsContact } from './support.mjs';

describe('setting up', () => {
  const company = unique('Larkspur');
  let demo;
  let browser;
  let page;
  let complaints;
  let sandbox;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] }));
    sandbox = await openPage(browser);
  });
  afterEach(() => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(sandbox.complaints, []);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const inMain = (name) => page.getByRole('main').getByRole('link', { name });
  const flash = (text) => page.locator('#toasts').getByText(text).waitFor();

  it('signs up, with each wrong field named and nothing lost', async () => {
    await page.goto(demo.app);
    await page.getByRole('link', { name: 'Create one' }).click();
    await inspect(page, 'sign-up');

    await page.getByLabel('Your name').fill('Noor Haddad');
    await page.getByLabel('Work e-mail').fill('noor at larkspur');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create workspace' }).click();

    const summary = page.getByRole('alert');
    await summary.getByText('3 things need attention').waitFor();
    assert.ok(await summary.evaluate((box) => box === document.activeElement), 'the list of faults has the focus');
    for (const field of ['email', 'password', 'workspace']) {
      const input = page.locator(`#${field}`);
      assert.equal(await input.getAttribute('aria-invalid'), 'true', field);
      const message = await page.locator(`#${field}-error`).innerText();
      assert.equal(await summary.locator(`a[href="#${field}"]`).innerText(), message);
    }
    assert.equal(await page.locator('#name').getAttribute('aria-invalid'), null);
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Noor Haddad');
    assert.equal(await page.getByLabel('Work e-mail').inputValue(), 'noor at larkspur');
    allowAnswer(complaints, 422);
    await inspect(page, 'sign-up-wrong');

    await page.getByLabel('Work e-mail').fill('noor@larkspur.example');
    await page.getByLabel('Password', { exact: true }).fill('a few plain words');
    await page.getByLabel('Workspace name').fill(company);
    await page.getByRole('button', { name: 'Create workspace' }).click();
    await page.waitForURL(/\/inbox$/);
    for (const step of ['Connect Intercom', 'Create a product']) await inMain(step).waitFor();
    await inspect(page, 'inbox-first-run');
  });

  it('connects by access token, after a wrong one, until the test request arrives', async () => {
    await inMain('Connect Intercom').click();
    await page.getByRole('heading', { name: 'Connect Intercom', level: 1 }).waitFor();
    await inspect(page, 'connect');
    await inMain('Connect with an access token').click();
    await page.getByText('New app').waitFor();
    await inspect(page, 'token');

    await page.getByLabel('Access token', { exact: true }).fill('dG9rOm5vdF9vbmVfb2Zfb3Vycw==');
    await page.getByLabel('Name of this connection').fill('Larkspur support');
    await page.getByRole('button', { name: 'Check and connect' }).click();
    await page.locator('#token-error', { hasText: 'Intercom does not accept this access token in any region' }).waitFor();
    assert.equal(await page.getByLabel('Access token', { exact: true }).inputValue(), '', 'a token is never sent back');
    assert.equal(await page.getByLabel('Name of this connection').inputValue(), 'Larkspur support');
    allowAnswer(complaints, 422);
    await inspect(page, 'token-wrong');

    await sandbox.page.goto(demo.sandbox);
    await sandbox.page.getByRole('link', { name: 'Developer hub' }).click();
    await sandbox.page.getByRole('heading', { name: 'Developer hub' }).waitFor();
    const token = await sandbox.page.getByLabel('Access token').inputValue();
    const secret = await sandbox.page.getByLabel('Client secret').first().inputValue();

    await page.getByLabel('Access token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Check and connect' }).click();
    await flash(/is connected\. Two steps are left/);
    await page.getByRole('heading', { name: 'Larkspur support', level: 1 }).waitFor();
    assert.ok(!(await page.content()).includes(token), 'the token is not shown again');
    assert.ok((await page.content()).includes(`••••${token.slice(-4)}`), 'its last four characters are');
    // The permissions are checked by a job; the page says to reload.
    await until(async () => {
      await page.reload();
      return (await page.locator('section[aria-labelledby=perm]').innerText()).includes('Read admins');
    });
    await inspect(page, 'connection-new');

    await page.locator('#client_secret').fill(secret);
    await page.getByRole('button', { name: 'Save the client secret' }).click();
    await page.getByText(`••••${secret.slice(-4)}`).waitFor();
    assert.ok(!(await page.content()).includes(secret), 'the client secret is not shown again');

    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const hook = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(hook, await page.getByLabel('Endpoint URL').inputValue());

    const hub = sandbox.page;
    await hub.getByLabel('Webhook URL').first().fill(`${demo.app}/nothing-here`);
    await hub.getByRole('button', { name: /^Save webhook/ }).first().click();
    await hub.getByRole('alert').getByText('Not saved').waitFor();
    allowAnswer(sandbox.complaints, 422);
    await inspect(hub, 'sandbox-hub-wrong');
    await hub.getByLabel('Webhook URL').first().fill(hook);
    await hub.getByRole('button', { name: /^Save webhook/ }).first().click();
    await hub.getByText('Webhook saved.').waitFor();
    await hub.getByRole('button', { name: /^Send a test request/ }).first().click();
    await hub.getByText('Test request sent.').waitFor();

    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    const ping = page.locator('#main').getByRole('link', { name: 'ping' });
    await until(async () => {
      await page.getByRole('link', { name: 'Reload' }).click();
      return (await ping.count()) === 1;
    });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('last proved a webhook').waitFor();

    await page.getByRole('switch', { name: 'Tagged conversations become tickets' }).check();
    await page.locator('section[aria-labelledby=sync]').getByRole('button', { name: 'Save' }).click();
    await flash('Feedback is on.');
    await inspect(page, 'connection');
    await page.getByRole('link', { name: /^Integrations/ }).click();
    await page.getByRole('link', { name: 'Larkspur support' }).waitFor();
    await inspect(page, 'connections');
  });

  it('makes a product and chooses its trigger tags', async () => {
    await page.getByRole('link', { name: 'Product settings' }).click();
    await inspect(page, 'products-none');
    await page.getByRole('button', { name: 'Create product' }).click();
    await page.locator('#name-error', { hasText: 'Enter a name for the product.' }).waitFor();
    allowAnswer(complaints, 422);
    await page.getByLabel('Name', { exact: true }).fill('Studio');
    await page.getByRole('button', { name: 'Create product' }).click();
    await flash('Studio is there.');

    const tag = page.getByRole('checkbox', { name: 'feature-request' });
    await until(async () => {
      await page.reload();
      return (await tag.count()) === 1;
    });
    await inspect(page, 'feedback-nothing-chosen');
    await page.getByRole('switch', { name: 'Create tickets in Studio' }).check();
    await tag.check();
    await page.getByRole('checkbox', { name: 'vip' }).check();
    await page.getByText('2 chosen').waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await flash('Saved.');
    assert.ok(await tag.isChecked());
    assert.ok(await page.getByRole('checkbox', { name: 'vip' }).isChecked());
    assert.ok(!(await page.getByRole('checkbox', { name: 'bug' }).isChecked()));
    await inspect(page, 'feedback');
    await page.getByRole('link', { name: 'Product settings' }).click();
    await page.getByRole('row', { name: /Studio/ }).waitFor();
    await inspect(page, 'products');
  });

  it('gets a first ticket', async () => {
    await page.getByRole('link', { name: /^Inbox/ }).first().click();
    await page.getByText('Ready.').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const wish = unique('Please let me pin a drawing');
    await writeAsContact(sandbox.page, demo, wish);
    await tagMessage(sandbox.page, 'vip');
    await page.locator('#list .row', { hasText: wish }).waitFor();
  });

  it('renames, archives and brings back a product', async () => {
    await page.getByRole('link', { name: 'Product settings' }).click();
    await page.getByText('Change Studio').click();
    await page.getByLabel('New name of Studio').fill('Canvas');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByText('Change Canvas').click();
    await page.getByRole('button', { name: 'Archive Canvas' }).click();
    await flash('Canvas is archived.');
    await inspect(page, 'products-archived');
    await page.getByRole('button', { name: 'Bring back Canvas' }).click();
    await page.getByRole('row', { name: /Canvas/ }).waitFor();
  });

  it('disconnects only when the workspace is named', async () => {
    await page.getByRole('link', { name: /^Integrations/ }).click();
    await page.getByRole('link', { name: 'Larkspur support' }).click();
    await page.getByRole('link', { name: 'Disconnect Intercom' }).click();
    await inspect(page, 'disconnect');
    await page.getByLabel('Workspace name').fill('Somebody else');
    await page.getByRole('button', { name: 'Disconnect Intercom' }).click();
    await page.locator('#confirm-error').waitFor();
    allowAnswer(complaints, 422);
    await inspect(page, 'disconnect-wrong');
    await page.getByLabel('Workspace name').fill(company);
    await page.getByRole('button', { name: 'Disconnect Intercom' }).click();
    await page.getByText('Its credentials are wiped.').first().waitFor();
    await inspect(page, 'disconnected');
    assert.equal(await page.getByText('Wiped', { exact: true }).count(), 2);

    await page.getByRole('link', { name: /^Inbox/ }).first().click();
    await page.locator('#list .row', { hasText: 'Please let me pin a drawing' }).waitFor();
  });
});
