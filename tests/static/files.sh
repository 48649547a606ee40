# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which files of the project a static check looks at.

# project_files [PATHSPEC...]: every file that is not ignored, committed or not,
# that still exists; one a line.
project_files() {
	git ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
		while read -r file; do
			[[ ! -f $file || -L $file ]] || echo "$file"
		done
}

# What scripts/gen-netlink makes answers to its spec alone.
handwritten() { grep -vE '(-gen\.[ch]|^include/uapi/linux/braid_.*\.h)$'; }

kernel_c_files() { project_files 'kmod/*.[ch]' 'tests/kunit/*.[ch]' | handwritten; }

# Shell scripts by shebang or, for sourced ones, by shellcheck's directive.
shell_files() {
	project_files | while read -r file; do
		if head -n 3 "$file" | tr -d '\0' | grep -qE '^#!.*\b(ba|da)?sh\b|^# shellcheck shell='; then
			echo "$file"
		fi
	done
}

python_files() {
	project_files | while read -r file; do
		if [[ $file == *.py ]] || head -n 1 "$file" | tr -d '\0' | grep -q '^#!.*python'; then
			echo "$file"
		fi
	done
}

# require_files WHAT: stdin passed on; a check that has lost its input must fail.
require_files() {
	local input
	input=$(cat)
	if [[ -z $input ]]; then
		echo "no $1 found" >&2
		return 1
	fi
	printf '%s\n' "$input"
}
