# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Completion of chaos(1) for bash: verbs, options, names of domains, files.

# What the command says of itself: no list here that could grow stale.
_chaos_verbs() {
	chaos help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

_chaos_options() {
	chaos help "$1" 2>/dev/null | head -n 1 | grep -o -e '--[a-z-]*'
	echo --help
}

# What libchaos keeps, so that no domain is asked for.
_chaos_names() {
	ls -- "${CHAOS_RUN_DIR:-/run/chaos}/names" 2>/dev/null
}

_chaos() {
	local cur=${COMP_WORDS[COMP_CWORD]} at=1 verb words
	COMPREPLY=()

	case ${COMP_WORDS[1]} in
	-v | --verbose) at=2 ;;
	esac
	if [ "$COMP_CWORD" -le "$at" ]; then
		words="$(_chaos_verbs)"
		[ "$at" = 2 ] || words="$words --verbose"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	verb=${COMP_WORDS[at]}
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(
			compgen -W "$(_chaos_options "$verb")" -- "$cur")
		return
	fi
	case $verb in
	create)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	help) words="$(_chaos_verbs)" ;;
	list | gc | doctor | version) return ;;
	wait)
		words="running idle paused shutdown crashed gone $(_chaos_names)"
		;;
	*) words="$(_chaos_names)" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _chaos chaos
