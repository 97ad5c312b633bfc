#!/bin/sh
# Prepares a folder for compare.mjs and chromium.mjs:
#
#   bench/web/setup.sh DIR WHAT
#
# WHAT is a checkpoint that bench/peers/checkpoint.sh makes (edge-17m-shape, small, bert-384x6), or a folder in
# PyLate's layout. Each has a folder of its own in DIR; what already is there is left alone. What can't be had
# is named and left out of the comparison.
#
# Wanted: Go, node and npm, git, and python3 with numpy and onnx (on Debian python3-numpy, python3-onnx).
# pylate-rs isn't on npm: its build for browsers lies in its repository, which is cloned.
set -eu

[ $# -eq 2 ] || { echo "usage: $0 DIR WHAT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
peers=$here/../peers
what=$2
folder=
[ ! -d "$what" ] || folder=$(cd "$what" && pwd)
mkdir -p "$1"
cd "$1"
dir=$PWD
m=$dir/$(basename "$what")

missing() { echo "setup: $*" >&2; }
python=
for candidate in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$candidate" -c 'import numpy, onnx' >/dev/null 2>&1; then python=$candidate; fi
done
export PYTHONDONTWRITEBYTECODE=1

# convert OUT SCRIPT: from the checkpoint
convert() {
    [ ! -e "$m/$1" ] || return 0
    [ -n "$python" ] || { missing "no python3 with numpy and onnx: no $m/$1"; return 0; }
    rm -rf "$m/part"
    "$python" "$peers/convert/$2" "$m/checkpoint" "$m/part" && mv "$m/part" "$m/$1" || missing "no $m/$1"
}

if [ ! -e "$m/checkpoint" ]; then
    mkdir -p "$m"
    if [ -n "$folder" ]; then cp -R "$folder" "$m/checkpoint"; else "$peers/checkpoint.sh" "$m/checkpoint" "$what"; fi
fi
(cd "$here" && GOOS=js GOARCH=wasm go build -tags tollersimd -o "$dir/web.wasm" .)
if [ "$what" = small ]; then
    cp "$here/../../edge/builtin/toller-small.safetensors" "$m/model.safetensors" # with its embeddings in bytes
else
    (cd "$here" && go run ../../edge/cmd/toller pack "$m/checkpoint" -o "$m/model.safetensors")
fi
convert model.onnx to_onnx.py
convert pylate-rs to_pylate_rs.py

# --ignore-scripts: those of a dependency for Node only fetch files for CUDA.
[ -f package.json ] || npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts --omit=optional \
    onnxruntime-web@1.30.0 @huggingface/transformers@4.3.2 playwright-core@1.65.1 >/dev/null || missing "npm can't install all peers"

commit=6a1fa2cde07385d2b05d5ad0bce541127b9ebc26 # 1.0.2
if [ ! -e pylate-rs ]; then
    rm -rf pylate-rs.part
    git clone -q https://github.com/lightonai/pylate-rs pylate-rs.part && git -C pylate-rs.part checkout -q "$commit" &&
        cp -R pylate-rs.part/docs/pkg pylate-rs || missing "no pylate-rs"
    rm -rf pylate-rs.part
fi
for file in "$m/model.safetensors" "$m/model.onnx" "$m/pylate-rs" node_modules/onnxruntime-web node_modules/@huggingface/transformers pylate-rs; do
    if [ -e "$file" ]; then echo "ready    $file"; else echo "missing  $file"; fi
done
