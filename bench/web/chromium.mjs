// Runs compare.mjs in a page of headless Chromium, one worker of a page that has
// no special headers:
//
//	node bench/web/chromium.mjs $DIR [CHROMIUM]
//
// $DIR is prepared as for compare.mjs, with playwright-core beside
// onnxruntime-web.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import { createRequire } from "node:module";
import * as path from "node:path";

const dir = path.resolve(process.argv[2]);
const { chromium } = createRequire(path.join(dir, "package.json"))("playwright-core");
const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
const folders = { repository: path.resolve(import.meta.dirname, "../.."), dir, go: path.join(root, "lib/wasm") };
const types = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

const worker = `
	import "/go/wasm_exec.js";
	import { compare, start } from "/repository/bench/web/compare.mjs";
	import { loadKernels } from "/repository/wasm/src/kernels.js";
	import * as ort from "/dir/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs";
	const read = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
	const kernels = await loadKernels((file) => read("/repository/wasm/kernels/" + file));
	const log = (line) => postMessage(line);
	try {
		const toller = await start(await read("/dir/web.wasm"), kernels);
		log("kernels: " + kernels.variant);
		await compare({ toller, ort, model: await read("/dir/model.safetensors"), onnx: await read("/dir/model.onnx"), clock: () => performance.now(), log, vocabulary: 30000 });
	} catch (error) {
		log(error.stack);
	}
	log("");
`;
const pages = { "/": ["text/html", "<!doctype html><title>compare</title>"], "/worker.mjs": ["text/javascript", worker] };

const server = http.createServer((request, response) => {
	const page = pages[request.url];
	const [, folder, ...rest] = request.url.split("/");
	const file = path.join(folders[folder] ?? "", ...rest);
	if (!page && !(folders[folder] && fs.existsSync(file))) {
		response.writeHead(404).end();
		return;
	}
	response.writeHead(200, { "Content-Type": page?.[0] ?? types[path.extname(file)] ?? "application/octet-stream" });
	response.end(page?.[1] ?? fs.readFileSync(file));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
	executablePath: process.argv[3] ?? "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
console.log(`Chromium ${browser.version()}`);
const page = await browser.newPage();
page.on("console", (message) => console.log(message.text()));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.evaluate(
	() =>
		new Promise((resolve) => {
			const worker = new Worker("/worker.mjs", { type: "module" });
			worker.onmessage = ({ data }) => (data === "" ? resolve() : console.log(data));
			worker.onerror = (event) => {
				console.log(`worker: ${event.message}`);
				resolve();
			};
		}),
);
await browser.close();
server.close();
