/**
 * Keeps a page up to date: asks for it again when something has happened, or after a while, and takes over its `main`.
 * What is open, focused or scrolled to stays so. Without this script the page refreshes itself.
 */
const { live: stream, every } = document.body.dataset;
const status = document.getElementById('live-status');
const LEAST_MS = 1_000;

let last = 0;
let timer = 0;
/** The content as it last came; what is there may have been opened or written in since. */
let shown = document.getElementById('main').innerHTML;
/** What somebody has opened or closed themselves. */
const touched = new Set();

/** Has the page looked at again, at most once a second. */
function look() {
  if (timer !== 0 || document.hidden) return;
  timer = window.setTimeout(() => void refresh(), Math.max(0, last + LEAST_MS - Date.now()));
}

async function refresh() {
  last = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    if (answer.redirected) return say('Not up to date: you are signed out. Load the page again.');
    show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    say('Live');
  } catch {
    say('Not up to date: the server does not answer. Trying again.');
  } finally {
    timer = 0;
  }
}

function show(next) {
  const main = document.getElementById('main');
  const fresh = next.getElementById('main');
  if (fresh === null || fresh.innerHTML === shown) return finish(next);
  if (isSelecting(main)) return;
  if (isTyping()) return showAround(main, fresh);
  shown = fresh.innerHTML;
  const opened = [...main.querySelectorAll('details[id]')].filter(({ id }) => touched.has(id));
  const kept = new Map(opened.map(({ id, open }) => [id, open]));
  const focused = placeOf(document.activeElement);
  const scrolled = [...main.querySelectorAll('[id]')].filter((one) => one.scrollLeft || one.scrollTop);
  const places = scrolled.map(({ id, scrollLeft, scrollTop }) => ({ id, scrollLeft, scrollTop }));
  for (const one of fresh.querySelectorAll('details[id]')) if (kept.has(one.id)) one.open = kept.get(one.id);
  main.replaceChildren(...fresh.childNodes);
  for (const { id, ...place } of places) Object.assign(document.getElementById(id) ?? {}, place);
  if (focused !== null) at(focused)?.focus({ preventScroll: true });
  document.title = next.title;
  finish(next);
}

const FOCUSABLE = 'a, button, summary, select, input, textarea, [tabindex]';

/** Where the focus is, in words that fit the fresh page as well; null where it is not in what is swapped. */
function placeOf(focused) {
  const within = focused?.closest('main [id]');
  if (!within) return null;
  return { id: within.id, index: [...within.querySelectorAll(FOCUSABLE)].indexOf(focused) };
}

function at({ id, index }) {
  const within = document.getElementById(id);
  return index === -1 ? within : within?.querySelectorAll(FOCUSABLE)[index];
}

/** Where the fresh page does not change by itself any more, neither does this one. */
function finish(next) {
  if (next.body.dataset.every !== undefined) return;
  window.clearInterval(clock);
  document.removeEventListener('visibilitychange', wake);
  listen(false);
}

/** Takes over the parts that nobody writes in. */
function showAround(main, fresh) {
  const parts = [...main.children].filter(({ id }) => id !== '');
  for (const part of parts.filter((one) => !one.contains(document.activeElement))) {
    const its = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (its !== null && its.innerHTML !== part.innerHTML) part.replaceWith(its);
  }
}

/** What somebody writes is not taken from under their hands. */
function isTyping() {
  const { activeElement } = document;
  return activeElement?.matches('main input:not([type=hidden]), main textarea, main select') ?? false;
}

/** Nor what somebody is about to copy. */
function isSelecting(main) {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode);
}

/** Only what is new is said: readers of screens would hear it each time. */
function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

/** Browsers have few connections to a server at a time: pages that nobody sees hold none. */
function listen(wanted) {
  if (!wanted) source?.close();
  source = wanted && stream ? new EventSource(stream) : null;
  source?.addEventListener('message', look);
}

function wake() {
  listen(!document.hidden);
  look();
}

let source = null;
const clock = window.setInterval(look, Number(every) * 1_000);
document.addEventListener('visibilitychange', wake);
document.addEventListener('click', ({ target }) => {
  const id = target.closest('summary')?.parentElement.id;
  if (id) touched.add(id);
});
listen(true);
say('Live');
