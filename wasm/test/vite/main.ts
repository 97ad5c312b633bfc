// What a stranger writes: nothing in here knows how the package is made.

import { clear, deleteIndex, load, type Hit, type Index, type LoadProgress, type Model, type Result } from 'toller';

const output = document.querySelector('output')!;
const documents: string[] = ['Berlin is in Germany.', 'Paris is the capital of France.', 'cats'];

try {
  let last: LoadProgress | undefined;
  const model: Model = await load({ model: 'small', workers: 2, progress: (event) => (last = event) });
  const hits: Hit[] = await model.rank('capital of France', documents, { k: 1, explain: true });
  const { start, end } = hits[0].evidence!.passage;
  const index: Index = await model.openIndex('notes');
  await index.put({ key: 'paris', text: documents[1], metadata: { country: 'France' } });
  const found: Result[] = await index.search('capital', { mode: 'lexical', filter: 'country = "France"' });
  await index.close();
  await deleteIndex('notes');
  model.close();
  await clear();
  output.value = `${last?.phase}: ${documents[hits[0].index].slice(start, end)} ${found[0].key}`;
} catch (error) {
  output.value = String(error);
}
