// Cutting documents into passages: small enough to be read at a glance, and for
// the model to read all of.

/**
 * @typedef {import('./read.js').Source} Source
 *
 * @typedef {object} Passage
 * @property {string} heading
 * @property {string} text
 */

/** Most characters of a passage: some 150 tokens. */
const most = 700;

/**
 * Cuts a document. Paragraphs under one heading are put together as long as they
 * fit; those that are too long are cut between sentences.
 *
 * @param {Source} source
 * @returns {Passage[]}
 */
export function passages({ blocks }) {
  /** @type {Passage[]} */
  const list = [];
  for (const { heading, text } of blocks) {
    for (const part of text.length > most ? cut(text) : [text]) {
      const last = list.at(-1);
      if (last && last.heading === heading && last.text.length + part.length < most) last.text += `\n${part}`;
      else list.push({ heading, text: part });
    }
  }
  return list;
}

/**
 * Cuts a text between sentences, and where a sentence is too long, between words.
 *
 * @param {string} text
 * @returns {string[]}
 */
function cut(text) {
  const sentences = [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)].flatMap(({ segment }) => segment.match(pieces) ?? []);
  const parts = [''];
  for (const sentence of sentences) {
    if (parts[parts.length - 1] && parts[parts.length - 1].length + sentence.length > most) parts.push('');
    parts[parts.length - 1] += sentence;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** Up to so many characters, which end with a word if they can. */
const pieces = new RegExp(`[^]{1,${most}}(?=\\s|$)|[^]{1,${most}}`, 'g');
