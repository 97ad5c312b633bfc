// The page.

import { load } from 'toller';
import { size as modelSize } from 'toller-model-small';

import { element, the } from './dom.js';
import { showHits } from './hits.js';
import { readFile, readPasted } from './read.js';
import { rove } from './rove.js';
import { fetchSample, samples } from './samples.js';
import { Shelf, partsOf } from './shelf.js';

/** @typedef {import('./read.js').Source} Source */

/** How long typing must rest before a search begins, in milliseconds. */
const rest = 120;

/** How many documents a search shows. */
const most = 6;

/** @type {import('toller').Model | undefined} */
let model;
/** The documents, once there is a model. @type {Shelf | undefined} */
let shelf;
/** An index from elsewhere that is looked into. @type {Shelf | undefined} */
let guest;
/** What waits for the model. @type {Source[]} */
let waiting = [];
/** What is being read. @type {AbortController | undefined} */
let reading;
/** Stops the files that are being added. */
let stopping = new AbortController();
/** The search under way. @type {AbortController | undefined} */
let searching;
/** The samples that are being taken. @type {Set<import('./samples.js').Sample>} */
const taking = new Set();

const query = the('query');

// The model.

async function loadModel() {
  const progress = the('progress');
  progress.hidden = false;
  progress.removeAttribute('value');
  say('Starting …');
  try {
    model = await load({
      model: 'small',
      progress({ phase, loaded = 0, total = modelSize }) {
        if (phase === 'open') return say('Opening the model …');
        progress.max = total;
        progress.value = loaded;
        say(`Loading the model: ${megabytes(loaded)} of ${megabytes(total)} MB, which stay on this device`);
      },
    });
    for (const warning of model.info().warnings ?? []) notify(`${warning}. Everything works; the next visit loads it again.`);
    await openShelf(model);
  } catch (error) {
    model?.close();
    model = undefined;
    say('The model could not be loaded.');
    notify(`${message(error)}. ${advice()}`, { label: 'Try again', act: loadModel });
    return;
  } finally {
    progress.hidden = true;
  }
  showQuestions();
  showShelf();
  await takeIn(waiting.splice(0));
}

/**
 * Opens the documents that the browser keeps; where it can't, a shelf in memory.
 *
 * @param {import('toller').Model} model
 */
async function openShelf(model) {
  say('Opening the documents …');
  try {
    shelf = await Shelf.open(model);
  } catch (error) {
    shelf = await Shelf.inMemory(model);
    const remedy = 'getDirectory' in (navigator.storage ?? {}) ? { label: 'Forget those that were kept', act: () => openAnew(model) } : undefined;
    notify(`Documents are forgotten when this tab is closed: ${message(error)}.`, remedy);
  }
}

/**
 * Forgets the documents that the browser kept, which can't be opened, and begins
 * with none.
 *
 * @param {import('toller').Model} model
 */
async function openAnew(model) {
  try {
    await Shelf.forget();
    await shelf?.close();
    await openShelf(model);
  } catch (error) {
    notify(message(error));
  }
  showShelf();
  search();
}

/** What to do when the model can't be loaded. */
function advice() {
  if (typeof WebAssembly !== 'object') return 'This browser runs no WebAssembly, which the model needs: try another one.';
  if (!navigator.onLine) return 'There is no network, which the first visit needs.';
  return 'Check the connection. If the tab is short of memory, close others.';
}

