// Builds what the sources in src need beside them: the Go program, Go's own
// JavaScript, the types, and the package of the small model.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist/`;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function run(command, args, env = {}) {
  return execFileSync(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' }).trim();
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const goroot = run('go', ['env', 'GOROOT']);
copyFileSync(`${goroot}/lib/wasm/wasm_exec.js`, `${dist}wasm_exec.js`);
writeFileSync(`${dist}wasm_exec.d.ts`, 'export {};\n');
copyFileSync(`${goroot}/LICENSE`, `${dist}LICENSE-go`);
/**
 * @param {string} name
 * @param {string} tags
 */
function buildProgram(name, tags) {
  run('go', ['build', '-trimpath', `-tags=${tags}`, '-ldflags=-s -w', '-o', `${dist}${name}.wasm`, `./cmd/${name}`], { GOOS: 'js', GOARCH: 'wasm' });
}
buildProgram('rank', 'tollersimd');
buildProgram('index', 'tollersimd,sqlite_js');
for (const variant of ['simd128', 'relaxed']) copyFileSync(`${root}kernels/${variant}.wasm`, `${dist}${variant}.wasm`);

// SQLite comes along, so that a page without a bundler finds it.
const built = buildSync({
  stdin: { contents: "export { default } from '@sqlite.org/sqlite-wasm';", resolveDir: root },
  bundle: true,
  minify: true,
  format: 'esm',
  legalComments: 'inline',
  write: false,
});
// Bundlers would look for the scripts of two workers that are never started.
const workers = /new URL\("sqlite3-[\w-]+\.m?js",import\.meta\.url\)/g;
const code = built.outputFiles[0].text;
const found = code.match(workers)?.length;
if (found !== 2) throw new Error(`SQLite's JavaScript: expected the scripts of 2 workers, found ${found}`);
writeFileSync(`${dist}sqlite3.js`, code.replace(workers, '""'));
copyFileSync(`${root}node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm`, `${dist}sqlite3.wasm`);
writeFileSync(`${dist}sqlite3.d.ts`, 'declare const init: (options: object) => Promise<any>;\nexport default init;\n');

const small = `${root}model-small/`;
const packed = 'toller-small.safetensors';
const source = `${root}../edge/builtin/${packed}`;
copyFileSync(source, `${small}${packed}`);
const content = readFileSync(source);
writeFileSync(
  `${small}index.js`,
  `// The model's file and what is known of it.
export const name = 'toller-small';
export const url = new URL('./${packed}', import.meta.url);
export const size = ${content.length};
export const sha256 = '${createHash('sha256').update(content).digest('hex')}';
`,
);
for (const place of [root, small]) copyFileSync(`${root}../LICENSE`, `${place}LICENSE`);

run('npx', ['tsc']);
