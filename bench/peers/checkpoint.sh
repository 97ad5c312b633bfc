#!/bin/sh
# Makes a checkpoint in PyLate's layout that comparisons run:
#
#   bench/peers/checkpoint.sh OUT WHAT
#
# WHAT is edge-17m-shape, the checkpoint of testdata with the shape of mxbai-edge-colbert-v0-17m; small, the
# embedded model, its embeddings widened; or a shape such as bert-384x6: a BERT of width 384 with 6 layers.
# Weights but the embedded model's are random. OUT must not exist; it needs python3 with numpy for all but the
# first.
set -eu

[ $# -eq 2 ] || { echo "usage: $0 OUT WHAT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
testdata=$here/../../testdata
[ ! -e "$1" ] || { echo "$0: $1 exists" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
# It is made under another name first, so that what exists is complete.
part=$1.part
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT TERM

python=
for candidate in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$candidate" -c 'import numpy' >/dev/null 2>&1; then python=$candidate; fi
done
export PYTHONDONTWRITEBYTECODE=1
convert() {
    [ -n "$python" ] || { echo "$0: no python3 with numpy: no $1" >&2; exit 1; }
    "$python" "$here/convert/$@"
}

case $2 in
edge-17m-shape)
    (cd "$testdata/models/edge-17m-shape" && find . -type f) | while read -r file; do
        mkdir -p "$part/$(dirname "$file")"
        case $file in
        *.gz) gunzip -c "$testdata/models/edge-17m-shape/$file" >"$part/${file%.gz}" ;;
        *) cp "$testdata/models/edge-17m-shape/$file" "$part/$file" ;;
        esac
    done
    gunzip -c "$testdata/tokenizers/modernbert.json.gz" >"$part/tokenizer.json"
    ;;
small) convert unpack.py "$here/../../edge/builtin/toller-small.safetensors" "$part" ;;
bert-*x*)
    shape=${2#bert-}
    convert random_bert.py "$part" "${shape#*x}" "${shape%x*}"
    ;;
*)
    echo "$0: expected edge-17m-shape, small or bert-WIDTHxLAYERS, found $2" >&2
    exit 2
    ;;
esac
mv "$part" "$1"
