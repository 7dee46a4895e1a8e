#!/usr/bin/env bash
# pgRouting for `make bench NAME=reach`, beside the newest PostgreSQL there is; nothing else needs it.
# Never fails: without it the benchmark says that this peer was not asked.
set -uo pipefail

version=$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -1)
[ -n "$version" ] || exit 0
[ -e "/usr/share/postgresql/$version/extension/pgrouting.control" ] && exit 0

package=postgresql-$version-pgrouting
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
    echo "pgRouting is not asked: $package is not installed, and this user may not install it"
    exit 0
fi
echo "Installing $package with apt, for the benchmark alone"
log=$(mktemp)
if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"; } >"$log" 2>&1; then
    echo "pgRouting is not asked: apt could not install $package ($(tail -1 "$log"))"
fi
rm -f "$log"
