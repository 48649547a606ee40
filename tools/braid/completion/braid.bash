# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of braid for bash. Needs nothing else: source it, or install it
# where bash-completion looks. The table _braid_table before this part is made
# from the tool's own words:
#
#   [OBJECT COMMAND]       words that the command takes after the key
#   [OBJECT:]              what the key of a new object names
#   [OBJECT COMMAND:]      what the key of that command names
#   [OBJECT:WORD]          values of the word, - if it has none, + if it may have several
#   [OBJECT:WORD|]         words, one of which follows
#   [OBJECT:WORD VARIANT]  values of that variant, - if it has none
#
# A value @KIND is the key of any object of that kind, @device any device, @file
# any file.

# Names of the files in a directory.
_braid_names() {
	local path
	for path in "$1"/*; do
		[[ ! -e $path ]] || printf '%s\n' "${path##*/}"
	done
}

# Keys of existing objects, names of devices.
_braid_keys() {
	local key
	if [[ $1 == device ]]; then
		_braid_names /sys/class/net
		return
	fi
	if [[ $1 == file ]]; then
		compgen -f -- "$_braid_current"
		return
	fi
	# Lines with a blank in front belong to the one before.
	"${_braid_tool[@]}" "$1" show 2>/dev/null | while IFS= read -r key; do
		[[ $key == ' '* ]] || printf '%s\n' "${key%% *}"
	done
}

_braid_values() {
	local value
	for value; do
		case $value in
		@*) _braid_keys "${value#@}" ;;
		- | +) ;;
		*) printf '%s\n' "$value" ;;
		esac
	done
}

# The words that may follow OBJECT COMMAND KEY WORDS...
_braid_after_key() {
	local object=$1 command=$2 word used=' ' state=word many=
	shift 3
	for word; do
		case $state in
		word)
			[[ -z $many || ${_braid_table[$object:$word]+is} ]] || continue
			many=
			used+="$word "
			state=$object:$word
			case ${_braid_table[$state]-} in
			-) state=word ;;
			+) many=1 ;;
			esac
			[[ -z ${_braid_table[$state|]-} ]] || state+='|'
			;;
		*'|')
			state="${state%|} $word"
			[[ ${_braid_table[$state]-} != - ]] || state=word
			;;
		*) state=word ;;
		esac
	done
	if [[ $state != word ]]; then
		_braid_split "${_braid_table[$state]-}"
		return
	fi
	_braid_split "${_braid_table[$object $command]-}" | while read -r word; do
		[[ $used == *" $word "* && ${_braid_table[$object:$word]-} != + ]] ||
			printf '%s\n' "$word"
	done
}

_braid_split() {
	local IFS=' '
	# shellcheck disable=SC2086
	_braid_values $1
}

# What may stand after these words.
_braid_candidates() {
	local object=${1-} command=${2-}
	case $# in
	0) _braid_split "${_braid_table[braid]}" ;;
	1) _braid_split "${_braid_table[$object]-}" ;;
	2)
		case ${_braid_table[$object $command]+is} in
		is) ;;
		*) return ;;
		esac
		if [[ ${_braid_table[$object $command:]+is} ]]; then
			_braid_split "${_braid_table[$object $command:]}"
		elif [[ $command == add ]]; then
			_braid_split "${_braid_table[$object:]-}"
		elif [[ $command != flush ]]; then
			_braid_keys "$object"
		fi
		;;
	*) _braid_after_key "$@" ;;
	esac
}

_braid() {
	local line=${COMP_LINE:0:COMP_POINT} typed=() words=() current candidates
	local _braid_tool=(braid) _braid_current i
	# Not COMP_WORDS: those are split at the colons of addresses.
	read -ra typed <<<"$line"
	[[ $line == *[[:blank:]] ]] && typed+=('')
	current=${typed[-1]}
	_braid_current=$current
	for ((i = 1; i < ${#typed[@]} - 1; i++)); do
		case ${typed[i]} in
		-n) _braid_tool+=(-n "${typed[++i]}") ;;
		-b) ((i++)) ;;
		-?*) ;;
		*) words+=("${typed[i]}") ;;
		esac
	done

	case ${typed[-2]-} in
	-n) candidates=$(_braid_names /run/netns) ;;
	-b) candidates=$(compgen -f -- "$current") ;;
	*)
		if [[ $current == -* && ${#words[@]} == 0 ]]; then
			candidates=$(_braid_split "${_braid_table[-]}")
		else
			candidates=$(_braid_candidates "${words[@]}")
		fi
		;;
	esac

	# The last item of a list; and bash replaces only what follows a colon.
	local list='' kept
	[[ $current != *,* ]] || list=${current%,*},
	kept=${current%"${current##*[:=]}"}
	COMPREPLY=()
	while read -r i; do
		i=$list$i
		[[ -n $i && $i != "$list" && $i == "$current"* ]] &&
			COMPREPLY+=("${i#"$kept"}")
	done <<<"$candidates"
}

complete -F _braid braid
