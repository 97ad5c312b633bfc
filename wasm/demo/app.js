// The page.

import { load } from 'toller';
import { size as modelSize } from 'toller-model-small';

import { element, the } from './dom.js';
import { showHits } from './hits.js';
import { readFile, readPasted } from './read.js';
import { rove } from './rove.js';
import { fetchSample, samples } from './samples.js';
import { Shelf } from './shelf.js';

/** @typedef {import('./read.js').Source} Source */

/** How long typing must rest before a search begins, in milliseconds. */
const rest = 120;

/** How many documents a search shows. */
const most = 6;

/** The documents, once there is a model. @type {Shelf | undefined} */
let shelf;
/** What waits for the model. @type {Source[]} */
let waiting = [];
/** What is being read. @type {AbortController | undefined} */
let reading;
/** The search under way. @type {AbortController | undefined} */
let searching;
/** The samples that were taken. @type {Set<import('./samples.js').Sample>} */
const taken = new Set();

const query = the('query');

// The model.

async function loadModel() {
  const progress = the('progress');
  progress.hidden = false;
  progress.removeAttribute('value');
  say('Starting …');
  try {
    const model = await load({
      model: 'small',
      progress({ phase, loaded = 0, total = modelSize }) {
        if (phase === 'open') return say('Opening the model …');
        progress.max = total;
        progress.value = loaded;
        say(`Loading the model: ${megabytes(loaded)} of ${megabytes(total)} MB, which stay on this device`);
      },
    });
    shelf = new Shelf(model);
    for (const warning of model.info().warnings ?? []) notify(`${warning}. Everything works; the next visit loads it again.`);
  } catch (error) {
    say('The model could not be loaded.');
    notify(`${message(error)}. ${advice()}`, { label: 'Try again', act: loadModel });
    return;
  } finally {
    progress.hidden = true;
  }
  showShelf();
  await takeIn(waiting.splice(0));
}

/** What to do when the model can't be loaded. */
function advice() {
  if (typeof WebAssembly !== 'object') return 'This browser runs no WebAssembly, which the model needs: try another one.';
  if (!navigator.onLine) return 'There is no network, which the first visit needs.';
  return 'Check the connection. If the tab is short of memory, close others.';
}

/** Begins with the model, unless the device asks to save data. */
function begin() {
  if (!(/** @type {any} */ (navigator).connection?.saveData)) return loadModel();
  say(`This device saves data. The model is ${megabytes(modelSize)} MB.`);
  const button = element('button', { type: 'button', click: () => (button.remove(), loadModel()) }, 'Load the model');
  the('status').after(button);
}

// Documents.

/**
 * Takes documents in and searches again when they are.
 *
 * @param {Source[]} sources
 */
async function takeIn(sources) {
  if (sources.length === 0) return search();
  if (!shelf || reading) {
    waiting.push(...sources);
    showShelf();
    return;
  }
  reading = new AbortController();
  const { signal } = reading;
  const bar = the('progress');
  the('stop').hidden = false;
  try {
    await shelf.add(sources, {
      signal,
      progress(done, total) {
        bar.hidden = false;
        bar.max = total;
        bar.value = done;
        say(`Reading passage ${Math.min(done + 1, total)} of ${total} …`);
      },
    });
  } catch (error) {
    if (!signal.aborted) notify(`The documents were not all read: ${message(error)}.`);
  } finally {
    bar.hidden = true;
    the('stop').hidden = true;
    reading = undefined;
  }
  showShelf();
  await takeIn(waiting.splice(0));
}

/** @param {Iterable<File>} files */
async function addFiles(files) {
  for (const file of files) {
    try {
      await takeIn(await readFile(file));
    } catch (error) {
      notify(message(error));
    }
  }
}

/** @param {string} text */
function addText(text) {
  if (text.trim()) return takeIn([readPasted(text)]);
}

/** @param {import('./samples.js').Sample} sample */
async function addSample(sample) {
  if (taken.has(sample)) return;
  taken.add(sample);
  if (taken.size > 1) showQuestions();
  showShelf();
  try {
    await takeIn(await fetchSample(sample));
  } catch (error) {
    taken.delete(sample);
    showShelf();
    notify(message(error));
  }
}

function removeAll() {
  reading?.abort();
  waiting = [];
  taken.clear();
  showQuestions();
  shelf?.clear();
  showShelf();
  search();
}

function showShelf() {
  const items = shelf?.items ?? [];
  the('shelf').classList.toggle('filled', items.length > 0);
  the('shelf-summary').textContent = items.length
    ? `${count(items.length, 'document')} in ${count(shelf?.size ?? 0, 'passage')}, in the memory of this tab.`
    : waiting.length
      ? `${count(waiting.length, 'document')} will be read as soon as the model is here.`
      : 'Drop text, Markdown, HTML, JSONL or CSV anywhere on this page, or paste something.';
  the('kept').hidden = items.length === 0;
  the('documents').replaceChildren(
    ...items.map((item) =>
      element(
        'li',
        {},
        element('span', {}, item.title, ' ', element('small', {}, item.origin)),
        element('button', { type: 'button', class: 'quiet', 'aria-label': `Remove ${item.title}`, click: () => removeItem(item) }, 'Remove'),
      ),
    ),
  );
  const left = samples.filter((sample) => !taken.has(sample));
  the('samples').parentElement.hidden = left.length === 0;
  the('samples').replaceChildren(
    ...left.flatMap((sample, i) => [i ? ' or ' : '', element('button', { type: 'button', class: 'link', click: () => addSample(sample) }, sample.offer)]),
  );
}

