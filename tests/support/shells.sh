#!/usr/bin/env bash
# Gathers the shells whose reading of `groundwork env` is tested in .cache/shells/bin: a link to what is
# on this machine, and else the Debian package, unpacked beside it without root. Says what it could not get.
set -euo pipefail

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$support/../.." && pwd)
place=$top/.cache/shells
shells="bash zsh fish dash"

mkdir -p "$place"
# Two may start at once; the second finds the work of the first. The lock ends with this process.
exec 9>"$place.lock"
if command -v flock >/dev/null; then flock 9; fi
mkdir -p "$place/bin" "$place/root"
place=$(cd "$place" && pwd -P)

works() { [ -x "$place/bin/$1" ] && [ "$("$place/bin/$1" -c 'echo good' 2>/dev/null)" = good ]; }

# Debian's own lists, or, where there are none, ones of our own.
apt() {
    if [ -d "$place/apt" ]; then
        mkdir -p "$place/apt/lists/partial" "$place/apt/cache/archives/partial"
        apt-get -o "Dir::State::Lists=$place/apt/lists" -o "Dir::Cache=$place/apt/cache" "$@"
    else
        apt-get "$@"
    fi
}

fetch() {
    local package
    mkdir -p "$place/packages"
    for package in "$@"; do
        # A library that the machine has is not needed.
        if dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then continue; fi
        (cd "$place/packages" && apt download "$package") || return 1
    done
    for package in "$place/packages"/*.deb; do
        if [ -e "$package" ]; then dpkg -x "$package" "$place/root" || return 1; fi
    done
    rm -rf "$place/packages"
}

packages() {
    case $1 in
    zsh) echo zsh zsh-common libcap2 libtinfo6 ;;
    fish) echo fish fish-common libpcre2-32-0 libtinfo6 ;;
    *) echo "$1" libtinfo6 ;;
    esac
}

# Starts an unpacked shell with the libraries that came with it. Its children do not see how.
wrap() {
    local program loader libraries
    program=$(find "$place/root/bin" "$place/root/usr/bin" -name "$1" 2>/dev/null | head -n 1 || true)
    for loader in /lib64/ld-linux*.so.* /lib/ld-linux*.so.* /lib/*/ld-linux*.so.*; do
        if [ -n "$program" ] && [ -x "$loader" ]; then
            libraries=$(printf '%s:' "$place"/root/lib/*-linux-gnu* "$place"/root/usr/lib/*-linux-gnu*)
            printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$program" >"$place/bin/$1"
            chmod +x "$place/bin/$1"
            return
        fi
    done
}

for shell in $shells; do
    if works "$shell"; then continue; fi
    rm -f "$place/bin/$shell"
    if found=$(command -v "$shell"); then
        ln -s "$found" "$place/bin/$shell"
        continue
    fi
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        echo "fetching $shell" >&2
        # shellcheck disable=SC2046
        if ! fetch $(packages "$shell") >/dev/null 2>&1; then
            mkdir -p "$place/apt"
            # shellcheck disable=SC2046
            apt update >/dev/null 2>&1 && fetch $(packages "$shell") >/dev/null 2>&1 || true
        fi
        wrap "$shell"
    fi
    if ! works "$shell"; then
        rm -f "$place/bin/$shell"
        echo "there is no $shell on this machine, and no Debian package of it to be had: its tests fail" >&2
    fi
done
