#!/usr/bin/env bash
# Fetches Claude Code's own client into .cache/client, unless it is there, and prints where it is. The
# version and its content are pinned: every statement about the client was captured from this one.
# Needs npm once, and a Linux on x86-64.
set -euo pipefail

package=@anthropic-ai/claude-code-linux-x64
version=2.1.330
sha512=f469fe57b0ed27c3359f3b4ff42783565f60dd1b6b7a923bace153c8f4519d97bc0facde6c81ca982ecebc16aeb9cb803f45f493ce520cdfcb3d56728ec19ecd
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
client=$top/.cache/client/claude-$version

fail() {
  echo "could not fetch Claude Code's own client: $*" >&2
  exit 1
}

platform="$(uname -s) $(uname -m)"
if [ "$platform" != "Linux x86_64" ]; then fail "this is $platform, and the pinned one is for Linux x86_64"; fi

mkdir -p "$top/.cache/client"
(
  # Two may start at once; the second finds the work of the first. Where there is no flock, two first
  # starts at once are the user's to avoid.
  if command -v flock >/dev/null; then flock 9; fi
  if [ -x "$client" ]; then exit; fi
  command -v npm >/dev/null || fail "there is no npm here"
  work=$(mktemp -d "$top/.cache/client/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  npm pack --silent --cache "$work/npm" "$package@$version" >"$work/name" || fail "npm pack $package@$version"
  archive=$(cat "$work/name")
  echo "$sha512  $archive" | sha512sum --check --status || fail "$archive is not what was pinned"
  tar -xzf "$archive" package/claude
  # Only a whole one ever has the name.
  mv package/claude "$client"
) 9>"$top/.cache/client/lock"

printf '%s\n' "$client"
