// Runs a Go program for js/wasm in Node with the SIMD kernels, for go test and go
// run:
//
//	GOOS=js GOARCH=wasm go test -tags tollersimd -exec "node --stack-size=8192 $PWD/wasm/kernels/go_js_wasm_exec.mjs" ./infer/simd
//
// TOLLER_KERNELS names the variants to provide, "simd128 relaxed" for one;
// without it those that the engine runs. Node 20 has relaxed SIMD behind a flag,
// which is set here.
import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import v8 from "node:v8";

import { loadKernels, VARIANTS } from "../src/kernels.js";

if (process.versions.v8.startsWith("11.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

const require = createRequire(import.meta.url);
Object.assign(globalThis, { require, fs, path });
globalThis.crypto ??= crypto.webcrypto;
const root = process.env.GOROOT || execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
require(path.join(root, "lib/wasm/wasm_exec.js"));

const program = process.argv[2];
if (!program) {
	console.error("usage: go_js_wasm_exec.mjs PROGRAM [ARGUMENT…]");
	process.exit(2);
}
const wanted = process.env.TOLLER_KERNELS === undefined ? VARIANTS : process.env.TOLLER_KERNELS.split(" ");
const kernels = await loadKernels((file) => fs.readFileSync(new URL(file, import.meta.url)), wanted);

const go = new globalThis.Go();
go.argv = process.argv.slice(2);
go.env = { TMPDIR: os.tmpdir(), ...process.env };
go.exit = process.exit;
const { instance } = await WebAssembly.instantiate(fs.readFileSync(program), { ...go.importObject, ...kernels.imports });
await kernels.attach(instance.exports.mem);
process.on("exit", (code) => {
	if (code === 0 && !go.exited) {
		// Nothing is left to wake Go: let it print who waits for what.
		go._pendingEvent = { id: 0 };
		go._resume();
	}
});
await go.run(instance);
