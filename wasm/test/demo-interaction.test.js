// What the demo page draws is what the model says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { interact, marks } from '../demo/interaction.js';
import { load } from '../src/toller.js';

test('similarities, best matches and shares are those of the model', async () => {
  const model = await load({ model: fileURLToPath(new URL('../model-small/toller-small.safetensors', import.meta.url)), workers: 1 });
  const query = 'Does the café’s sourdough need yeast?';
  const text = 'Sourdough — at the Cafe 😀 on the corner — rises by itself, unbelievably slowly.';
  const found = interact(query, await model.encodeQuery(query), text, await model.encode(text));
  const expected = await model.explain(query, text);
  model.close();

  const close = (/** @type {number} */ a, /** @type {number} */ b) => assert.ok(Math.abs(a - b) < 1e-5, `expected ${b}, found ${a}`);
  close(found.score, expected.score);
  close(found.mean, expected.mean);
  assert.deepEqual(found.answers.map((answer) => answer.index), expected.matches.map((match) => match.index));
  expected.matches.forEach((match, i) => {
    close(found.answers[i].similarity, match.similarity);
    close(found.answers[i].share, match.share);
    close(found.similarities[i * found.tokens.length + match.index], match.similarity);
    assert.deepEqual(found.tokens[match.index], match.document);
  });

  // Pieces of a word are marked as the word, the same whatever its case and accents.
  const words = marks(found).map(({ start, end, kind }) => [text.slice(start, end), kind]);
  assert.deepEqual(words.filter(([, kind]) => kind === 'same'), [['Sourdough', 'same'], ['Cafe', 'same']]);
});
