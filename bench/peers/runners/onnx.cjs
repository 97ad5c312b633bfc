// onnxruntime as a line server:  node --eval SOURCE -- model.onnx THREADS MAX_TOKENS
//
// First line out: "ready NAME VERSION". Then for each line in, "LEAST_MS DOCUMENT;DOCUMENT;..." with
// space-separated token ids, one line out: "MS V0 V1 ...". The documents are padded to the longest and
// run as one batch, again and again until LEAST_MS have passed, at least once; MS is the median of one
// run, V the last token's vector of the first document, not normalised.
//
// In the time: the session's run, from filled input tensors to the output in the process's memory.
// Not in it: parsing the line, filling the tensors, normalising, dropping what is padding.
const readline = require('readline');
const ort = require('onnxruntime-node'); // resolved from the working directory

const [model, threads] = process.argv.slice(1);
const median = (a) => { a.sort((x, y) => x - y); return (a[(a.length - 1) >> 1] + a[a.length >> 1]) / 2; };

function inputs(documents) {
  const longest = Math.max(...documents.map((d) => d.length)), shape = [documents.length, longest];
  const ids = new BigInt64Array(shape[0] * longest), mask = new BigInt64Array(shape[0] * longest);
  documents.forEach((d, row) => d.forEach((id, i) => { ids[row * longest + i] = BigInt(id); mask[row * longest + i] = 1n; }));
  return { input_ids: new ort.Tensor('int64', ids, shape), attention_mask: new ort.Tensor('int64', mask, shape) };
}

async function answer(session, line) {
  const space = line.indexOf(' '), least = Number(line.slice(0, space));
  const documents = line.slice(space + 1).split(';').map((d) => d.split(' ').map(Number));
  const feed = inputs(documents), times = [], start = performance.now();
  let out;
  do {
    const t = performance.now();
    out = (await session.run(feed)).token_embeddings;
    void out.data[0];
    times.push(performance.now() - t);
  } while (performance.now() - start < least);
  const dim = out.dims[2], last = (documents[0].length - 1) * dim;
  return [median(times), ...out.data.subarray(last, last + dim)].join(' ');
}

(async () => {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: Number(threads), interOpNumThreads: 1, graphOptimizationLevel: 'all' });
  console.log('ready onnxruntime ' + require('onnxruntime-node/package.json').version);
  for await (const line of readline.createInterface({ input: process.stdin })) console.log(await answer(session, line));
})().catch((e) => { console.error(e.message); process.exit(1); });
