#!/usr/bin/env bash
# What `make bench NAME=$1` needs of the system beside what every test needs: pgRouting for reach, wrk for lookup.served.
# Never fails: the benchmark says what was not asked.
set -uo pipefail

case $1 in
reach)
    version=$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -1)
    [ -n "$version" ] || exit 0
    package=postgresql-$version-pgrouting
    [ -e "/usr/share/postgresql/$version/extension/pgrouting.control" ] && exit 0
    ;;
lookup.served)
    package=wrk
    command -v wrk >/dev/null && exit 0
    ;;
*) exit 0 ;;
esac

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
    echo "$package is not installed, and this user may not install it"
    exit 0
fi
echo "Installing $package with apt, for the benchmark alone"
log=$(mktemp)
if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"; } >"$log" 2>&1; then
    echo "apt could not install $package ($(tail -1 "$log"))"
fi
rm -f "$log"
