// Connecting by Intercom's Authorize page, as a visitor of the demo does it: granted, denied, replayed, revoked and granted
// again, through an app of one's own, and disconnected with everything erased. The tests are the stages of one journey, so
// each needs the ones before it.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  allowAnswer, inspect, logIn, openBrowser, openPage, signUp, startDemo, tagMessage, unique, until, writeAsContact,
} from './support.mjs';

const APP = 'Earmark (sandbox)';
const OWN = "Quillwater's own app";
/** An erasure waits for requests that were accepted before the disconnect, and a reload a second looks for its end. */
const ERASURE_LIMIT_MS = 60_000;

describe('authorizing', () => {
  let demo;
  let browser;
  let page;
  let complaints;
  let hub;
  let workspace;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser));
    hub = await openPage(browser);
    ({ workspace } = await signUp(page, demo));
  });
  afterEach(() => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(hub.complaints, []);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const flash = (text) => page.locator('#toasts').getByText(text).waitFor();
  const toIntegrations = () => page.getByRole('link', { name: /^Integrations/ }).click();

  /** To Intercom by the connect page, with a region. */
  const leave = async (region) => {
    await toIntegrations();
    await page.getByRole('main').getByRole('link', { name: /^Connect/ }).first().click();
    await page.getByRole('radio', { name: region }).check();
    await page.getByRole('button', { name: 'Continue to Intercom' }).click();
    await page.getByRole('heading', { name: /would like to access your Intercom workspace/ }).waitFor();
  };
  const grant = async () => {
    const back = page.waitForRequest((request) => request.url().includes('/auth/intercom/callback?'));
    await page.getByRole('button', { name: 'Authorize access' }).click();
    return (await back).url();
  };

  let callback;

  it('connects on the page of Intercom, and comes back to the connection', async () => {
    await toIntegrations();
    await page.getByRole('main').getByRole('link', { name: /^Connect/ }).first().click();
    await page.getByText("Through this installation's OAuth app.").waitFor();
    await inspect(page, 'oauth-choose');
    await leave('United States');
    assert.ok(page.url().startsWith(`${demo.sandbox}/us/oauth?`), page.url());
    callback = await grant();
    await flash('Quillwater Support is connected.');
    await page.getByRole('heading', { name: 'Quillwater Support', level: 1 }).waitFor();
    await until(async () => {
      await page.reload();
      return (await page.locator('section[aria-labelledby=perm]').innerText()).includes('Granted');
    });
    await inspect(page, 'oauth-connected');
  });

  it('does nothing a second time', async () => {
    await page.goto(callback);
    await page.getByRole('heading', { name: 'This was done before' }).waitFor();
    allowAnswer(complaints, 400);
    await inspect(page, 'oauth-replayed');
    await page.getByRole('link', { name: 'See the connections' }).click();
    await page.getByRole('link', { name: 'Quillwater Support' }).waitFor();
  });

  it('says so when access is denied, and tries again', async () => {
    await leave('Europe');
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'Access was not granted' }).waitFor();
    await inspect(page, 'oauth-denied');
    await page.getByRole('link', { name: 'Start again' }).click();
    await leave('Europe');
    await grant();
    await flash('Fjordline Care is connected.');
  });

  it('reconnects what was revoked', async () => {
    await hub.page.goto(`${demo.sandbox}/a/apps/_/developer-hub`);
    await hub.page.getByRole('button', { name: `Revoke the token of ${APP} on Quillwater Support` }).click();
    await toIntegrations();
    await page.getByRole('link', { name: 'Quillwater Support' }).click();
    await page.getByRole('button', { name: 'Check again' }).click();
    await until(async () => {
      await page.reload();
      return (await page.getByText('Needs reconnecting').count()) > 0;
    });
    await inspect(page, 'oauth-revoked');
    await page.locator('#main').getByRole('button', { name: 'Reconnect' }).first().click();
    await grant();
    await flash('Quillwater Support is connected again, and everything else stays as it was.');
    await until(async () => {
      await page.reload();
      return (await page.getByText('Needs reconnecting').count()) === 0;
    });
  });

  it('goes through an app of the workspace itself', async () => {
    await toIntegrations();
    await page.getByRole('link', { name: 'Connect another' }).click();
    await page.getByRole('link', { name: 'add it first' }).click();
    await inspect(page, 'own-app-steps');
    await page.getByRole('button', { name: 'Add the app' }).click();
    await page.locator('#client_id-error').waitFor();
    allowAnswer(complaints, 422);

    await hub.page.goto(`${demo.sandbox}/a/apps/_/developer-hub`);
    const own = hub.page.locator('section', { has: hub.page.getByRole('heading', { name: OWN }) }).last();
    const id = await own.getByLabel('Client id').inputValue();
    const secret = await own.getByLabel('Client secret').inputValue();
    await page.getByLabel('Client ID').fill(id);
    await page.getByLabel('Client secret', { exact: true }).fill(secret);
    await page.getByRole('button', { name: 'Add the app' }).click();
    await flash('The app is added.');
    assert.ok(!(await page.content()).includes(secret), 'the client secret is not shown again');
    const hook = await page.getByLabel('Endpoint URL').inputValue();
    await inspect(page, 'own-app');
    await own.getByLabel('Webhook URL').fill(hook);
    await own.getByRole('button', { name: /^Save webhook/ }).click();
    await hub.page.getByText('Webhook saved.').waitFor();

    await leave('United States');
    await page.getByText(`${OWN} would like to access`).waitFor();
    await grant();
    await flash('Quillwater Support is connected again');
    await page.getByRole('link', { name: 'Your own OAuth app' }).click();
    await page.getByText('so it cannot be removed').waitFor();
    await inspect(page, 'own-app-used');
  });

  const wish = unique('Please let me sort drawings');
  const ticket = () => page.locator('#list .row', { hasText: wish });
  const toInbox = () => page.getByRole('link', { name: /^Inbox/ }).first().click();
  const toQuillwater = async () => {
    await toIntegrations();
    await page.getByRole('link', { name: 'Quillwater Support' }).click();
  };
  /** Feedback on, and `vip` as a trigger tag of the product. */
  const listen = async () => {
    await toQuillwater();
    await page.getByRole('switch', { name: 'Tagged conversations become tickets' }).check();
    await page.locator('section[aria-labelledby=sync]').getByRole('button', { name: 'Save' }).click();
    await flash('Feedback is on.');
    await page.getByRole('link', { name: 'Product settings' }).click();
    await page.getByRole('link', { name: 'Trigger tags of Studio' }).click();
    const tag = page.getByRole('group', { name: /Quillwater Support/ }).getByRole('checkbox', { name: 'vip' });
    await until(async () => {
      await page.reload();
      return (await tag.count()) === 1;
    });
    await page.getByRole('switch', { name: 'Create tickets in Studio' }).check();
    await tag.check();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await flash('Saved.');
  };

  it('makes a ticket of what arrives through that app', async () => {
    await page.getByRole('link', { name: 'Product settings' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Studio');
    await page.getByRole('button', { name: 'Create product' }).click();
    await flash('Studio is there.');
    await listen();
    await toInbox();
    await writeAsContact(hub.page, demo, wish);
    await tagMessage(hub.page, 'vip');
    await ticket().waitFor();
  });

  it('disconnects, uninstalls the app and erases what was copied', async () => {
    await toQuillwater();
    await page.getByRole('link', { name: 'Disconnect Intercom' }).click();
    await page.getByText('The app is uninstalled in Intercom, unless').waitFor();
    await page.getByRole('radio', { name: /^Erase it/ }).check();
    await inspect(page, 'disconnect-erase');
    await page.getByLabel('Workspace name').fill('Somebody else');
    await page.getByRole('button', { name: 'Disconnect Intercom' }).click();
    await page.locator('#confirm-error').waitFor();
    allowAnswer(complaints, 422);
    assert.ok(await page.getByRole('radio', { name: /^Erase it/ }).isChecked(), 'the choice is kept');
    await page.getByLabel('Workspace name').fill(workspace);
    await page.getByRole('button', { name: 'Disconnect Intercom' }).click();
    await flash('The app is uninstalled in Intercom.');
    await page.getByRole('heading', { name: 'Erasing what was copied' }).waitFor();
    await inspect(page, 'erasing');

    // Until it is over, the same Intercom workspace is not connected again.
    await leave('United States');
    await grant();
    await page.getByRole('heading', { name: 'The copy is still being erased' }).waitFor();
    allowAnswer(complaints, 422);
    await page.getByRole('link', { name: 'See the connections' }).click();
    await page.getByRole('link', { name: 'Quillwater Support' }).click();
    const erased = page.getByRole('heading', { name: 'What was copied is erased' });
    await until(async () => {
      await page.waitForTimeout(1000);
      await page.reload();
      return (await erased.count()) === 1;
    }, ERASURE_LIMIT_MS);
    await inspect(page, 'erased');

    await toInbox();
    assert.equal(await ticket().count(), 0, 'what the customer wrote is gone');
    await page.locator('#list .row', { hasText: 'Conversation erased' }).click();
    await page.getByText('was erased after disconnecting Intercom').first().waitFor();
    assert.ok(!(await page.content()).includes(wish));
    await inspect(page, 'ticket-erased');
  });

  it('connects again, and a conversation comes back when it is tagged anew', async () => {
    await leave('United States');
    await grant();
    await flash('Quillwater Support is connected again');
    await listen();
    await toInbox();
    assert.equal(await ticket().count(), 0);
    await hub.page.getByRole('button', { name: 'Remove the tag vip from message 1' }).click();
    await tagMessage(hub.page, 'vip');
    await ticket().waitFor();
    await ticket().click();
    await page.getByText(wish).first().waitFor();
    await page.getByText('Ines Carvalho').first().waitFor();
  });
});