/** Begins with the model; a device that asks to save data, once somebody wants to. */
async function begin() {
  if (/** @type {any} */ (navigator).connection?.saveData) {
    say(`This device saves data, and the model is ${megabytes(modelSize)} MB.`);
    const button = element('button', { type: 'button' }, 'Load the model');
    the('status').after(button);
    await new Promise((resolve) => button.addEventListener('click', resolve));
    button.remove();
  }
  await loadModel();
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
  await leaveGuest();
  reading = new AbortController();
  const { signal } = reading;
  const bar = the('progress');
  the('stop').hidden = false;
  say(`Reading ${count(sources.length, 'document')} …`);
  try {
    await shelf.add(sources, {
      signal,
      progress(done, total) {
        bar.hidden = false;
        bar.max = total;
        bar.value = done;
        say(`${done} of ${count(total, 'document')} read …`);
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
  const { signal } = stopping;
  for (const file of files) {
    if (signal.aborted) return;
    try {
      if (/\.(db|sqlite3?)$/i.test(file.name)) await lookInto(file);
      else await takeIn(await extract(file, signal));
    } catch (error) {
      if (!signal.aborted) notify(message(error));
    }
  }
}

/**
 * Makes documents of a file, and says what of it can't be read.
 *
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function extract(file, signal) {
  const progress = (/** @type {number} */ done, /** @type {number} */ total) => {
    if (reading) return; // which says more
    the('stop').hidden = false;
    say(`${file.name}: ${done} of ${count(total, 'page')} read …`);
  };
  try {
    const sources = await readFile(file, { signal, progress });
    for (const { note } of sources) if (note) notify(note);
    return sources;
  } finally {
    if (!reading) {
      the('stop').hidden = true;
      search(); // says how things are
    }
  }
}

/** @param {string} text */
function addText(text) {
  if (text.trim()) return takeIn([readPasted(text)]);
}

/** @param {import('./samples.js').Sample} sample */
async function addSample(sample) {
  if (taken().includes(sample)) return;
  taking.add(sample);
  showQuestions();
  showShelf();
  try {
    await takeIn(await fetchSample(sample));
  } catch (error) {
    notify(message(error));
  } finally {
    taking.delete(sample);
    showShelf();
  }
}

/** The samples that are there, or soon will be. */
function taken() {
  return samples.filter((sample) => taking.has(sample) || shelf?.keys.some((key) => partsOf(key).origin === sample.name));
}

/**
 * Looks into an index from elsewhere.
 *
 * @param {File} file
 */
async function lookInto(file) {
  if (!model) throw new Error(`${file.name}: the model isn't here yet`);
  await leaveGuest();
  say(`Opening ${file.name} …`);
  try {
    guest = await Shelf.look(model, file);
  } finally {
    showShelf();
    search();
  }
}

async function leaveGuest() {
  const old = guest;
  if (old) searching?.abort();
  guest = undefined;
  await old?.close();
  if (old) showShelf();
}

/** @param {string[]} keys */
async function remove(keys) {
  try {
    await shelf?.remove(keys);
  } catch (error) {
    notify(`The documents were not removed: ${message(error)}.`);
  }
  showQuestions();
  showShelf();
  search();
}

async function save() {
  try {
    const url = URL.createObjectURL(/** @type {Blob} */ (await shelf?.save()));
    element('a', { href: url, download: 'toller.db' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    notify(`The file was not made: ${message(error)}.`);
  }
}

function showShelf() {
  const { keys, passages, file, lasts } = guest ?? shelf ?? { keys: [], passages: 0, file: undefined, lasts: true };
  the('shelf').classList.toggle('filled', keys.length > 0);
  const holds = `${count(keys.length, 'document')} in ${count(passages, 'passage')}`;
  the('shelf-summary').textContent = file
    ? `${file}: ${holds}, to look into.`
    : keys.length
      ? `${holds}, ${lasts ? 'kept in this browser and nowhere else' : 'in the memory of this tab'}.`
      : waiting.length
        ? `${count(waiting.length, 'document')} will be read as soon as the model is here.`
        : 'Drop text, Markdown, HTML, PDF, JSONL, CSV or an index of toller anywhere on this page, or paste something.';
  the('look').hidden = !file;
  the('kept').hidden = keys.length === 0 || file !== undefined;
  the('documents').replaceChildren(...keys.slice(0, mostListed).map(listed), ...(keys.length > mostListed ? [element('li', {}, `and ${keys.length - mostListed} more`)] : []));
  const left = samples.filter((sample) => !taken().includes(sample));
  the('offer').hidden = left.length === 0 || file !== undefined;
  the('samples').replaceChildren(...left.flatMap((sample, i) => [i ? ' or ' : '', element('button', { type: 'button', class: 'link', click: () => (query.focus(), addSample(sample)) }, sample.offer)]));
}

/** Most documents that are listed. */
const mostListed = 200;

/**
 * A document in the list of what is searched.
 *
 * @param {string} key
 */
function listed(key) {
  const { title, origin } = partsOf(key);
  const removal = async () => {
    await remove([key]);
    (the('kept').hidden ? the('choose') : the('kept').querySelector('summary')).focus();
  };
  return element(
    'li',
    {},
    element('span', {}, title, ' ', element('small', {}, origin)),
    element('button', { type: 'button', class: 'quiet', 'aria-label': `Remove ${title}`, click: removal }, 'Remove'),
  );
}

/** Offers the questions of the samples that were taken; at first those of the first one. */
function showQuestions() {
  const offered = taken().length ? taken() : samples.slice(0, 1);
  const questions = offered.flatMap((sample) => sample.questions.map((question) => ({ question, sample })));
  // What has the focus stays there.
  const shown = [...the('examples').children].map((button) => button.textContent);
  if (String(shown) === String(questions.map(({ question }) => question))) return;
  const buttons = questions.map(({ question, sample }) => element('button', { type: 'button', click: () => ask(question, sample) }, question));
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
  if (taken().includes(sample)) return search();
  return addSample(sample);
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
  const searched = guest ?? shelf;
  if (!searched || !text || searched.passages === 0) {
    the('results').hidden = true;
    if (searched && !reading) say(searched.passages ? 'Ready.' : 'Ready. Choose a question, or add documents of your own.');
    return;
  }
  searching = new AbortController();
  const { signal } = searching;
  const since = performance.now();
  try {
    const hits = await searched.search(text, { k: most, words: the('words').checked, signal });
    await showHits(the('hits'), hits, signal);
    the('results').hidden = false;
    if (!reading) say(`${count(searched.passages, 'passage')} searched in ${Math.max(1, Math.round(performance.now() - since))} ms, on this device.`);
    announce(hits.length ? `${count(hits.length, 'result')}. The best is ${hits[0].title}.` : 'No results.');
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
the('words').addEventListener('change', search);
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
  waiting = [];
  stopping.abort();
  stopping = new AbortController();
  reading?.abort();
  query.focus();
});
the('clear').addEventListener('click', async () => {
  await remove(shelf?.keys ?? []);
  the('choose').focus();
});
the('save').addEventListener('click', save);
the('back').addEventListener('click', async () => {
  await leaveGuest();
  search();
  query.focus();
});

the('paste').addEventListener('click', () => the('paste-dialog').showModal());
the('paste-dialog').addEventListener('close', () => {
  if (the('paste-dialog').returnValue === 'add') addText(the('paste-text').value);
  the('paste-dialog').returnValue = '';
  the('paste-text').value = '';
});
document.addEventListener('paste', (event) => {
  if (isField(event.target)) return;
  const data = event.clipboardData;
  if (data?.files.length) addFiles([...data.files]);
  else if (data) addText(data.getData('text/plain'));
});

/**
 * Whether text that is pasted or dropped there belongs there.
 *
 * @param {EventTarget | null} target
 */
function isField(target) {
  return target instanceof Element && target.closest('input, textarea') !== null;
}

document.addEventListener('dragover', (event) => {
  if (isField(event.target) && !event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  document.body.classList.remove('dropping');
  const data = event.dataTransfer;
  if (isField(event.target) && !data?.files.length) return;
  event.preventDefault();
  if (data?.files.length) addFiles([...data.files]);
  else if (data) addText(data.getData('text/plain'));
});

document.addEventListener('visibilitychange', async () => {
  // Another tab may have added or removed documents.
  if (document.visibilityState !== 'visible' || !shelf || reading) return;
  try {
    await shelf.count();
    showShelf();
  } catch (error) {
    notify(message(error));
  }
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
