#!/usr/bin/env bash
# Gathers in a folder what `benches/gateway.py` measures with and compares with: wrk, nginx and haproxy as
# Debian packages, unpacked without root; LiteLLM in a virtual environment; Portkey's gateway. What cannot
# be had is said, and left out there.
#
#     benches/gateway_tools.sh [FOLDER]     by default target/gateway-tools
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${1:-$top/target/gateway-tools}
litellm=1.108.7
portkey=1.15.2
packages="wrk nginx nginx-common haproxy libluajit2-5.1-2 libluajit-5.1-common liblua5.3-0
    libopentracing-c-wrapper0 libopentracing1 libnginx-mod-http-ndk libnginx-mod-http-lua lua-resty-core
    lua-resty-lrucache libpcre3"

mkdir -p "$place/packages" "$place/npm"
place=$(cd "$place" && pwd -P)

if [ ! -x "$place/root/usr/bin/wrk" ] || [ ! -x "$place/root/usr/sbin/nginx" ]; then
    for package in $packages; do
        (cd "$place/packages" && apt-get download "$package" >/dev/null 2>&1) ||
            echo "there is no Debian package $package to be had; try: apt-get update" >&2
    done
    for package in "$place/packages"/*.deb; do
        if [ -e "$package" ]; then dpkg -x "$package" "$place/root"; fi
    done
    rm -rf "$place/packages"
fi

if [ "$("$place/litellm/bin/pip" show litellm 2>/dev/null | sed -n 's/^Version: //p')" != $litellm ]; then
    python3 -m venv --clear "$place/litellm" &&
        "$place/litellm/bin/pip" install --quiet --disable-pip-version-check "litellm[proxy]==$litellm" ||
        echo "there is no LiteLLM $litellm to be had" >&2
fi

if [ ! -d "$place/npm/node_modules/@portkey-ai/gateway" ]; then
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$place/npm" "@portkey-ai/gateway@$portkey" ||
        echo "there is no gateway of Portkey's $portkey to be had" >&2
fi
