// From a tag in Intercom, which the sandbox stands in for, to a ticket that people work on.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  allowAnswer, inspect, logIn, openBrowser, openPage, say, startDemo, tagMessage, unique, until, writeAsContact,
} from './support.mjs';

describe('the inbox', () => {
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

  /** Runs `steps` with a member at the inbox and a support agent in the sandbox; neither may see a complaint. */
  const together = async (steps) => {
    const member = await openPage(browser);
    const agent = await openPage(browser);
    await logIn(member.page, demo);
    await member.page.getByText('Live', { exact: true }).waitFor();
    await steps(member.page, agent.page, member.complaints);
    assert.deepEqual(member.complaints, []);
    assert.deepEqual(agent.complaints, []);
    await member.context.close();
    await agent.context.close();
  };

  const row = (page, words) => page.locator('#list .row', { hasText: words });

  const openTicket = async (page, words) => {
    await row(page, words).getByRole('link').click();
    await page.locator('#ticket').getByRole('heading', { name: words }).waitFor();
  };

  /** A contact writes, an agent tags, the member opens the ticket that arrives. */
  const newTicket = async (page, agent, words, tag = 'feature-request') => {
    await writeAsContact(agent, demo, words);
    await tagMessage(agent, tag);
    await openTicket(page, words);
  };

  it('shows a ticket as soon as a message is tagged, without reloading', () =>
    together(async (page, agent) => {
      await page.evaluate(() => { globalThis.sameDocument = true; });
      const words = unique('A quarter would help me');
      await writeAsContact(agent, demo, words);
      assert.equal(await row(page, words).count(), 0);
      await inspect(agent, 'sandbox-conversation');
      await tagMessage(agent, 'feature-request');
      await row(page, words).waitFor();
      assert.ok(await page.evaluate(() => globalThis.sameDocument), 'the page was not loaded again');
      await inspect(page, 'inbox');

      await openTicket(page, words);
      assert.match(page.url(), /ticket=QU-\d+/);
      const ticket = page.locator('#ticket');
      for (const text of ['Ines Carvalho', 'Osprey Freight', 'ines@osprey-freight.example']) {
        await ticket.getByText(text, { exact: true }).first().waitFor();
      }
      await ticket.getByText(/Earmarked by .* with feature-request/).waitFor();
      const link = await ticket.getByRole('link', { name: 'Open in Intercom' }).getAttribute('href');
      // The app links to the region's host, which the sandbox keeps under a path.
      assert.equal(link.replace('/us/a/', '/a/'), agent.url().split('?')[0]);
      assert.equal(await row(page, words).getByRole('link').getAttribute('aria-current'), 'true');
      await inspect(page, 'inbox-ticket');
      assert.ok(await page.evaluate(() => globalThis.sameDocument), 'opening a ticket loads no page either');
    }));

  it('follows the conversation in the open ticket: replies, notes, redaction, deletion', () =>
    together(async (page, agent) => {
      const words = unique('The export drops a column');
      await newTicket(page, agent, words, 'bug');
      const thread = page.locator('#ticket .thread');
      // What is half written stays while the thread changes.
      const draft = page.getByLabel('Comment for your team');
      await draft.fill('Half a thought');

      const [reply, answer, note] = [unique('It is column F'), unique('We are looking'), unique('Seen in staging')];
      await say(agent, 'Ines Carvalho, the contact', reply);
      await thread.getByText(reply).waitFor();
      await say(agent, 'Milo Brandt, teammate', answer);
      await thread.getByText(answer).waitFor();
      await say(agent, 'Milo Brandt, internal note', note);
      await thread.locator('[data-from=note]', { hasText: note }).waitFor();
      assert.equal(await draft.inputValue(), 'Half a thought');

      await agent.getByRole('button', { name: 'Redact message 2' }).click();
      await thread.getByText('Redacted in Intercom.').waitFor();
      assert.equal(await page.getByText(reply).count(), 0);
      assert.equal(await thread.getByText(note).count(), 1);
      await inspect(page, 'ticket-redacted');

      await agent.getByRole('button', { name: 'Delete conversation' }).click();
      await page.getByText('The conversation was deleted in Intercom').waitFor();
      for (const text of [words, answer, note, 'Osprey Freight']) {
        assert.equal(await page.locator('#t-live, #t-head').getByText(text).count(), 0, text);
      }
      await row(page, words).waitFor({ state: 'detached' });
      await page.reload();
      await page.getByText('Removed with the conversation').waitFor();
      assert.ok(!(await page.locator('#ticket').innerText()).includes('Ines'));
      await inspect(page, 'ticket-source-deleted');
    }));

  it('lets a member work on a ticket: status, assignee, comment, title, product', () =>
    together(async (page, agent, complaints) => {
      const words = unique('Colours for cost centres');
      await newTicket(page, agent, words);
      const key = new URL(page.url()).searchParams.get('ticket');
      const ticket = page.locator('#ticket');
      const mine = page.locator(`#list .row:has(#row-${key})`);

      await ticket.getByLabel('Status').selectOption('Triaged');
      await ticket.locator('#t-head .pill', { hasText: 'Triaged' }).waitFor();
      await mine.locator('.pill', { hasText: 'Triaged' }).waitFor();
      await ticket.getByLabel('Assignee').selectOption({ label: 'Demo Person' });
      await mine.getByLabel('Assigned to Demo Person').waitFor();
      await page.getByRole('link', { name: 'Assigned to me' }).getByText('1').waitFor();

      await ticket.getByText('Change the title').click();
      await ticket.getByLabel('Title', { exact: true }).fill(`Ours: ${key}`);
      await ticket.getByRole('button', { name: 'Save' }).click();
      await ticket.getByRole('heading', { name: `Ours: ${key}` }).waitFor();
      await mine.getByText(`Ours: ${key}`).waitFor();

      await ticket.getByLabel('Product').selectOption({ label: 'Mobile' });
      await ticket.locator('#t-head .tag', { hasText: 'Mobile' }).waitFor();
      await mine.locator('.tag', { hasText: 'Mobile' }).waitFor();

      await ticket.getByRole('button', { name: 'Add comment' }).click();
      await page.locator('#body-error', { hasText: 'Write something first.' }).waitFor();
      allowAnswer(complaints, 422);
      await inspect(page, 'ticket-comment-wrong');
      const comment = unique('Planned with the palette');
      await page.getByLabel('Comment for your team').fill(comment);
      await page.getByRole('button', { name: 'Add comment' }).click();
      await page.locator('#t-live').getByText(comment).waitFor();
      assert.equal(await page.getByLabel('Comment for your team').inputValue(), '');

      await page.goto(`${demo.app}/w/quillwater/inbox?ticket=${key}`);
      await page.getByRole('link', { name: 'Own page' }).click();
      await page.getByRole('heading', { name: `Ours: ${key}`, level: 1 }).waitFor();
      assert.equal(await page.getByLabel('Status').inputValue(), await page.locator('#t-status option', { hasText: 'Triaged' }).getAttribute('value'));
      await page.getByText(comment).waitFor();
      await inspect(page, 'ticket');
      const later = unique('One more thing');
      await say(agent, 'Ines Carvalho, the contact', later);
      await page.locator('.thread').getByText(later).waitFor();
    }));

  it('tells a member when somebody else changed the ticket meanwhile', () =>
    together(async (page, agent) => {
      const words = unique('Two people at once');
      await newTicket(page, agent, words);
      const key = new URL(page.url()).searchParams.get('ticket');
      const other = await openPage(browser);
      await logIn(other.page, demo);
      await other.page.goto(`${demo.app}/w/quillwater/tickets/${key}`);
      await page.locator('#t-status').selectOption({ label: 'Planned' });
      await page.locator('#t-head .pill', { hasText: 'Planned' }).waitFor();
      await other.page.locator('#t-status').selectOption({ label: 'Declined' });
      await other.page.getByRole('alert').getByText('Somebody else changed this ticket').waitFor();
      await inspect(other.page, 'ticket-conflict');
      await other.page.locator('#t-head .pill', { hasText: 'Planned' }).waitFor();
      assert.ok(other.complaints.every((text) => text.includes('409')), other.complaints.join('; '));
      await other.context.close();
    }));

  it('shows no late answer for a ticket that was left', () =>
    together(async (page, agent) => {
      const [first, second] = [unique('Left behind'), unique('Opened since')];
      await newTicket(page, agent, second);
      await newTicket(page, agent, first);
      const key = new URL(page.url()).searchParams.get('ticket');
      // The update of the first ticket is held back until the second is open.
      let asked;
      const held = new Promise((resolve) => { asked = resolve; });
      await page.route(`**/inbox?ticket=${key}`, (route) => asked(route), { times: 1 });
      await say(agent, 'Ines Carvalho, the contact', unique('A word more'));
      const route = await held;
      await openTicket(page, second);
      const answered = page.waitForResponse((response) => response.url().endsWith(`ticket=${key}`));
      await route.continue();
      await (await answered).finished();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      assert.equal(await page.locator('#ticket').getByRole('heading', { name: second }).count(), 1);
    }));

  it('opens the ticket that is clicked while the list is being updated', () =>
    together(async (page, agent) => {
      const words = unique('Clicked in the rush');
      await writeAsContact(agent, demo, words);
      await tagMessage(agent, 'feature-request');
      await row(page, words).waitFor();
      // One update of the list is held back, so that the next waits behind it.
      let asked;
      const held = new Promise((resolve) => { asked = resolve; });
      await page.route('**/inbox/rows*', (route) => asked(route), { times: 1 });
      await say(agent, 'Ines Carvalho, the contact', unique('A word more'));
      const route = await held;
      await row(page, words).getByRole('link').click();
      await say(agent, 'Ines Carvalho, the contact', unique('And another'));
      await page.locator('#ticket').getByRole('heading', { name: words }).waitFor();
      await route.continue();
    }));

  it('filters the list in place and says when nothing matches', () =>
    together(async (page, agent) => {
      const words = unique('Cursor keys in tables');
      await newTicket(page, agent, words, 'bug');
      await page.getByLabel('Tag', { exact: true }).selectOption({ label: 'bug' });
      await page.waitForURL(/tag=bug/);
      await row(page, words).waitFor();
      await page.getByLabel('Product', { exact: true }).first().selectOption({ label: 'Mobile' });
      await page.getByText('No tickets match').waitFor();
      await inspect(page, 'inbox-no-match');
      await page.getByRole('link', { name: 'Clear filters' }).click();
      await row(page, words).waitFor();
      await page.getByRole('searchbox').fill(words.split(' ').at(-1));
      await page.getByRole('searchbox').press('Enter');
      await until(async () => (await page.locator('#list .row').count()) === 1);
      await row(page, words).waitFor();
    }));

  it('lists deliveries with their outcome in words and the payload', () =>
    together(async (page, agent) => {
      const words = unique('Only a remark');
      await writeAsContact(agent, demo, words);
      await tagMessage(agent, 'churn-risk');
      await tagMessage(agent, 'bug');
      await row(page, words).waitFor();

      await page.getByRole('link', { name: /^Integrations/ }).click();
      await page.locator('#main .row').getByRole('link').click();
      await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
      await page.getByText("ignored: tag 'churn-risk' is not a trigger tag").first().waitFor();
      const made = page.locator('tr', { hasText: /created ticket QU-\d+ in Invoicing/ }).first();
      await inspect(page, 'deliveries');
      await made.getByRole('link').click();
      const open = page.locator('#delivery');
      await open.getByRole('heading', { name: 'Payload' }).waitFor();
      const payload = await open.locator('#payload').innerText();
      assert.ok(JSON.parse(payload).topic.includes('tag.created'), payload);
      assert.ok(payload.includes(words));
      await inspect(page, 'delivery');
      await open.getByRole('link', { name: /^QU-/ }).click();
      await page.getByRole('heading', { name: words, level: 1 }).waitFor();

      await page.goBack();
      await page.getByLabel('Outcome', { exact: true }).selectOption({ label: 'Failed' });
      await page.getByText('No deliveries match').waitFor();
      await inspect(page, 'deliveries-no-match');
    }));

  it('offers a sandbox that explains itself', async () => {
    const { page, complaints, context } = await openPage(browser);
    await page.goto(demo.sandbox);
    await page.getByText('This is not Intercom.').waitFor();
    await inspect(page, 'sandbox');
    await page.getByRole('link', { name: 'Developer hub' }).click();
    await page.getByRole('heading', { name: 'Developer hub' }).waitFor();
    await inspect(page, 'sandbox-hub');
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
