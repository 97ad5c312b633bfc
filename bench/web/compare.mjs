// Times toller's instruction sets, and onnxruntime-web, on the same weights, turn by
// turn in one process and on one thread. It runs in Node, as below, and in a page,
// which imports compare.
//
//	GOOS=js GOARCH=wasm go build -tags tollersimd -o $DIR/web.wasm ./bench/web
//	go run ./edge/cmd/toller pack CHECKPOINT -o $DIR/model.safetensors
//	python3 bench/peers/convert/to_onnx.py CHECKPOINT $DIR/model.onnx
//	(cd $DIR && npm install onnxruntime-web@1.30.0)
//	node bench/web/compare.mjs $DIR
//
// CHECKPOINT is a PyLate folder. Times are the process's processor time, in a page
// the time of day.

/** How often a set of kernels takes a turn, by tokens of the document. */
const TURNS = 11;
const LENGTHS = [16, 128, 300];

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];

/**
 * @param {object} o
 * @param {object} o.toller the global that bench/web's Go program makes
 * @param {object} [o.ort] the module onnxruntime-web
 * @param {Uint8Array} o.model a packed checkpoint
 * @param {Uint8Array} [o.onnx] the same for onnxruntime
 * @param {() => number} o.clock milliseconds
 * @param {(line: string) => void} o.log
 * @param {number} o.vocabulary ids are below
 */
export async function compare({ toller, ort, model, onnx, clock, log, vocabulary }) {
	await toller.open(model);
	const runners = (await toller.sets()).map((set) => ({ name: set, run: (ids) => toller.encode(set, ids) }));
	if (ort) {
		ort.env.wasm.numThreads = 1;
		const session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
		const run = async (ids) => {
			const shape = [1, ids.length];
			const { token_embeddings: out } = await session.run({
				input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
				attention_mask: new ort.Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
			});
			const dim = out.dims[2];
			return [0, ids.length - 1].flatMap((row) => unit(out.data.slice(row * dim, (row + 1) * dim)));
		};
		runners.push({ name: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`, run });
	}
	for (const length of LENGTHS) {
		const ids = Int32Array.from({ length }, (_, i) => 1000 + ((i * 7919) % (vocabulary - 1000)));
		const times = runners.map(() => []);
		let vectors;
		for (let turn = -2; turn < TURNS; turn++) {
			for (const [i, { name, run }] of runners.entries()) {
				if (name === "generic" && turn > 0) continue;
				const repeats = name === "generic" || turn < 0 ? 1 : Math.ceil(300 / length);
				const start = clock();
				let found;
				for (let r = 0; r < repeats; r++) found = await run(ids);
				if (turn >= 0) times[i].push((clock() - start) / repeats);
				vectors ??= found;
				const cosine = found.reduce((sum, v, j) => sum + v * vectors[j], 0) / 2;
				if (!(cosine > 0.99999)) throw new Error(`${name}: vectors have a cosine of ${cosine} with ${runners[0].name}`);
			}
		}
		for (const [i, { name }] of runners.entries()) {
			// Ratios are those of turns, so that what slows the machine slows both.
			const last = times.at(-1);
			const ratios = times[i].map((t, turn) => last[turn] / t);
			const q = (values) => [0.25, 0.5, 0.75].map((p) => quantile(values, p).toFixed(2)).join(" ");
			log(`${length} tokens  ${name.padEnd(24)} ms ${q(times[i]).padEnd(24)} times as fast as the last: ${q(ratios)}`);
		}
	}
}

function unit(vector) {
	const length = Math.hypot(...vector);
	return [...vector].map((v) => v / length);
}

/** Starts the program and waits until it is ready. */
export async function start(program, kernels) {
	const go = new globalThis.Go();
	const { instance } = await WebAssembly.instantiate(program, { ...go.importObject, ...kernels.imports });
	await kernels.attach(instance.exports.mem);
	go.run(instance);
	return globalThis.toller;
}

async function inNode(dir) {
	const fs = await import("node:fs");
	const path = await import("node:path");
	const { createRequire } = await import("node:module");
	const { execFileSync } = await import("node:child_process");
	const { loadKernels } = await import("../../wasm/src/kernels.js");
	const require = createRequire(path.resolve(dir, "package.json"));
	require(path.join(execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim(), "lib/wasm/wasm_exec.js"));
	const read = (name) => new Uint8Array(fs.readFileSync(path.join(dir, name)));
	const kernels = await loadKernels((file) => fs.readFileSync(new URL(`../../wasm/kernels/${file}`, import.meta.url)));
	const onnx = fs.existsSync(path.join(dir, "model.onnx"));
	await compare({
		toller: await start(read("web.wasm"), kernels),
		ort: onnx ? require("onnxruntime-web") : undefined,
		model: read("model.safetensors"),
		onnx: onnx ? read("model.onnx") : undefined,
		clock: () => {
			const { user, system } = process.cpuUsage();
			return (user + system) / 1000;
		},
		log: console.log,
		vocabulary: 30000,
	});
	process.exit();
}

if (globalThis.process?.argv?.[2]) await inNode(process.argv[2]);
