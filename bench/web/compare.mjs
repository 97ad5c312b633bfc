// Times toller's instruction sets beside other runtimes on the same weights, turn by
// turn in one process and on one thread: onnxruntime-web in Node, as below, and
// transformers.js and pylate-rs too in a page, where chromium.mjs has it.
//
//	bench/web/setup.sh DIR WHAT
//	node bench/web/compare.mjs DIR/WHAT
//
// WHAT is edge-17m-shape, small, bert-384x6 or another checkpoint; see setup.sh. Times
// are processor time: the process's, or that of the page's worker.

import { onnxruntime } from "./peers.mjs";

/** How often each takes a turn, and the tokens of the document. */
const TURNS = 11;
const LENGTHS = [16, 128, 300];

/** What takes that long at once, in milliseconds, does so in fewer turns. */
const LONG = 2000;

const quartiles = (values) => {
	const sorted = values.toSorted((a, b) => a - b);
	return [0.25, 0.5, 0.75].map((p) => sorted[Math.floor(p * (sorted.length - 1))].toFixed(2)).join(" ");
};

/**
 * @param {object} o
 * @param {any} o.toller the global that bench/web's Go program makes
 * @param {import("./peers.mjs").Runner[]} o.peers
 * @param {Uint8Array} o.model a packed checkpoint
 * @param {any} o.tokenizer its tokenizer.json
 * @param {() => number | Promise<number>} o.clock milliseconds
 * @param {(line: string) => void} o.log
 */
export async function compare({ toller, peers, model, tokenizer, clock, log }) {
	await toller.open(model);
	const own = (await toller.sets()).map((set) => ({ name: set, run: ({ ids }) => toller.encode(set, ids) }));
	const runners = [...own, ...peers];
	for (const length of LENGTHS) {
		const document = documentOf(tokenizer, length);
		/** By runner, a time for each turn. @type {number[][]} */
		const times = runners.map(() => []);
		const worst = runners.map(() => 1);
		let vectors;
		for (let turn = -2; turn < TURNS; turn++) {
			for (const [i, { name, run }] of runners.entries()) {
				if (turn > 0 && (name === "generic" || (turn > 2 && times[i][0] > LONG))) continue;
				const repeats = name === "generic" || turn < 0 || times[i][0] > LONG ? 1 : Math.ceil(300 / length);
				const start = await clock();
				let found;
				for (let r = 0; r < repeats; r++) found = await run(document);
				if (turn >= 0) times[i].push(((await clock()) - start) / repeats);
				vectors ??= found;
				const cosine = found.reduce((sum, v, j) => sum + v * vectors[j], 0) / 2;
				if (!(cosine > 0.99)) throw new Error(`${name}: vectors have a cosine of ${cosine} with ${runners[0].name}`);
				worst[i] = Math.min(worst[i], cosine);
			}
		}
		for (const [i, { name }] of runners.entries()) {
			log(`${length} tokens  ${name.padEnd(24)} ms ${quartiles(times[i]).padEnd(24)} ${times[i].length} turns, smallest cosine ${worst[i].toFixed(6)}`);
		}
		// Ratios are those of turns, so that what slows the machine slows both.
		for (const [i, set] of own.entries()) {
			const others = runners.map((other, j) => ({ ...other, j })).filter(({ j }) => j !== i && (j >= own.length || j === 0));
			for (const { name, j } of others) {
				const turns = Math.min(times[i].length, times[j].length);
				const ratios = times[j].slice(0, turns).map((t, turn) => t / times[i][turn]);
				if (set.name !== "generic") log(`${length} tokens  ${name} takes ${quartiles(ratios)} times as long as ${set.name}`);
			}
		}
	}
}

/**
 * A document of so many tokens: words that are a token each, between the first and
 * the last one of every text.
 *
 * @param {any} tokenizer
 * @param {number} length
 * @returns {import("./peers.mjs").Document}
 */
function documentOf({ model: { vocab }, added_tokens: added, normalizer }, length) {
	const special = (name) => vocab[name] ?? added.find(({ content }) => content === name)?.id;
	const bytes = vocab["\u0120the"] !== undefined; // byte-level BPE, where words have a space before them
	const names = Object.keys(vocab).filter((name) => (bytes ? /^\u0120[a-z]{3,}$/ : /^[a-z]{3,}$/).test(name));
	names.sort((a, b) => vocab[a] - vocab[b]);
	if (names.length === 0 || special("[CLS]") === undefined || special("[SEP]") === undefined) throw new Error("tokenizer.json: expected words, [CLS] and [SEP]");
	const words = Array.from({ length: length - 2 }, (_, i) => names[(i * 7919 + 100) % names.length]);
	const text = words.map((word) => (bytes ? ` ${word.slice(1)}` : word)).join(bytes ? "" : " ");
	return { ids: [special("[CLS]"), ...words.map((word) => vocab[word]), special("[SEP]")], text };
}

/** Starts the program and waits until it is ready. */
export async function start(program, kernels) {
	const go = new globalThis.Go();
	const { instance } = await WebAssembly.instantiate(program, { ...go.importObject, ...kernels.imports });
	await kernels.attach(instance.exports.mem);
	go.run(instance);
	return globalThis.toller;
}

async function inNode(folder) {
	const fs = await import("node:fs");
	const path = await import("node:path");
	const { createRequire } = await import("node:module");
	const { execFileSync } = await import("node:child_process");
	const { loadKernels } = await import("../../wasm/src/kernels.js");
	const dir = path.dirname(path.resolve(folder));
	const require = createRequire(path.join(dir, "package.json"));
	require(path.join(execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim(), "lib/wasm/wasm_exec.js"));
	const read = (name) => new Uint8Array(fs.readFileSync(path.join(folder, name)));
	const kernels = await loadKernels((file) => fs.readFileSync(new URL(`../../wasm/kernels/${file}`, import.meta.url)));
	await compare({
		toller: await start(fs.readFileSync(path.join(dir, "web.wasm")), kernels),
		peers: fs.existsSync(path.join(folder, "model.onnx")) ? [await onnxruntime(require("onnxruntime-web"), read("model.onnx"))] : [],
		model: read("model.safetensors"),
		tokenizer: JSON.parse(fs.readFileSync(path.join(folder, "checkpoint/tokenizer.json"), "utf8")),
		clock: () => {
			const { user, system } = process.cpuUsage();
			return (user + system) / 1000;
		},
		log: console.log,
	});
	process.exit();
}

if (globalThis.process?.argv?.[2]) await inNode(process.argv[2]);
