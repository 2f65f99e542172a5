#!/usr/bin/env bash
# Makes .venv at the root of the repository with the packages of requirements.txt, for the benchmarks and for the tests
# that load Attune's files in Python. Does nothing where .venv has them already. The last line of stdout is the interpreter.
#
# ATTUNE_PYTHON: the Python (3.11 or later) to make it from, default python3. Where that one has the packages itself, they
# are used in place (a .pth file in .venv points at them) and nothing is downloaded.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
venv="$root/.venv"
source_python="${ATTUNE_PYTHON:-python3}"

# Exit code 0 where the interpreter $1 has every pinned version; a version's local part (+cpu, +cu132) does not count.
satisfied() {
  "$1" - "$here/requirements.txt" <<'PYTHON'
import importlib.metadata, sys
if sys.version_info < (3, 11):
    sys.exit(1)
for line in open(sys.argv[1], encoding="utf-8"):
    line = line.split("#")[0].strip()
    if not line:
        continue
    name, version = line.split("==")
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(1)
    if found.split("+")[0] != version:
        sys.exit(1)
PYTHON
}

if [ -x "$venv/bin/python" ] && satisfied "$venv/bin/python"; then
  echo "$venv/bin/python"
  exit 0
fi
if ! "$source_python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "bench/python/setup.sh: '$source_python' is not a Python 3.11 or later; set ATTUNE_PYTHON" >&2
  exit 2
fi
"$source_python" -m venv --clear "$venv" >&2
if satisfied "$source_python"; then
  packages="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
  "$source_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$packages/attune-packages.pth"
else
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
fi
satisfied "$venv/bin/python"
echo "$venv/bin/python"
