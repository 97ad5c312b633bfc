// The runtimes that toller is compared with. Each is { name, run }: run takes the
// ids of a document of whole words between the tokenizer's first and last token, and
// the text that has them, and gives the vectors of its first and last token, one
// after the other.

/** @typedef {{ ids: number[], text: string }} Document */
/** @typedef {{ name: string, run: (document: Document) => Promise<number[]> | number[] }} Runner */

/** @param {ArrayLike<number>} vector */
function unit(vector) {
	const values = Array.from(vector);
	const length = Math.hypot(...values);
	return values.map((v) => v / length);
}

/** The first and the last of the vectors in data, each of dim numbers. */
const ends = (data, dim) => [data.slice(0, dim), data.slice(data.length - dim)].flatMap(unit);

/** The inputs of a graph that to_onnx.py writes. */
function inputs(Tensor, ids) {
	const shape = [1, ids.length];
	return {
		input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
		attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
	};
}

/**
 * onnxruntime-web, one thread.
 * @param {any} ort the module
 * @param {Uint8Array} onnx the model
 * @returns {Promise<Runner>}
 */
export async function onnxruntime(ort, onnx) {
	ort.env.wasm.numThreads = 1;
	const session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
	return {
		name: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`,
		run: async ({ ids }) => {
			const { token_embeddings: out } = await session.run(inputs(ort.Tensor, ids));
			return ends(out.data, out.dims[2]);
		},
	};
}

/**
 * transformers.js, one thread, with the same graph in float32.
 * @param {any} library the module
 * @param {string} version
 * @param {string} wasm the folder of its onnxruntime
 * @param {string} folder where models lie
 * @param {string} model a folder there, laid out as on the hub
 * @returns {Promise<Runner>}
 */
export async function transformers({ AutoModel, Tensor, env }, version, wasm, folder, model) {
	Object.assign(env, { allowLocalModels: true, allowRemoteModels: false, useBrowserCache: false, localModelPath: folder });
	Object.assign(env.backends.onnx.wasm, { numThreads: 1, proxy: false, wasmPaths: wasm });
	const loaded = await AutoModel.from_pretrained(model, { dtype: "fp32", device: "wasm" });
	return {
		name: `transformers.js ${version}`,
		run: async ({ ids }) => {
			const { token_embeddings: out } = await loaded(inputs(Tensor, ids));
			return ends(out.data, out.dims[2]);
		},
	};
}

/**
 * pylate-rs, which takes texts: its time has its tokenizer's in it.
 * @param {any} library the module, initialised
 * @param {(file: string) => Promise<Uint8Array>} read a file that to_pylate_rs.py wrote
 * @returns {Promise<Runner>}
 */
export async function pylate({ ColBERT }, read) {
	const names = ["model.safetensors", "dense.safetensors", "tokenizer.json", "config.json", "sentence.json", "dense.json", "special.json"];
	const model = new ColBERT(...(await Promise.all(names.map(read))), 1);
	return {
		name: "pylate-rs 1.0.2",
		run: ({ ids, text }) => {
			const [vectors] = model.encode({ sentences: [text] }, false).embeddings;
			if (vectors.length !== ids.length) throw new Error(`pylate-rs: expected ${ids.length} vectors, found ${vectors.length}`);
			return [vectors[0], vectors.at(-1)].flatMap(unit);
		},
	};
}
