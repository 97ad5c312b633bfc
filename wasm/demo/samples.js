// The collections that come with the page.

import { readFile } from './read.js';

/**
 * @typedef {object} Sample
 * @property {string} offer what it is called before it is taken
 * @property {string} name what it is called afterwards
 * @property {string} file in samples/
 * @property {string[]} questions to try
 */

/** @type {Sample[]} */
export const samples = [
  {
    offer: 'thirty household notes',
    name: 'household notes',
    file: 'notes.jsonl',
    questions: ['snails ate my salad', 'kitten diet', 'my headache pills', 'the pet is scared of loud bangs', 'when do I get my money back after moving out?'],
  },
  {
    offer: 'forty scientific abstracts',
    name: 'scientific abstracts',
    file: 'abstracts.jsonl',
    questions: ['does being overweight run in the family?', 'vitamins for babies', 'why do cells die?'],
  },
];

/**
 * Fetches the documents of a sample.
 *
 * @param {Sample} sample
 * @param {AbortSignal} [signal]
 */
export async function fetchSample({ name, file }, signal) {
  const response = await fetch(new URL(`samples/${file}`, import.meta.url), { signal });
  if (!response.ok) throw new Error(`samples/${file}: expected the status 200, found ${response.status}`);
  const sources = await readFile(new File([await response.blob()], file));
  return sources.map((source) => ({ ...source, origin: name }));
}