/** Offers the questions of the samples that were taken; at first those of the first one. */
function showQuestions() {
  const offered = taken.size ? [...taken] : samples.slice(0, 1);
  const buttons = offered.flatMap((sample) => sample.questions.map((question) => element('button', { type: 'button', click: () => ask(question, sample) }, question)));
  the('examples').replaceChildren(...buttons);
  rove(buttons, 'horizontal');
}

/**
 * Asks a question of a sample, which is taken first if need be.
 *
 * @param {string} question
 * @param {import('./samples.js').Sample} sample
 */
function ask(question, sample) {
  query.value = question;
  if (taken.has(sample)) return search();
  return addSample(sample);
}

/** @param {import('./shelf.js').Item} item */
function removeItem(item) {
  shelf?.remove(item);
  showShelf();
  the('kept').querySelector('summary').focus();
  search();
}

// Searching.

let timer = 0;

function searchSoon() {
  clearTimeout(timer);
  searching?.abort();
  timer = setTimeout(search, rest);
}

async function search() {
  clearTimeout(timer);
  searching?.abort();
  const text = query.value.trim();
  if (!shelf || !text || shelf.size === 0) {
    the('results').hidden = true;
    if (shelf && !reading) say(shelf.size ? 'Ready.' : 'Ready. Choose a question, or add documents of your own.');
    return;
  }
  searching = new AbortController();
  const { signal } = searching;
  const since = performance.now();
  try {
    const hits = await shelf.search(text, { k: most, signal });
    await showHits(the('hits'), hits);
    if (signal.aborted) return;
    the('results').hidden = false;
    if (!reading) say(`${count(shelf.size, 'passage')} searched in ${Math.max(1, Math.round(performance.now() - since))} ms, on this device.`);
    announce(`${count(hits.length, 'result')}. The best is ${hits[0].title}.`);
  } catch (error) {
    if (!signal.aborted) notify(`The search failed: ${message(error)}.`);
  }
}

// What is said.

/** @param {string} text */
function say(text) {
  the('status').textContent = text;
}

let announcing = 0;

/**
 * Tells those who don't see the page, when typing has come to rest.
 *
 * @param {string} text
 */
function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => (the('announcement').textContent = text), 500);
}

/**
 * Shows what went wrong, until it is dismissed.
 *
 * @param {string} text
 * @param {{ label: string, act: () => void }} [remedy]
 */
function notify(text, remedy) {
  const notice = element('div', { class: 'notice' }, element('p', {}, text));
  const button = (/** @type {string} */ label, /** @type {() => void} */ act) => element('button', { type: 'button', click: () => (notice.remove(), act()) }, label);
  if (remedy) notice.append(button(remedy.label, remedy.act));
  notice.append(button('Dismiss', () => query.focus()));
  the('notices').append(notice);
}

/** @param {any} error */
function message(error) {
  return String(error?.message ?? error).replace(/^toller: /, '').replace(/\.$/, '');
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

// What the page listens to.

query.addEventListener('input', searchSoon);
query.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
  if (event.key !== 'ArrowDown') return;
  const first = the('hits').querySelector('button');
  if (!first || the('results').hidden) return;
  event.preventDefault();
  first.focus();
});
the('form').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault();
  search();
});
the('hits').addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
  const titles = [...the('hits').querySelectorAll('h3 button')];
  const at = titles.indexOf(document.activeElement);
  if (at < 0 || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
  event.preventDefault();
  (titles[at + (event.key === 'ArrowDown' ? 1 : -1)] ?? (event.key === 'ArrowUp' ? query : titles[at])).focus();
});

the('choose').addEventListener('click', () => the('files').click());
the('files').addEventListener('change', async () => {
  await addFiles([...the('files').files]);
  the('files').value = '';
});
the('stop').addEventListener('click', () => {
  reading?.abort();
  query.focus();
});
the('clear').addEventListener('click', () => {
  removeAll();
  the('choose').focus();
});

the('paste').addEventListener('click', () => the('paste-dialog').showModal());
the('paste-dialog').addEventListener('close', () => {
  if (the('paste-dialog').returnValue === 'add') addText(the('paste-text').value);
  the('paste-dialog').returnValue = '';
  the('paste-text').value = '';
});
document.addEventListener('paste', (event) => {
  if (/** @type {Element} */ (event.target).closest('input, textarea')) return;
  const data = event.clipboardData;
  if (data?.files.length) addFiles([...data.files]);
  else if (data) addText(data.getData('text/plain'));
});

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const data = event.dataTransfer;
  if (data?.files.length) addFiles([...data.files]);
  else if (data) addText(data.getData('text/plain'));
});

const dark = matchMedia('(prefers-color-scheme: dark)');
function showTheme() {
  const isDark = (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  the('theme').textContent = isDark ? 'Light' : 'Dark';
  the('theme').setAttribute('aria-label', isDark ? 'Use light colours' : 'Use dark colours');
  return isDark;
}
the('theme').addEventListener('click', () => {
  const chosen = showTheme() ? 'light' : 'dark';
  document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem('toller-theme', chosen);
  } catch {
    // It lasts as long as the page.
  }
  showTheme();
});
dark.addEventListener('change', showTheme);

showTheme();
showQuestions();
showShelf();
await begin();
// Last, so that it doesn't take the network from the model.
navigator.serviceWorker?.register(new URL('sw.js', document.baseURI)).catch((error) => {
  notify(`The page won't work without a network: ${message(error)}.`);
});
