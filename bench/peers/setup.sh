#!/bin/sh
# Installs the runtimes that toller is compared with into a folder and converts a checkpoint for them:
#
#   bench/peers/setup.sh DIR [CHECKPOINT]
#
# CHECKPOINT is a PyLate folder, or a shape such as bert-384x6: a BERT of width 384 with 6 layers is made of
# random weights, in DIR/m/bert-384x6. Without it the checkpoint edge-17m-shape of testdata is unpacked to
# DIR/m/edge-17m-shape. What already is in DIR is left alone, so a run that was cut off can be repeated;
# another checkpoint needs a DIR of its own. What can't be had is named and left out.
#
# Wanted: node and npm, git, a C compiler, and python3 with numpy, onnx and venv. On Debian:
#   apt-get install nodejs npm git gcc libc6-dev python3-numpy python3-onnx python3-venv
set -eu

[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: $0 DIR [CHECKPOINT]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
checkpoint=
made=
case ${2-} in
"") made=edge-17m-shape ;;
bert-*x*) made=$2 ;;
*) checkpoint=$(cd "$2" && pwd) ;;
esac
mkdir -p "$1"
cd "$1"
[ -z "$made" ] || checkpoint=$PWD/m/$made

# Everything is made under another name first, so that a file that exists is complete.
part=$PWD/setup.part
rm -rf "$part"
mkdir "$part"
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT TERM

missing() { echo "setup: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

platform() {
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64) echo linux-arm64 ;;
    Darwin-arm64) echo mac-arm64-metal ;;
    Darwin-x86_64) echo mac-x64 ;;
    esac
}

# --ignore-scripts: onnxruntime-node's own script only fetches files for CUDA.
install() {
    have npm || { missing "npm is missing: no $1"; return 0; }
    [ -f package.json ] || npm init -y >/dev/null
    npm install --no-audit --no-fund --ignore-scripts --omit=optional "$@" || missing "npm can't install $*"
}

python=
for candidate in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$candidate" -c 'import numpy, onnx' >/dev/null 2>&1; then python=$candidate; fi
done
export PYTHONDONTWRITEBYTECODE=1

# convert OUT SCRIPT [OPTION]
convert() {
    [ ! -e "$1" ] || return 0
    [ -n "$python" ] || { missing "no python3 with numpy and onnx: no $1"; return 0; }
    out=$1 script=$2
    shift 2
    if "$python" "$here/convert/$script" "$checkpoint" "$part/$out" "$@"; then mv "$part/$out" "$out"; else missing "no $out"; fi
}

# The npm package has the libraries, the bundle inside node-llama-cpp the headers that belong to them.
build_llama() {
    libraries=$PWD/node_modules/@node-llama-cpp/$platform/bins/$platform
    [ -d "$libraries" ] || { missing "$libraries is missing: no llama_bench"; return 0; }
    have cc || { missing "no C compiler: no llama_bench"; return 0; }
    if [ ! -d llama.cpp ]; then
        have git || { missing "no git: no llama_bench"; return 0; }
        git clone -q --depth 1 "$PWD/node_modules/node-llama-cpp/llama/gitRelease.bundle" "$part/llama.cpp" ||
            { missing "the sources of llama.cpp can't be unpacked"; return 0; }
        mv "$part/llama.cpp" llama.cpp
    fi
    [ -e backends ] || ln -s "node_modules/@node-llama-cpp/$platform/bins/$platform" backends
    case $platform in mac-*) origin=@executable_path ;; *) origin=\$ORIGIN ;; esac
    if cc -O2 -D_POSIX_C_SOURCE=200809L -o "$part/llama_bench" "$here/runners/llama.c" -Illama.cpp/include -Illama.cpp/ggml/include \
        backends/libllama.* backends/libggml.* backends/libggml-base.* "-Wl,-rpath,$origin/backends"; then
        mv "$part/llama_bench" llama_bench
    else
        missing "no llama_bench"
    fi
}

# The wheel for CPUs alone is a tenth of the size, where the index has it. venv/torch is made last: it says
# that the environment is complete.
install_torch() {
    rm -rf venv
    python3 -m venv venv || { missing "python3 has no venv: no torch"; return 0; }
    if { venv/bin/pip install -q torch==2.13.0+cpu 2>/dev/null || venv/bin/pip install -q torch==2.13.0; } &&
        venv/bin/pip install -q transformers==5.24.0 sentence-transformers==6.2.0 fastapi==0.165.0 uvicorn==0.54.0 &&
        venv/bin/python -c 'import torch, sentence_transformers, fastapi, uvicorn'; then
        touch venv/torch
    else
        missing "no torch"
    fi
}

[ -e "$checkpoint" ] || "$here/checkpoint.sh" "$checkpoint" "$made"
[ -e node_modules/onnxruntime-node/package.json ] || install onnxruntime-node@1.30.0
convert model.onnx to_onnx.py
convert model.int8.onnx to_onnx.py --int8
platform=$(platform)
if [ -z "$platform" ]; then
    missing "llama.cpp: no libraries for $(uname -s) on $(uname -m)"
else
    [ -e node_modules/node-llama-cpp/package.json ] && [ -e "node_modules/@node-llama-cpp/$platform/package.json" ] ||
        install node-llama-cpp@3.22.1 "@node-llama-cpp/$platform@3.22.1"
    convert model.f16.gguf to_gguf.py
    [ -e llama_bench ] || build_llama
fi
[ -e venv/torch ] || install_torch

for file in "$checkpoint" node_modules/onnxruntime-node model.onnx model.int8.onnx model.f16.gguf llama_bench venv/torch; do
    if [ -e "$file" ]; then echo "ready    $file"; else echo "missing  $file"; fi
done
