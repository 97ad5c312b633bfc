#!/usr/bin/env bash
# Builds the bindings for Android into ../android/core/toller-core.aar. It needs Go, a
# JDK, and the Android SDK with an NDK: ANDROID_HOME says where, and ANDROID_NDK_HOME
# where several lie in it.
#
#   --arm64          for 64-bit phones alone, which is a third of the size
#   --without-model  without the embedded model, 23 MB less
#   -o FILE          another file
set -euo pipefail

targets=android/arm64,android/arm,android/amd64
packages=(github.com/toller-search/toller/mobile github.com/toller-search/toller/mobile/builtin)
out=
while [ $# -gt 0 ]; do
	case $1 in
	--arm64) targets=android/arm64 ;;
	--without-model) packages=("${packages[0]}") ;;
	-o)
		out=$(realpath "${2:?expected a file after -o}")
		shift
		;;
	*)
		echo "usage: $0 [--arm64] [--without-model] [-o FILE]" >&2
		exit 2
		;;
	esac
	shift
done
cd "$(dirname "$0")"
out=${out:-$PWD/../android/core/toller-core.aar}

# gomobile looks for gobind on the path: both in the version of go.mod.
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN=$tools go install golang.org/x/mobile/cmd/gobind golang.org/x/mobile/cmd/gomobile

# Android 15 runs on devices with pages of 16 kB, and the Play Store asks for
# libraries that can be loaded there.
PATH=$tools:$PATH gomobile bind -target="$targets" -androidapi 21 -javapkg search.toller \
	-trimpath -ldflags='-s -w -extldflags=-Wl,-z,max-page-size=16384' -o "$out" "${packages[@]}"
go run ./pages "$out"
ls -l "$out"
