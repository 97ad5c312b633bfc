// The collections that come with the page.

import { readFile } from './read.js';

/**
 * @typedef {object} Sample
 * @property {string} name
 * @property {string} origin where the texts come from
 * @property {string} file in samples/
 * @property {string[]} questions to try
 */

/** @type {Sample[]} */
export const samples = [
  {
    name: 'thirty household notes',
    origin: 'written for toller, Apache-2.0',
    file: 'notes.jsonl',
    questions: ['the pet is scared of loud bangs', 'snails ate my salad', 'when do I get my money back after moving out?', 'compensation for a late plane', 'I am nervous before speaking in public'],
  },
  {
    name: 'forty scientific abstracts',
    origin: 'of SciFact (Wadden et al. 2020), from S2ORC, ODC-BY 1.0',
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
export async function fetchSample({ name, origin, file }, signal) {
  const response = await fetch(new URL(`samples/${file}`, import.meta.url), { signal });
  if (!response.ok) throw new Error(`samples/${file}: expected the status 200, found ${response.status}`);
  const sources = await readFile(new File([await response.blob()], file));
  return sources.map((source) => ({ ...source, origin: `${name}, ${origin}` }));
}
