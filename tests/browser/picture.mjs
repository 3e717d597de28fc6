// Takes the README's picture, docs/inbox.png, from a demo of its own. Reduce it to a palette before committing it.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { logIn, openBrowser, openPage, startDemo, tagMessage } from './support.mjs';

const file = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../docs/inbox.png');

/** What is tagged beyond the demo's first tickets: a conversation's first words, the message, the tag. */
const TAGGED = [
  ['Can Quillwater fetch invoices', 3, 'feature-request'],
  ['Dark mode on the bank page', 1, 'bug'],
  ['Hi, can I set a cost centre', 3, 'feature-request'],
];

const demo = await startDemo();
const browser = await openBrowser();
try {
  const { page } = await openPage(browser, { timezoneId: 'UTC' });
  const agent = await openPage(browser);
  await logIn(page, demo);
  for (const [words, message, tag] of TAGGED) {
    await agent.page.goto(demo.sandbox);
    await agent.page.getByRole('link', { name: words }).click();
    await tagMessage(agent.page, tag, message);
  }
  const open = async (words) => {
    await page.locator('#list .row', { hasText: words }).getByRole('link').click();
    await page.locator('#ticket').getByRole('heading', { name: words }).waitFor();
  };
  await open('goes to a branch office');
  await page.locator('#t-status').selectOption({ label: 'Triaged' });
  await page.locator('#t-head .pill', { hasText: 'Triaged' }).waitFor();
  await page.locator('#t-assignee').selectOption({ label: 'Demo Person' });
  await page.locator('#list').getByLabel('Assigned to Demo Person').waitFor();
  await open('Our fuel card comes through');
  await page.locator('#ticket').getByText('Osprey Freight', { exact: true }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
} finally {
  await browser.close();
  await demo.stop();
}
