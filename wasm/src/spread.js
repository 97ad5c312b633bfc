// How the documents of a call are spread over workers.

/** Most that a worker gets at a time, in characters of text: some tens of milliseconds. */
const largestPiece = 4096;

/** Pieces that a worker has at once: while it does one, the next waits there. */
const ahead = 2;

/**
 * Gives every document to one of the workers. The longest go first and a worker gets
 * its next piece when it is done with one, so that all are done at the same time.
 *
 * @param {string[]} documents
 * @param {number} workers
 * @param {(worker: number, indices: number[]) => Promise<void>} run does a piece, documents given by their indices
 * @returns {Promise<void>}
 */
export async function spread(documents, workers, run) {
  const order = documents.map((_, i) => i).sort((a, b) => documents[b].length - documents[a].length || a - b);
  let left = documents.reduce((sum, d) => sum + cost(d), 0);
  let next = 0;
  let failed = false;

  const piece = () => {
    const most = Math.min(largestPiece, left / (2 * ahead * workers));
    const indices = [];
    let size = 0;
    while (next < order.length && (indices.length === 0 || size + cost(documents[order[next]]) <= most)) {
      size += cost(documents[order[next]]);
      indices.push(order[next++]);
    }
    left -= size;
    return indices;
  };
  const work = async (/** @type {number} */ worker) => {
    while (next < order.length && !failed) {
      try {
        await run(worker, piece());
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: ahead * workers }, (_, i) => work(i % workers)));
}

/**
 * What a document costs, as characters: something, even if it is empty.
 *
 * @param {string} text
 */
function cost(text) {
  return text.length + 32;
}
