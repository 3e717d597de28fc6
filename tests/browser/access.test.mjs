// Logging in and out, several workspaces, what is not there, and the app by keyboard alone and without JavaScript.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  allowAnswer, inspect, logIn, openBrowser, openPage, shoot, signUp, startDemo, tagMessage, unique, until, writeAsContact,
} from './support.mjs';

// As many as config/default.toml grants an account.
const ATTEMPTS = 10;

describe('access', () => {
  let demo;
  let browser;

  before(async () => {
    demo = await startDemo();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  /** Runs `steps` with a page of its own, which may see no complaint beyond those that `steps` took out. */
  const visit = async (options, steps) => {
    const { page, context, complaints } = await openPage(browser, options);
    await steps(page, complaints);
    assert.deepEqual(complaints, []);
    await context.close();
  };

  it('refuses a wrong password in the same words as an unknown address, and slows guessing down', () =>
    visit({}, async (page, complaints) => {
      const { email, password } = await signUp(page, demo);
      await page.locator('summary', { hasText: 'Account:' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(/\/login/);
      await inspect(page, 'login');

      const attempt = async (address, secret) => {
        await page.getByLabel('Work e-mail').fill(address);
        await page.getByLabel('Password', { exact: true }).fill(secret);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
        return page.getByRole('alert').innerText();
      };
      const unknown = await attempt(`nobody-${email}`, 'not the right one');
      allowAnswer(complaints, 422);
      await page.goto(`${demo.app}/login`);
      for (let n = 0; n < ATTEMPTS; n += 1) {
        assert.equal(await attempt(email, `not the right one ${n}`), unknown);
        assert.equal(await page.getByLabel('Work e-mail').inputValue(), email);
        allowAnswer(complaints, 422);
        if (n === 0) await inspect(page, 'login-wrong');
        await page.goto(`${demo.app}/login`);
      }
      assert.match(await attempt(email, password), /Too many attempts\. Wait \d+ seconds/);
      allowAnswer(complaints, 429);
      await inspect(page, 'login-throttled');
    }));

  it('leads a stranger to the login and then on to where they wanted', () =>
    visit({}, async (page) => {
      await page.goto(`${demo.app}/w/quillwater/products`);
      await page.waitForURL(/\/login\?next=/);
      await page.getByLabel('Work e-mail').fill(demo.email);
      await page.getByLabel('Password', { exact: true }).fill(demo.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(/\/w\/quillwater\/products$/);
    }));

  it('keeps two workspaces apart and switches between them', () =>
    visit({}, async (page, complaints) => {
      const { workspace } = await signUp(page, demo);
      const first = page.url();
      await page.locator('summary', { hasText: 'switch workspace' }).click();
      await page.getByRole('link', { name: 'New workspace' }).click();
      await page.getByRole('button', { name: 'Create workspace' }).click();
      await page.locator('#name-error', { hasText: 'Enter a name for the workspace.' }).waitFor();
      allowAnswer(complaints, 422);
      await inspect(page, 'workspace-new-wrong');
      const second = unique('Second');
      await page.getByLabel('Workspace name').fill(second);
      await page.getByRole('button', { name: 'Create workspace' }).click();
      await page.waitForURL(/\/inbox$/);
      assert.notEqual(page.url(), first);

      await page.locator('summary', { hasText: 'switch workspace' }).click();
      await inspect(page, 'workspace-switcher');
      await page.getByRole('link', { name: workspace }).first().click();
      await page.waitForURL(first);
      await page.goto(`${demo.app}/workspaces`);
      await page.getByRole('link', { name: second }).waitFor();
      await inspect(page, 'workspaces');

      await page.goto(`${demo.app}/w/quillwater/inbox`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      allowAnswer(complaints, 404);
      await inspect(page, 'not-found');
      const theirs = await page.getByRole('main').innerText();
      await page.goto(`${demo.app}/w/no-such-workspace/inbox`);
      allowAnswer(complaints, 404);
      assert.equal(await page.getByRole('main').innerText(), theirs, 'a foreign workspace looks like none');
      await page.getByRole('link', { name: 'Back to Earmark' }).click();
      await page.waitForURL(/\/(inbox|workspaces)$/);
    }));

  it('keeps the theme and the shortcuts a person chose', () =>
    visit({}, async (page) => {
      await signUp(page, demo);
      await page.locator('summary', { hasText: 'Account:' }).click();
      await inspect(page, 'account-menu');
      await page.getByRole('button', { name: 'Dark' }).click();
      await page.locator('html[data-theme=dark]').waitFor();
      await page.reload();
      assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
      await page.goto(`${demo.app}/preferences`);
      await inspect(page, 'preferences');
      await page.getByRole('switch', { name: 'Single-letter shortcuts' }).uncheck();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('html[data-shortcuts=off]').waitFor();
      await page.keyboard.press('?');
      assert.ok(!(await page.locator('#keys').isVisible()));
    }));

  it('can be used by keyboard alone', () =>
    visit({}, async (page) => {
      await logIn(page, demo);
      await page.getByText('Live', { exact: true }).waitFor();
      const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
      const seen = (locator) =>
        locator.evaluate((node) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(node);
          return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
        });

      await page.keyboard.press('Tab');
      const skip = page.getByRole('link', { name: 'Skip to content' });
      assert.ok(await skip.evaluate((link) => link === document.activeElement));
      assert.ok(await seen(skip));
      await inspect(page, 'keyboard-skip');
      await page.keyboard.press('Enter');
      assert.equal(await focused(), 'main');

      const rows = page.locator('#list .cover');
      const ids = await rows.evaluateAll((links) => links.map((link) => link.id));
      assert.ok(ids.length >= 3, `the demo has ${ids.length} tickets`);
      await page.keyboard.press('j');
      assert.equal(await focused(), ids[0]);
      await page.keyboard.press('j');
      assert.equal(await focused(), ids[1]);
      await page.keyboard.press('k');
      assert.equal(await focused(), ids[0]);
      await page.keyboard.press('j');
      assert.ok(await seen(page.locator('#list .row').nth(1)));
      await inspect(page, 'keyboard-row');
      await page.keyboard.press('Enter');
      await page.waitForURL(new RegExp(`ticket=${ids[1].replace('row-', '')}$`));
      await page.locator('#ticket').waitFor();

      await page.keyboard.press('/');
      assert.equal(await focused(), 'q');
      await page.keyboard.type('j');
      assert.equal(await page.getByRole('searchbox').inputValue(), 'j', 'a letter typed into a field is text');
      await page.getByRole('searchbox').blur();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
      await inspect(page, 'keyboard-help');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }));

  // Where scripts are off, axe, being one, cannot run; the same pages are audited with them on.
  it('works without JavaScript', () =>
    visit({ javaScriptEnabled: false }, async (page, complaints) => {
      const words = unique('A wish without scripts');
      const agent = await openPage(browser, { javaScriptEnabled: false });
      await writeAsContact(agent.page, demo, words);
      await tagMessage(agent.page, 'product-feedback');
      assert.deepEqual(agent.complaints, []);
      await agent.context.close();

      await logIn(page, demo);
      const row = page.locator('#list .row', { hasText: words });
      await until(async () => {
        await page.reload();
        return (await row.count()) === 1;
      });
      await page.getByLabel('Tag', { exact: true }).selectOption({ label: 'product-feedback' });
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.waitForURL(/tag=product-feedback/);
      await row.getByRole('link').click();
      const ticket = page.locator('#ticket');
      await ticket.getByRole('heading', { name: words }).waitFor();
      await shoot(page, 'no-script-ticket');

      await page.locator('#t-status').selectOption({ label: 'Planned' });
      await ticket.getByRole('button', { name: 'Save' }).click();
      await page.locator('#t-head .pill', { hasText: 'Planned' }).waitFor();
      const comment = unique('Noted by hand');
      await page.getByLabel('Comment for your team').fill(comment);
      await page.getByRole('button', { name: 'Add comment' }).click();
      await page.locator('#t-live').getByText(comment).waitFor();

      await page.getByRole('link', { name: 'Product settings' }).click();
      await page.getByRole('link', { name: 'Trigger tags of Mobile' }).click();
      const tag = page.getByRole('checkbox', { name: 'churn-risk' });
      await tag.check();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Saved.').waitFor();
      assert.ok(await tag.isChecked());
      await tag.uncheck();
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Saved.').waitFor();
      assert.ok(!(await tag.isChecked()));

      await page.getByRole('link', { name: /^Integrations/ }).click();
      await page.getByRole('link', { name: 'Connect another' }).click();
      await page.getByRole('link', { name: 'Connect with an access token' }).click();
      await page.getByRole('button', { name: 'Check and connect' }).click();
      await page.locator('#token-error', { hasText: 'Paste the access token' }).waitFor();
      allowAnswer(complaints, 422);
      await shoot(page, 'no-script-token');

      await page.locator('summary', { hasText: 'Account:' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(/\/login/);
      await page.goto(`${demo.app}/w/quillwater/inbox`);
      await page.waitForURL(/\/login\?next=/);
    }));
});
