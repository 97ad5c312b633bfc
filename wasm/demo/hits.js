// The list of results. One of them is open, and shows how it came to its score.

import { element } from './dom.js';
import { explanation } from './explanation.js';
import { unmarked } from './read.js';

/** @typedef {import('./shelf.js').Found} Found */

/**
 * Shows hits, the first of them open.
 *
 * @param {HTMLElement} list
 * @param {Found[]} hits
 * @param {AbortSignal} signal ends it before anything is shown
 */
export async function showHits(list, hits, signal) {
  const entries = hits.map((hit, i) => new Entry(hit, i, (entry) => toggle(entries, entry)));
  await entries[0]?.open();
  signal.throwIfAborted();
  list.replaceChildren(...entries.map((entry) => entry.element));
}

/**
 * @param {Entry[]} entries
 * @param {Entry} chosen
 */
async function toggle(entries, chosen) {
  const open = !chosen.isOpen;
  for (const entry of entries) entry.close();
  if (open) await chosen.open();
}

class Entry {
  #hit;
  #button;
  #snippet;
  #details;

  /**
   * @param {Found} hit
   * @param {number} i
   * @param {(entry: Entry) => void} chosen
   */
  constructor(hit, i, chosen) {
    this.#hit = hit;
    this.#button = element('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': `hit-${i}`, click: () => chosen(this) }, hit.title);
    this.#snippet = element('p', { class: 'snippet' }, ...snippet(hit));
    this.#details = element('div', { id: `hit-${i}`, hidden: true });
    const score = element('span', { class: 'score', title: 'mean similarity of your words to their best matches' }, element('span', { class: 'hidden' }, 'score '), hit.mean.toFixed(2));
    const meter = element('span', { class: 'meter', 'aria-hidden': 'true' });
    meter.style.setProperty('--part', String(Math.max(0, hit.mean)));
    this.element = element(
      'li',
      { class: 'hit' },
      element('div', { class: 'line' }, element('h3', {}, this.#button), meter, score),
      element('p', { class: 'origin' }, [hit.heading, hit.origin, hit.lexical && 'found by its words too'].filter(Boolean).join(' · ')),
      this.#snippet,
      this.#details,
    );
    this.#snippet.addEventListener('click', () => chosen(this));
  }

  get isOpen() {
    return !this.#details.hidden;
  }

  async open() {
    if (!this.#details.hasChildNodes()) {
      const { title, element } = explanation(await this.#hit.explain(), this.#hit.textStart);
      if (title.textContent) this.#button.replaceChildren(title);
      this.#details.append(element);
    }
    this.#set(true);
  }

  close() {
    this.#set(false);
  }

  /** @param {boolean} open */
  #set(open) {
    this.#details.hidden = !open;
    this.#snippet.hidden = open;
    this.#button.setAttribute('aria-expanded', String(open));
  }
}

/**
 * The passage from the sentence on that answers best, with the words marked.
 *
 * @param {Found} hit
 * @returns {(Node | string)[]}
 */
function snippet({ text, textStart, marks }) {
  marks = marks.filter((mark) => mark.start >= textStart);
  const strongest = marks.reduce((best, mark) => (mark.similarity > best.similarity ? mark : best), { start: textStart, similarity: -1 });
  let end = textStart + Math.max(0, text.slice(textStart, strongest.start).search(/[^.!?\n]*$/));
  while (/\s/.test(text[end] ?? '')) end++;
  const parts = /** @type {(Node | string)[]} */ (end > textStart ? ['… '] : []);
  for (const mark of marks) {
    if (mark.start < end) continue;
    parts.push(unmarked(text.slice(end, mark.start)), element('mark', { class: mark.kind }, text.slice(mark.start, mark.end)));
    end = mark.end;
  }
  parts.push(unmarked(text.slice(end)));
  return parts;
}
