// Runs compare.mjs in a page of headless Chromium, one worker of a page that has no
// special headers, with all peers that setup.sh found:
//
//	bench/web/setup.sh DIR WHAT
//	node bench/web/chromium.mjs DIR/WHAT [CHROMIUM]
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import { createRequire } from "node:module";
import * as path from "node:path";

const model = path.resolve(process.argv[2]);
const dir = path.dirname(model);
const { chromium } = createRequire(path.join(dir, "package.json"))("playwright-core");
const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
// As transformers.js wants it: the hub's files, and the graph in a folder of its own.
const folders = { repository: path.resolve(import.meta.dirname, "../.."), dir, model, go: path.join(root, "lib/wasm"), "hub/model": path.join(model, "checkpoint"), "hub/model/onnx": model };
const types = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".json": "application/json" };

const has = (...parts) => fs.existsSync(path.join(...parts));
const library = path.join(dir, "node_modules/@huggingface/transformers");
const found = {
	onnxruntime: has(model, "model.onnx") && has(dir, "node_modules/onnxruntime-web"),
	transformers: has(model, "model.onnx") && has(library) && JSON.parse(fs.readFileSync(path.join(library, "package.json"), "utf8")).version,
	// It has an onnxruntime of its own, where that isn't the one beside it.
	runtime: `/dir/node_modules/${has(library, "node_modules/onnxruntime-web") ? "@huggingface/transformers/node_modules/" : ""}onnxruntime-web/dist/`,
	pylate: has(model, "pylate-rs") && has(dir, "pylate-rs"),
};

const worker = `
	import "/go/wasm_exec.js";
	import { compare, start } from "/repository/bench/web/compare.mjs";
	import { onnxruntime, pylate, transformers } from "/repository/bench/web/peers.mjs";
	import { loadKernels } from "/repository/wasm/src/kernels.js";
	const found = ${JSON.stringify(found)};
	const read = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
	const log = (line) => postMessage(line);
	const peers = [];
	const add = async (name, make) => {
		if (!found[name]) return log(name + ": not run: not there");
		try {
			peers.push(await make());
		} catch (error) {
			log(name + ": not run: " + error);
		}
	};
	try {
		const kernels = await loadKernels((file) => read("/repository/wasm/kernels/" + file));
		const toller = await start(await read("/dir/web.wasm"), kernels);
		log("kernels: " + kernels.variant);
		await add("onnxruntime", async () => onnxruntime(await import("/dir/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs"), await read("/model/model.onnx")));
		await add("transformers", async () => transformers(await import("/dir/node_modules/@huggingface/transformers/dist/transformers.min.js"), found.transformers, location.origin + found.runtime, "/hub/", "model"));
		await add("pylate", async () => {
			const library = await import("/dir/pylate-rs/pylate_rs.js");
			await library.default({ module_or_path: "/dir/pylate-rs/pylate_rs_bg.wasm" });
			return pylate(library, (file) => read("/model/pylate-rs/" + file));
		});
		log("ready");
		await new Promise((resolve) => (onmessage = resolve));
		const tokenizer = await (await fetch("/model/checkpoint/tokenizer.json")).json();
		await compare({ toller, peers, model: await read("/model/model.safetensors"), tokenizer, clock: async () => Number(await (await fetch("/clock")).text()), log });
	} catch (error) {
		log(error.stack);
	}
	log("");
`;
// The processor time of the worker's thread, which others on the machine hardly change,
// where /proc has it.
function clock(response) {
	response.writeHead(200, { "Content-Type": "text/plain" });
	response.end(String(thread ? Number(fs.readFileSync(`${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6 : performance.now()));
}
let thread;
async function findThread() {
	if (!fs.existsSync("/proc/self/schedstat")) return console.log("times are wall times");
	const session = await browser.newBrowserCDPSession();
	const { processInfo } = await session.send("SystemInfo.getProcessInfo");
	const tasks = processInfo.flatMap(({ id }) => fs.readdirSync(`/proc/${id}/task`).map((task) => `/proc/${id}/task/${task}`));
	const workers = tasks.filter((task) => fs.readFileSync(`${task}/comm`, "utf8").startsWith("DedicatedWorker"));
	if (workers.length !== 1) throw new Error(`expected the thread of one worker, found ${workers.length}`);
	[thread] = workers;
}

const pages = { "/": ["text/html", "<!doctype html><title>compare</title><link rel=\"icon\" href=\"data:,\">"], "/worker.mjs": ["text/javascript", worker] };

const server = http.createServer((request, response) => {
	const { pathname } = new URL(request.url, "http://localhost");
	if (pathname === "/clock") return clock(response);
	const page = pages[pathname];
	const folder = Object.keys(folders).filter((name) => pathname.startsWith(`/${name}/`)).sort((a, b) => b.length - a.length)[0];
	const file = folder && path.join(folders[folder], pathname.slice(folder.length + 2));
	if (!page && !(file && fs.existsSync(file))) {
		response.writeHead(404).end();
		return;
	}
	response.writeHead(200, { "Content-Type": page?.[0] ?? types[path.extname(file)] ?? "application/octet-stream" });
	if (page) response.end(page[1]);
	else fs.createReadStream(file).pipe(response);
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
await page.exposeFunction("findThread", findThread);
await page.evaluate(
	() =>
		new Promise((resolve) => {
			const worker = new Worker("/worker.mjs", { type: "module" });
			worker.onmessage = async ({ data }) => {
				if (data === "") return resolve();
				if (data !== "ready") return console.log(data);
				await findThread();
				worker.postMessage("go");
			};
			worker.onerror = (event) => {
				console.log(`worker: ${event.message}`);
				resolve();
			};
		}),
);
await browser.close();
server.close();
