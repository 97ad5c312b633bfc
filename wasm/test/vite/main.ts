// What a stranger writes: nothing in here knows how the package is made.

import { clear, load, type Hit, type LoadProgress, type Model } from 'toller';

const output = document.querySelector('output')!;
const documents: string[] = ['Berlin is in Germany.', 'Paris is the capital of France.', 'cats'];

try {
  let last: LoadProgress | undefined;
  const model: Model = await load({ model: 'small', workers: 2, progress: (event) => (last = event) });
  const hits: Hit[] = await model.rank('capital of France', documents, { k: 1, explain: true });
  const { start, end } = hits[0].evidence!.passage;
  model.close();
  await clear();
  output.value = `${last?.phase}: ${documents[hits[0].index].slice(start, end)}`;
} catch (error) {
  output.value = String(error);
}
