// Intercom's own SDK for Node, as it comes from npm, against `earmark sandbox`: nothing of it is changed but the base
// URL. No browser takes part; the runner is the same.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { Intercom, IntercomClient, IntercomError } from 'intercom-client';
import { binary, freePorts } from './support.mjs';

const CONTACTS = 320;
const COMPANIES = 130;
const START_LIMIT_MS = 30_000;

/** Starts a sandbox. Gives its base URL, the token of its private app, and `stop()`. */
const startSandbox = async () => {
  const [port] = await freePorts(1);
  const made = ['--contacts', String(CONTACTS), '--companies', String(COMPANIES), '--conversations', '25'];
  const child = spawn(binary, ['sandbox', '--listen', `127.0.0.1:${port}`, ...made], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { printed += text; });
  const end = performance.now() + START_LIMIT_MS;
  let hub;
  while (!(hub = /(http:\S+developer-hub)/.exec(printed)?.[1])) {
    assert.ok(child.exitCode === null && performance.now() < end, `the sandbox did not start\n${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const page = await (await fetch(hub)).text();
  const token = /id="token[^>]*value="([^"]+)"/.exec(page)?.[1];
  assert.ok(token, 'the developer hub shows an access token');
  const stop = () => {
    process.off('exit', kill);
    return new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGINT'));
  };
  return { url: `http://127.0.0.1:${port}`, token, stop };
};

const idsOf = async (page) => {
  const ids = [];
  for await (const entry of page) ids.push(entry.id);
  return ids;
};

describe("Intercom's SDK", () => {
  let sandbox;
  let client;

  before(async () => {
    sandbox = await startSandbox();
    client = new IntercomClient({ token: sandbox.token, environment: sandbox.url });
  });
  after(() => sandbox?.stop());

  const person = (name, more = {}) =>
    client.contacts.create({ role: 'user', email: `${name}@sdk.example`, name, external_id: `sdk-${name}`, ...more });

  it('knows whose token it has', async () => {
    const me = await client.admins.identify();
    assert.equal(me.app.id_code, 'qw7tide3');
    const { admins } = await client.admins.list();
    assert.ok(admins.some((admin) => admin.name === 'Ada Lindqvist'));
  });

  it('lists contacts page by page, each once', async () => {
    const first = await client.contacts.list({ per_page: 100 });
    assert.equal(first.data.length, 100);
    assert.ok(first.hasNextPage());
    const ids = await idsOf(await client.contacts.list({ per_page: 100 }));
    assert.ok(ids.length >= CONTACTS);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('creates, finds, changes, archives, merges and deletes contacts', async () => {
    const made = await person('nora');
    assert.equal((await client.contacts.find({ contact_id: made.id })).email, 'nora@sdk.example');
    assert.equal((await client.contacts.showContactByExternalId({ external_id: 'sdk-nora' })).id, made.id);
    const changed = await client.contacts.update({ contact_id: made.id, name: 'Nora Lind', custom_attributes: {} });
    assert.equal(changed.name, 'Nora Lind');
    assert.equal((await client.contacts.archive({ contact_id: made.id })).archived, true);
    assert.equal((await client.contacts.unarchive({ contact_id: made.id })).archived, false);
    const lead = await client.contacts.create({ role: 'lead', email: 'lead@sdk.example', name: 'Lead' });
    const merged = await client.contacts.mergeLeadInUser({ from: lead.id, into: made.id });
    assert.equal(merged.id, made.id);
    assert.equal((await client.contacts.delete({ contact_id: made.id })).deleted, true);
    await assert.rejects(client.contacts.find({ contact_id: made.id }), (error) => error.statusCode === 404);
  });

  it('searches contacts with groups, sorting and pages', async () => {
    for (const name of ['srch-a', 'srch-b', 'srch-c']) await person(name);
    const query = {
      operator: 'AND',
      value: [
        { field: 'role', operator: '=', value: 'user' },
        { operator: 'OR', value: [{ field: 'email', operator: '^', value: 'srch-' }, { field: 'name', operator: '=', value: 'nobody' }] },
      ],
    };
    const found = await client.contacts.search({ query, pagination: { per_page: 2 } });
    assert.equal(found.data.length, 2);
    assert.ok(found.hasNextPage());
    const names = [];
    for await (const contact of found) names.push(contact.name);
    assert.deepEqual(names.sort(), ['srch-a', 'srch-b', 'srch-c']);
  });

  it('creates, changes, finds, lists and scrolls companies, and links them', async () => {
    const made = await client.companies.createOrUpdate({ company_id: 'sdk-firm', name: 'Firm', plan: 'Team', size: 12 });
    assert.equal(made.plan.name, 'Team');
    assert.equal((await client.companies.update({ company_id: made.id, body: { name: 'Firm & Sons' } })).name, 'Firm & Sons');
    assert.equal((await client.companies.find({ company_id: made.id })).company_id, 'sdk-firm');
    const member = await person('member');
    const attached = await client.companies.attachContact({ contact_id: member.id, id: made.id });
    assert.equal(attached.id, made.id);
    const companies = await idsOf(await client.contacts.listAttachedCompanies({ contact_id: member.id }));
    assert.deepEqual(companies, [made.id]);
    const listed = await idsOf(await client.companies.list({ per_page: 50 }));
    assert.ok(listed.includes(made.id) && listed.length >= COMPANIES);
    assert.equal(new Set(listed).size, listed.length);
    await client.companies.detachContact({ contact_id: member.id, company_id: made.id });
    assert.deepEqual(await idsOf(await client.contacts.listAttachedCompanies({ contact_id: member.id })), []);
    assert.equal((await client.companies.delete({ company_id: made.id })).deleted, true);
  });

  it('creates, attaches, detaches and deletes tags', async () => {
    const tag = await client.tags.create({ name: 'sdk tag' });
    const tagged = await person('tagged');
    assert.equal((await client.tags.tagContact({ contact_id: tagged.id, id: tag.id })).id, tag.id);
    const list = await client.contacts.listAttachedTags({ contact_id: tagged.id });
    assert.deepEqual(list.data.map(({ id }) => id), [tag.id]);
    await client.tags.untagContact({ contact_id: tagged.id, tag_id: tag.id });
    assert.ok((await client.tags.list()).data.some(({ name }) => name === 'sdk tag'));
    await client.tags.delete({ tag_id: tag.id });
    await assert.rejects(client.tags.find({ tag_id: tag.id }), Intercom.NotFoundError);
  });

  it('opens, answers, notes, tags, searches, closes and reopens conversations', async () => {
    const [admin] = (await client.admins.list()).admins;
    const writer = await person('writer');
    const opened = await client.conversations.create({ from: { type: 'user', id: writer.id }, body: 'The currency is wrong.' });
    const id = opened.conversation_id;
    const reply = (body, message_type) =>
      client.conversations.reply({ conversation_id: id, body: { message_type, type: 'admin', admin_id: admin.id, body } });
    await reply('Which one?', 'comment');
    const noted = await reply('They mean the euro.', 'note');
    assert.equal(noted.conversation_parts.conversation_parts.at(-1).part_type, 'note');
    const tag = await client.tags.create({ name: 'sdk conversation' });
    await client.tags.tagConversation({ conversation_id: id, id: tag.id, admin_id: admin.id });
    const found = await client.conversations.search({ query: { field: 'tag_ids', operator: 'IN', value: [tag.id] } });
    assert.deepEqual(found.data.map((one) => one.id), [id]);
    const manage = (body) => client.conversations.manage({ conversation_id: id, body: { admin_id: admin.id, ...body } });
    assert.equal((await manage({ message_type: 'close', type: 'admin' })).state, 'closed');
    assert.equal((await manage({ message_type: 'open' })).state, 'open');
    assert.equal((await client.conversations.find({ conversation_id: id })).open, true);
    const listed = await idsOf(await client.conversations.list({ per_page: 10 }));
    assert.ok(listed.includes(id) && listed.length > 20);
    assert.equal(new Set(listed).size, listed.length);
  });

  it('gets the errors that it has classes for, with code and request id', async () => {
    const stranger = new IntercomClient({ token: 'dG9rOm5vdF9vbmU=', environment: sandbox.url });
    await assert.rejects(stranger.admins.list(), Intercom.UnauthorizedError);
    const missing = await client.companies.find({ company_id: '5f0a1c2b3d4e5f6071829399' }).catch((error) => error);
    assert.ok(missing instanceof Intercom.NotFoundError && missing instanceof IntercomError);
    assert.equal(missing.statusCode, 404);
    assert.equal(missing.body.type, 'error.list');
    assert.ok(missing.body.request_id);
    await person('twice');
    const conflict = await person('twice').catch((error) => error);
    assert.equal(conflict.statusCode, 409);
    assert.equal(conflict.body.errors[0].code, 'conflict');
    const query = { field: 'no_such_field', operator: '=', value: 'x' };
    await assert.rejects(client.contacts.search({ query }), (error) => error instanceof IntercomError && error.statusCode === 400);
  });

  it('waits as the headers say when the rate limit strikes, and goes on', async () => {
    const order = (body) =>
      fetch(`${sandbox.url}/__sandbox/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    await order({ kind: 'status', status: 429, retry_after: 1, count: 1, match: '/tags' });
    assert.ok((await client.tags.list()).data.length > 0);
    await order({ kind: 'status', status: 429, retry_after: 1, count: 3, match: '/tags' });
    await assert.rejects(client.tags.list({}, { maxRetries: 0 }), (error) => error.statusCode === 429);
  });
});
