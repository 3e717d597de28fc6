// Connecting by Intercom's Authorize page, as a visitor of the demo does it: granted, denied, replayed, revoked and granted
// again, and through an app of one's own. The tests are the stages of one journey, so each needs the ones before it.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { allowAnswer, inspect, openBrowser, openPage, signUp, startDemo, until } from './support.mjs';

const APP = 'Earmark (sandbox)';
const OWN = "Quillwater's own app";

describe('authorizing', () => {
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
    await signUp(page, demo);
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
});
