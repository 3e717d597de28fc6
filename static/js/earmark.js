/* Earmark: small enhancements. Every feature has a working form or link underneath.
   No inline handlers, no eval; safe under script-src 'self'. */
(() => {
  'use strict';
  const root = document.documentElement;
  const $ = (s, n = document) => n.querySelector(s);
  const $$ = (s, n = document) => [...n.querySelectorAll(s)];
  /* One polite live region for messages that have no place of their own. */
  const say = (text) => {
    let n = $('#say');
    if (!n) {
      n = document.createElement('p');
      n.id = 'say'; n.className = 'vh'; n.setAttribute('role', 'status');
      ($('main') || document.body).append(n);
    }
    n.textContent = '';
    setTimeout(() => { n.textContent = text; }, 30);
  };

  /* Theme: the server reads a cookie and writes data-theme on <html>, so nothing flashes. The form keeps the choice; here it
     only shows at once. */
  const theme = (choice) => {
    if (choice === 'light' || choice === 'dark') root.dataset.theme = choice; else delete root.dataset.theme;
    $$('button[name=theme]').forEach((b) => b.setAttribute('aria-pressed', String(b.value === choice)));
  };
  document.addEventListener('submit', async (e) => {
    const chosen = e.submitter;
    if (!e.target.matches('[data-theme-form]') || !chosen) return;
    e.preventDefault();
    const answer = await fetch(e.target.action, { method: 'POST', body: new URLSearchParams(new FormData(e.target, chosen)) });
    if (answer.ok) theme(chosen.value); else location.reload();
  });

  /* Tag picker: mirror ticked boxes into the summary, filter the list. */
  const paint = (picker) => {
    const chips = $('[data-chips]', picker);
    if (!chips) return;
    const on = $$('input:checked', picker);
    chips.replaceChildren(...on.map((i) => {
      const s = document.createElement('span');
      s.className = 'tag'; s.dataset.tone = 'info'; s.textContent = i.dataset.label;
      return s;
    }));
    if (!on.length) chips.textContent = picker.dataset.empty || 'Choose tags';
    const n = $('[data-chosen]', picker);
    if (n) n.textContent = on.length + ' chosen';
  };

  document.addEventListener('change', (e) => {
    const p = e.target.closest('.picker');
    if (p && e.target.type === 'checkbox') paint(p);
  });

  document.addEventListener('input', (e) => {
    const f = e.target.dataset.filter;
    if (!f) return;
    const q = e.target.value.trim().toLowerCase();
    $$(f).forEach((n) => { n.hidden = q !== '' && !n.textContent.toLowerCase().includes(q); });
  });

  document.addEventListener('click', async (e) => {
    const b = e.target.closest('button, a');
    /* Menus close when the click lands elsewhere. */
    $$('details.menu[open]').forEach((d) => { if (!d.contains(e.target)) d.open = false; });
    if (!b) return;

    if (b.dataset.copy) {
      const n = $(b.dataset.copy);
      const text = n.value ?? n.textContent;
      try { await navigator.clipboard.writeText(text); } catch { n.select?.(); say('Copying is blocked here. Press Control C.'); return; }
      const label = $('[data-label]', b);
      if (label && label.textContent !== 'Copied') { const was = label.textContent; label.textContent = 'Copied'; setTimeout(() => { label.textContent = was; }, 1600); }
      say('Copied to the clipboard');
      return;
    }

    if (b.dataset.reveal) {
      const n = $(b.dataset.reveal);
      const show = n.type === 'password';
      n.type = show ? 'text' : 'password';
      b.setAttribute('aria-pressed', String(show));
      return;
    }

    if (b.dataset.dialog) {
      const d = document.getElementById(b.dataset.dialog);
      if (d?.showModal) { e.preventDefault(); d.showModal(); }
      return;
    }

    if (b.dataset.close !== undefined) {
      const box = b.closest('dialog, .toast');
      if (box?.close) box.close(); else box?.remove();
    }
  });

  /* Keys. Single letters can be turned off (WCAG 2.1.4) and never fire while typing. */
  const move = (step) => {
    const links = $$('.row .cover, [data-keys] .cover').filter((n) => n.offsetParent);
    if (!links.length) return;
    const here = links.indexOf(document.activeElement);
    const from = here >= 0 ? here : links.findIndex((n) => n.hasAttribute('aria-current'));
    const to = links[Math.min(links.length - 1, Math.max(0, from + step))];
    to.focus();
    to.closest('.row, tr').scrollIntoView({ block: 'nearest' });
  };

  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') {
      const d = $('details.menu[open]');
      if (d) { d.open = false; $('summary', d).focus(); }
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || root.dataset.shortcuts === 'off') return;
    if (e.target.closest('input, select, textarea, [contenteditable], dialog[open]')) return;
    if (e.key === 'j' || e.key === 'k') { e.preventDefault(); move(e.key === 'j' ? 1 : -1); }
    else if (e.key === '/') { const q = $('#q'); if (q) { e.preventDefault(); q.focus(); } }
    else if (e.key === '?') { const d = $('#keys'); if (d?.showModal) d.showModal(); }
    else if (e.key === 'u') { $('[data-key=u]')?.click(); }
  });

  /* A form that came back with errors: its summary gets the focus. */
  $('[data-focus]')?.focus();

  /* Tag pickers follow a reset form. */
  document.addEventListener('reset', (e) => setTimeout(() => $$('.picker', e.target).forEach(paint)));

  /* Inbox: the open ticket is marked in the list, and on a phone its pane shows. */
  const openKey = () => new URLSearchParams(location.search).get('ticket');
  const markOpen = (key) => {
    $$('#list .cover').forEach((a) => {
      if (key && new URL(a.href).searchParams.get('ticket') === key) a.setAttribute('aria-current', 'true');
      else a.removeAttribute('aria-current');
    });
  };
  document.addEventListener('htmx:afterRequest', (e) => {
    const link = e.target;
    if (!e.detail.successful || !link.matches('[data-open]')) return;
    markOpen(new URL(link.href).searchParams.get('ticket'));
    const split = $('#split');
    if (split) split.dataset.pane = 'detail';
  });
  document.addEventListener('htmx:afterSwap', (e) => { if (e.target.id === 'list') markOpen(openKey()); });

  /* An answer for a place that is gone is not shown: its parts for elsewhere would land in what stands there now. */
  const guarded = new WeakSet();
  document.addEventListener('htmx:beforeRequest', ({ detail: { target } }) => {
    if (guarded.has(target)) return;
    guarded.add(target);
    target.addEventListener('htmx:beforeSwap', (e) => { if (!e.target.isConnected) e.detail.shouldSwap = false; });
  });

  /* An answer that htmx does not show must not pass in silence. */
  const failed = () => {
    const box = $('#toasts');
    if (!box) return;
    const toast = document.createElement('div');
    toast.className = 'toast'; toast.dataset.tone = 'bad';
    toast.textContent = 'That did not work and nothing was changed. Reload the page and try again.';
    box.replaceChildren(toast);
  };
  document.addEventListener('htmx:responseError', failed);
  document.addEventListener('htmx:sendError', failed);

  /* The stream of changes: say how it is, and look for what changed before it was open. */
  const live = (tone, words) => {
    const mark = $('[data-live]');
    if (!mark || $('[data-live-words]', mark).textContent === words) return;
    $('.dot', mark).dataset.tone = tone;
    $('[data-live-words]', mark).textContent = words;
  };
  document.addEventListener('htmx:sseOpen', ({ target }) => {
    live('ok', 'Live');
    $$('[hx-trigger*=stale]', target).forEach((n) => htmx.trigger(n, 'stale'));
  });
  document.addEventListener('htmx:sseError', () => live('warn', 'Reconnecting'));

  /* What changes all the time is told to those who do not see it every ten seconds at most. */
  const TELL_EVERY = 10000;
  const words = () => $$('[data-tell]').map((n) => n.dataset.tell).join('. ');
  let told = words();
  let toldAt = Date.now();
  let telling;
  document.addEventListener('htmx:afterSwap', () => {
    telling ??= setTimeout(() => {
      telling = undefined;
      const now = words();
      if (!now || now === told) return;
      told = now;
      toldAt = Date.now();
      say(now);
    }, Math.max(0, toldAt + TELL_EVERY - Date.now()));
  });

  /* The streams end with their page, or the browser reports each as broken. A page that comes back from the browser's store
     has none any more. */
  if (window.htmx) {
    const streams = [];
    const open = htmx.createEventSource;
    htmx.createEventSource = (url) => {
      const stream = open(url);
      streams.push(stream);
      return stream;
    };
    addEventListener('pagehide', () => streams.splice(0).forEach((stream) => stream.close()));
    addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });
  }
})();
