// Has Cohere's own client for JavaScript ask toller serve, and compares what it makes
// of the answers with what toller rank printed: clients.mjs URL RANKING DOCUMENTS.
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { CohereClient, CohereClientV2, CohereError } from 'cohere-ai';

const [url, rankingFile, documentsFile] = process.argv.slice(2);
const ranking = JSON.parse(readFileSync(rankingFile, 'utf8'));
const documents = readFileSync(documentsFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line).text);
const { query } = ranking;
const topN = 5;
const wanted = (field) => ranking.hits.slice(0, topN).map((hit) => [hit.index, hit[field]]);
const found = (answer) => answer.results.map((result) => [result.index, result.relevanceScore]);

const options = { token: 'any-key-will-do', environment: url };
const v1 = new CohereClient(options);
const v2 = new CohereClientV2(options);

const first = await v1.rerank({ model: 'rerank-v3.5', query, documents, topN, returnDocuments: true });
assert.deepEqual(found(first), wanted('score'));
assert.deepEqual(first.results.map((result) => result.document.text), ranking.hits.slice(0, topN).map((hit) => documents[hit.index]));
assert.deepEqual(found(await v2.rerank({ model: 'rerank-v3.5', query, documents, topN })), wanted('mean'));
for (const client of [v1, v2]) {
  await assert.rejects(client.rerank({ model: 'm', query, documents: [] }), (error) =>
    error instanceof CohereError && error.statusCode === 400 && error.body.message.startsWith('documents:'));
}
console.log('cohere-ai agrees: v1, v2, refusals');
