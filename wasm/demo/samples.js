// The collections that come with the page.

import { readFile } from './read.js';

/**
 * @typedef {object} Sample
 * @property {string} name
 * @property {string} origin where the texts come from
 * @property {string[]} files in samples/
 * @property {string[]} questions to try
 */

/** @type {Sample[]} */
export const samples = [
  {
    name: 'a few everyday notes',
    origin: 'recipes, garden and birds; written for toller, Apache-2.0',
    files: ['tomatoes.html', 'compost.txt', 'sourdough.md', 'crepes.txt', 'recipes.jsonl', 'birds.csv'],
    questions: ['why does my fruit split?', 'how do I keep rodents away?', 'a bird that winters abroad', 'something sweet for the end of a meal'],
  },
  {
    name: 'scientific abstracts',
    origin: '40 abstracts of SciFact (Wadden et al. 2020), from S2ORC; ODC-BY 1.0',
    files: ['abstracts.jsonl'],
    questions: [],
  },
];

/**
 * Fetches the documents of a sample.
 *
 * @param {Sample} sample
 * @param {AbortSignal} [signal]
 */
export async function fetchSample({ files }, signal) {
  const read = files.map(async (name) => {
    const response = await fetch(new URL(`samples/${name}`, import.meta.url), { signal });
    if (!response.ok) throw new Error(`samples/${name}: expected the status 200, found ${response.status}`);
    return readFile(new File([await response.blob()], name));
  });
  return (await Promise.all(read)).flat();
}
