#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: inputs=.
#
# Spelling, scripts, the tool's format and manual pages.

set -euo pipefail
. tests/ktap.sh
. tests/static/files.sh
ktap_begin

scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"

# Put together here, so that the mistake itself is not in the tree.
printf 'this is t%s text\n' eh >"$scratch/spelling.txt"
spelling() { codespell --quiet-level=2 "$@"; }
refute "codespell finds a mistake" spelling "$scratch/spelling.txt"
expect_text "and says which" "==> the"
mapfile -t files < <(project_files | grep -vxF COPYING | require_files "files")
check "spelling" spelling "${files[@]}"

# shellcheck disable=SC2016
printf '#!/bin/bash\nrm $1\n' >"$scratch/unquoted.sh"
shell() { shellcheck --external-sources "$@"; }
refute "shellcheck finds a mistake" shell "$scratch/unquoted.sh"
expect_text "and says which" "SC2086"
mapfile -t files < <(shell_files | require_files "shell scripts")
for file in "${files[@]}"; do
	check "shellcheck $file" shell "$file"
done
# A script that must not end at its first failing step says why.
strict() {
	local lax=0
	for file; do
		head -n 1 "$file" | grep -q '^#!.*bash' || continue
		grep -qxE 'set -E?euo pipefail|# Not strict: .+' "$file" || {
			echo "$file: neither 'set -euo pipefail' nor '# Not strict: REASON'"
			lax=1
		}
	done
	return "$lax"
}
refute "a script without strict mode is found" strict "$scratch/unquoted.sh"
check "scripts fail on errors" strict "${files[@]}"

printf 'import os\n' >"$scratch/unused.py"
refute "pyflakes finds a mistake" pyflakes3 "$scratch/unused.py"
expect_text "and says which" "'os' imported but unused"
mapfile -t files < <(python_files | require_files "Python scripts")
check "Python scripts" pyflakes3 "${files[@]}"

printf 'int main(void) {\n  return 0; }\n' >"$scratch/format.c"
format() { clang-format --style=file:.clang-format --dry-run --Werror "$@"; }
refute "clang-format finds a mistake" format "$scratch/format.c"
expect_text "and says where" "format.c:1"
mapfile -t files < <(project_files 'tools/*.[ch]' | handwritten | require_files "sources of the tool")
for file in "${files[@]}"; do
	check "clang-format $file" format "$file"
done

printf '.SH NAME\nno title\n' >"$scratch/page.8"
manual() { mandoc -T lint -W style "$@"; }
refute "mandoc finds a mistake" manual "$scratch/page.8"
expect_text "and says which" "missing manual title"
mapfile -t files < <(project_files 'tools/*.8' | require_files "manual pages")
for file in "${files[@]}"; do
	check "mandoc $file" manual "$file"
done

ktap_end
