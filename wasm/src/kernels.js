// The SIMD kernels of the browser: WebAssembly modules beside Go's, which work on
// Go's memory and are called by it (infer/simd, build tag tollersimd).
//
//	const kernels = await loadKernels((file) => fetch(new URL(file, base)).then((r) => r.arrayBuffer()));
//	const { instance } = await WebAssembly.instantiate(program, { ...go.importObject, ...kernels.imports });
//	await kernels.attach(instance.exports.mem);
//	go.run(instance);
//
// Memory may grow while Go runs: a WebAssembly memory stays the same object.

/** @typedef {"simd128" | "relaxed"} Variant */

/** The variants by their numbers in infer/simd, slowest first. @type {readonly Variant[]} */
export const VARIANTS = ["simd128", "relaxed"];

/** What a module exports, and Go imports with the variant's number before it. */
const FUNCTIONS = [
	"panels",
	"max_panels",
	"pack_panel",
	"add",
	"scale",
	"scale_rows",
	"rotate",
	"layer_norm",
	"softmax",
	"geglu",
	"widen",
	"decode_int8",
	"decode_residual",
];

// Modules of one function () -> v128: of constants, i8x16.popcnt, and
// f32x4.relaxed_madd.
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0];
const ZERO = [0xfd, 12, ...new Array(16).fill(0)];
/** @param {number[]} body */
const probe = (body) => new Uint8Array([...HEAD, 10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b]);
/** @type {Record<Variant, Uint8Array<ArrayBuffer>>} */
const PROBES = {
	simd128: probe([...ZERO, 0xfd, 98]),
	relaxed: probe([...ZERO, ...ZERO, ...ZERO, 0xfd, 0x85, 2]),
};

/**
 * The variants that this engine runs, slowest first; none on an engine without
 * SIMD.
 * @returns {Variant[]}
 */
export function supportedVariants() {
	return VARIANTS.filter((name) => WebAssembly.validate(PROBES[name]));
}

/**
 * Compiles the kernels that this engine runs.
 * @param {(file: string) => BufferSource | Promise<BufferSource>} read gives the
 *   bytes of "simd128.wasm" or "relaxed.wasm"
 * @param {readonly Variant[]} [variants] to choose from, all where there are none
 * @returns {Promise<Kernels>}
 */
export async function loadKernels(read, variants = VARIANTS) {
	const names = supportedVariants().filter((name) => variants.includes(name));
	const modules = await Promise.all(names.map(async (name) => WebAssembly.compile(await read(`${name}.wasm`))));
	return new Kernels(Object.fromEntries(names.map((name, i) => [name, modules[i]])));
}

/** Kernels for one instance of Go. */
export class Kernels {
	/** What Go's instance imports beside its own. @type {WebAssembly.Imports} */
	imports;

	/** Compiled, as they can be sent to a worker. @type {Partial<Record<Variant, WebAssembly.Module>>} */
	modules;

	/** @type {Record<string, Function[]>} a function of each variant by the variant's number */
	#targets = {};

	/** @type {boolean[]} */
	#attached = [];

	/** @param {Partial<Record<Variant, WebAssembly.Module>>} modules */
	constructor(modules) {
		this.modules = modules;
		/** @type {Record<string, (...parameters: number[]) => number | void>} */
		const toller = { has: (variant) => (this.#attached[variant] ? 1 : 0) };
		for (const name of FUNCTIONS) {
			/** @type {Function[]} */
			const targets = (this.#targets[name] = []);
			toller[name] = (variant, ...parameters) => targets[variant](...parameters);
		}
		this.imports = { toller };
	}

	/**
	 * Connects the kernels to Go's memory, before Go runs.
	 * @param {WebAssembly.Memory} memory
	 */
	async attach(memory) {
		for (const [number, name] of VARIANTS.entries()) {
			const module = this.modules[name];
			if (!module) continue;
			const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
			for (const f of FUNCTIONS) this.#targets[f][number] = /** @type {Function} */ (exports[f]);
			this.#attached[number] = true;
		}
	}

	/** The fastest variant that is connected, which Go uses first; "none" without any. @returns {Variant | "none"} */
	get variant() {
		return VARIANTS.findLast((_, number) => this.#attached[number]) ?? "none";
	}
}