describe('the demo workspace', () => {
  let demo;
  let browser;
  let page;
  let complaints;
  let hub;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser));
    hub = await openPage(browser);
    await logIn(page, demo);
  });
  afterEach(() => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(hub.complaints, []);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const flash = (text) => page.locator('#toasts').getByText(text).waitFor();
  const toQuillwater = async () => {
    await page.getByRole('link', { name: /^Integrations/ }).click();
    await page.getByRole('link', { name: 'Quillwater Support' }).click();
  };
  const decide = (button) => page.getByRole('button', { name: button }).click();

  it('goes from its access token to OAuth, also by way of a denial', async () => {
    await toQuillwater();
    await page.getByRole('button', { name: 'Switch to OAuth' }).click();
    await decide('Deny');
    await page.getByRole('heading', { name: 'Access was not granted' }).waitFor();
    await page.getByRole('link', { name: 'Back to the connection' }).click();
    await page.getByRole('button', { name: 'Switch to OAuth' }).click();
    await decide('Authorize access');
    await flash('Quillwater Support is now connected with OAuth');
  });

  it('is revoked and granted again', async () => {
    await hub.page.goto(`${demo.sandbox}/a/apps/_/developer-hub`);
    await hub.page.getByRole('button', { name: `Revoke the token of ${APP} on Quillwater Support` }).click();
    await page.getByRole('button', { name: 'Check again' }).click();
    await until(async () => {
      await page.reload();
      return (await page.getByText('Needs reconnecting').count()) > 0;
    });
    await page.locator('#main').getByRole('button', { name: 'Reconnect' }).first().click();
    await decide('Authorize access');
    await flash('Quillwater Support is connected again');
  });

  it('is disconnected with everything erased', async () => {
    await page.getByRole('link', { name: 'Disconnect Intercom' }).click();
    await page.getByRole('radio', { name: /^Erase it/ }).check();
    await page.getByLabel('Workspace name').fill('Quillwater');
    await page.getByRole('button', { name: 'Disconnect Intercom' }).click();
    await flash('The app is uninstalled in Intercom.');
    await until(async () => {
      await page.waitForTimeout(1000);
      await page.reload();
      return (await page.getByRole('heading', { name: 'What was copied is erased' }).count()) === 1;
    }, ERASURE_LIMIT_MS);
    await page.getByRole('link', { name: /^Inbox/ }).first().click();
    const rows = page.locator('#list .row');
    await rows.first().waitFor();
    assert.equal(await rows.filter({ hasText: 'Conversation erased' }).count(), await rows.count());
  });
});
