'use strict';
// The only script of ours. Every page works without it; it adds announcements, focus, the notice about a lost connection,
// ticking of extras that another extra needs, times in the reader's own zone, and buttons that copy.
(() => {
  const byId = (id) => document.getElementById(id);

  // Screen readers are told what changed, and nothing twice: a polled block says the same until it has something new.
  let said = '';
  const say = (text) => {
    const live = byId('live');
    if (!live || !text || text === said) return;
    said = text;
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 50);
  };

  const offline = (isLost) => { const box = byId('offline'); if (box) box.hidden = !isLost; };

  const focusWanted = () => {
    const wanted = document.querySelector('[data-focus]');
    if (!wanted) return;
    wanted.removeAttribute('data-focus');
    wanted.focus();
  };

  const sayWanted = () => {
    const wanted = document.querySelector('main [data-say]');
    if (wanted) say(wanted.dataset.say);
  };

  // An extra that is ticked ticks what it needs; one that is unticked unticks what needs it.
  const needs = (box) => (box.dataset.needs || '').split(' ').filter(Boolean);
  const follow = (changed) => {
    const group = changed.closest('[data-extras]');
    if (!group) return;
    const boxes = [...group.querySelectorAll('input[data-name]')];
    const moved = [];
    const queue = [changed];
    while (queue.length) {
      const box = queue.pop();
      const others = box.checked
        ? boxes.filter((other) => !other.checked && needs(box).includes(other.dataset.name))
        : boxes.filter((other) => other.checked && needs(other).includes(box.dataset.name));
      for (const other of others) {
        other.checked = box.checked;
        moved.push(other);
        queue.push(other);
      }
    }
    const titles = moved.map((box) => box.closest('label').querySelector('.extra-title').textContent);
    if (titles.length) say(`${titles.join(', ')} ${changed.checked ? 'added too' : 'taken out too'}.`);
  };

  const showCopyButtons = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll('[data-copy][hidden]')) button.hidden = false;
  };
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add('is-copied');
      said = '';
      say('Copied.');
      setTimeout(() => button.classList.remove('is-copied'), 1500);
    } catch {
      say('Copying is not allowed here. Select the text and copy it by hand.');
    }
  };

  // Without a script times are in UTC and say so, which their tooltips go on doing.
  const clock = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  const showLocalTimes = () => {
    for (const time of document.querySelectorAll('time[title]')) {
      const at = new Date(time.dateTime);
      if (time.textContent === time.title && !Number.isNaN(at.valueOf())) time.textContent = clock.format(at);
    }
  };

  document.addEventListener('change', (event) => { if (event.target.matches?.('input[data-name]')) follow(event.target); });
  document.addEventListener('click', (event) => { const button = event.target.closest?.('[data-copy]'); if (button) copy(button); });
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && document.querySelector('.menu[open]');
    if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
  });

  const answered = (event) => event.detail?.ctx?.response?.status;
  const results = () => byId('results');
  document.addEventListener('htmx:before:request', (event) => {
    if (event.target.matches?.('.search')) results()?.setAttribute('aria-busy', 'true');
  });
  document.addEventListener('htmx:error', () => { results()?.removeAttribute('aria-busy'); offline(true); });
  document.addEventListener('htmx:after:request', (event) => { if (answered(event)) offline(false); });
  document.addEventListener('htmx:response:error', (event) => {
    results()?.removeAttribute('aria-busy');
    if (answered(event) >= 500) say('Something went wrong. Look at the page before you try again.');
  });
  document.addEventListener('htmx:after:swap', () => { focusWanted(); sayWanted(); showCopyButtons(); showLocalTimes(); });

  focusWanted();
  showCopyButtons();
  showLocalTimes();
})();
