#!/usr/bin/env bash
# Builds the bindings for iOS, devices and simulators, into ../ios/TollerCore.xcframework.
# It needs macOS with Xcode, and Go.
#
#   --macos          for macOS too
#   --without-model  without the embedded model, 23 MB less
set -euo pipefail

targets=ios,iossimulator
packages=(github.com/toller-search/toller/mobile github.com/toller-search/toller/mobile/builtin)
while [ $# -gt 0 ]; do
	case $1 in
	--macos) targets=$targets,macos ;;
	--without-model) packages=("${packages[0]}") ;;
	*)
		echo "usage: $0 [--macos] [--without-model]" >&2
		exit 2
		;;
	esac
	shift
done
cd "$(dirname "$0")"

# gomobile looks for gobind on the path: both in the version of go.mod.
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN=$tools go install golang.org/x/mobile/cmd/gobind golang.org/x/mobile/cmd/gomobile

PATH=$tools:$PATH gomobile bind -target="$targets" -iosversion 15.0 -prefix Toller \
	-trimpath -ldflags='-s -w' -o ../ios/TollerCore.xcframework "${packages[@]}"
