#!/usr/bin/env bash
# The project's own Python environment, from the lock file, in .venv/. Safe to run twice; does nothing when up to date.
set -euo pipefail
lock=$1
python=${PYTHON:-python3}

"$python" - <<'PY' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Wangge needs Python 3.11 or newer; this is {sys.version.split()[0]}. Name another with PYTHON=python3.12 make ...")
PY

stamp=.venv/set-up-from
wanted=$(cat "$lock" pyproject.toml setup/python.sh | sha256sum | cut -d' ' -f1)
# The fuller environment serves the smaller one too: `make demo` after `make test` changes nothing.
fuller=$(cat requirements-dev.lock pyproject.toml setup/python.sh | sha256sum | cut -d' ' -f1)
found=$(cat "$stamp" 2>/dev/null || true)
if [ -x .venv/bin/wangge ] && { [ "$found" = "$wanted" ] || [ "$found" = "$fuller" ]; }; then exit 0; fi

echo "Installing Python packages from $lock into .venv"
[ -x .venv/bin/python ] && .venv/bin/python -c pass 2>/dev/null || { rm -rf .venv; "$python" -m venv .venv; }
rm -f "$stamp"
pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@" ; }
# Half of the time would go to byte code of modules that nobody imports; what is imported keeps its own.
pip install --no-compile --no-deps --require-hashes -r "$lock"
pip install --no-deps --no-build-isolation --editable .
# The browser assets come from npm packages; where the system has no npm, one comes as a Python package.
command -v npm >/dev/null || pip install --no-deps --require-hashes -r setup/node.lock
echo "$wanted" >"$stamp"
