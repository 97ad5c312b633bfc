#!/bin/sh
# Builds the native library that github.com/daulet/tokenizers links, from the sources of that Go module, into a folder:
#
#   bench/tokenizers/build.sh DIR
#
# Then: CGO_LDFLAGS=-LDIR go test ./bench/tokenizers (see README.md). Wanted: go, a C compiler, and cargo, which gets the crates.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

source=$(cd "$here" && go mod download github.com/daulet/tokenizers && go list -m -f '{{.Dir}}' github.com/daulet/tokenizers)
rm -rf "$dir/crate"
mkdir "$dir/crate"
cp -R "$source/src" "$dir/crate/"

# Three changes to the manifest: tiktoken-rs comes from crates.io and not from a branch on GitHub, which nothing here
# calls; huggingface/tokenizers is the version that testdata was made with; and there are no benchmarks.
sed -e 's|^tiktoken-rs = .*|tiktoken-rs = "=0.7.0"|' \
	-e 's|^tokenizers = .*|tokenizers = "=0.22.2"|' \
	-e '/^\[dev-dependencies\]/,$d' "$source/Cargo.toml" >"$dir/crate/Cargo.toml"
chmod -R u+w "$dir/crate"

cargo build --release --manifest-path "$dir/crate/Cargo.toml" --target-dir "$dir/target"
cp "$dir/target/release/libtokenizers.a" "$dir/"
echo "export CGO_LDFLAGS=-L$dir"
