// Calls toller mcp with both generations of the official client from npm:
//
//     node clients.mjs URL COMMAND ARGUMENTS…
//
// for the server at URL and for one that COMMAND starts. Run by .ci/mcp.
import assert from 'node:assert/strict';
import * as modern from '@modelcontextprotocol/client';
import * as modernStdio from '@modelcontextprotocol/client/stdio';
import * as classic from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, command, ...args] = process.argv.slice(2);
const many = Array.from({ length: 400 }, (_, i) => `${i} ` + 'Calcium slows the loss of bone. '.repeat(60));
const texts = many.slice(0, 30);

async function check(name, client, transport, call) {
  await client.connect(transport);
  // The older client doesn't tell; it knows none later than 2025-11-25.
  assert.equal(client.getNegotiatedProtocolVersion?.() ?? 'before', client instanceof modern.Client ? '2026-07-28' : 'before');
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((t) => t.name).sort(), ['list', 'read_document', 'rerank', 'search']);

  const found = await call('search', { query: 'why does my fruit split?', k: 3 });
  const [hit] = found.structuredContent.hits;
  assert.match(hit.key, /tomatoes\.html$/);
  assert.match(found.content[0].text, /tomatoes\.html/);
  const read = await call('read_document', { key: hit.key, start: hit.start, length: 100 });
  assert.match(read.structuredContent.text, /Growing tomatoes/);
  const listed = await call('list', { glob: '*.pdf' });
  assert.equal(listed.structuredContent.documents.length, 1);
  const ranked = await call('rerank', { query: 'loss of bone', texts: ['rain', 'calcium for bones'] });
  assert.deepEqual(ranked.structuredContent.ranking.map((r) => r.text), [1, 0]);
  const refused = await call('read_document', { key: '/etc/passwd' });
  assert.ok(refused.isError && /no document/.test(refused.content[0].text));

  const reports = [];
  const start = performance.now();
  await call('rerank', { query: 'loss of bone', texts }, { onprogress: (p) => reports.push(p.progress) });
  const seconds = (performance.now() - start) / 1000;
  assert.ok(reports.length <= 2 * seconds && (reports.length > 0 || seconds < 1.2), `${reports.length} reports in ${seconds} s`);
  assert.deepEqual(reports, reports.toSorted((a, b) => a - b));

  const giveUp = new AbortController();
  const given = assert.rejects(call('rerank', { query: 'loss of bone', texts: many }, { signal: giveUp.signal }));
  setTimeout(() => giveUp.abort(), 100);
  await given;
  assert.equal((await call('list', { limit: 1 })).structuredContent.documents.length, 1);
  await client.close();
  console.log(`${name}: 4 tools, ${reports.length} reports of progress in ${seconds.toFixed(1)} s, cancelled`);
}

const about = { name: 'check', version: '1' };
for (const where of ['stdio', 'http']) {
  const started = { command, args, stderr: 'inherit' };
  const old = new classic.Client(about);
  await check(`npm 1.x, ${where}`, old, where === 'stdio' ? new StdioClientTransport(started) : new StreamableHTTPClientTransport(new URL(url)),
    (name, a, o) => old.callTool({ name, arguments: a }, undefined, o));
  const client = new modern.Client(about, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await check(`npm 2.x, ${where}`, client, where === 'stdio' ? new modernStdio.StdioClientTransport(started) : new modern.StreamableHTTPClientTransport(new URL(url)),
    (name, a, o) => client.callTool({ name, arguments: a }, o));
}
