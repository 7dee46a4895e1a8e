#!/usr/bin/env bash
# System packages: PostGIS, and what prints Chinese PDFs, for everyone; with "test" also a browser.
# Says what is installed and why; installs nothing that is already there; never touches a server you have.
set -euo pipefail
flavour=${1:-demo}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
need() { # need PACKAGE REASON
    printf '  %-22s %s\n' "$1" "$2"
    missing+=("$1")
}

has_postgis() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null; }
has_browser() { [ -n "${WANGGE_CHROMIUM:-}" ] || command -v chromium-headless-shell chromium chromium-browser >/dev/null; }
# The same browser without windows takes two thirds of the time; not every system has it.
browser() { if apt-cache show chromium-headless-shell >/dev/null 2>&1; then echo chromium-headless-shell; else echo chromium; fi; }
has_font() { compgen -G '/usr/share/fonts/*/noto/NotoSansCJK*' >/dev/null || compgen -G '/usr/share/fonts/*/wqy/*' >/dev/null; }
has_pango() { local libraries; libraries=$(ldconfig -p 2>/dev/null); [[ $libraries == *libpangoft2-1.0.so.0* && $libraries == *libharfbuzz-subset.so.0* ]]; }
has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

has_venv || need python3-venv "to make the project's own Python environment"
has_postgis || need postgresql-postgis "PostgreSQL with PostGIS, run privately from this checkout"
has_pango || { need libpangoft2-1.0-0 "to lay out text in PDF briefs"; need libharfbuzz-subset0 "to keep their fonts small"; }
has_font || need fonts-noto-cjk "Chinese glyphs in PDF briefs"
if [ "$flavour" = test ]; then
    has_browser || { as_root apt-get update >/dev/null 2>&1 || true; need "$(browser)" "a real browser for the page tests"; }
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "These are needed, and this system has no apt: install them by its own means: ${missing[*]}" >&2
    exit 1
fi
echo "Installing the system packages above with apt"
# A first PostgreSQL would bring a server of its own on port 5432, which nobody asked for: the drop-in keeps it from being made.
drop_in=/etc/postgresql-common/createcluster.d/wangge.conf
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
    as_root mkdir -p "${drop_in%/*}"
    echo "create_main_cluster = false" | as_root tee "$drop_in" >/dev/null
    trap 'as_root rm -f "$drop_in"' EXIT
fi
log=$(mktemp)
if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "apt could not install: ${missing[*]}. Its whole log: $log" >&2
    exit 1
fi
rm -f "$log"
