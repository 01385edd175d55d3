# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Completion of chaos(1) for bash: verbs, options, names of domains, files.

# What the command says of itself: no list here that could grow stale.
_chaos_verbs() {
	chaos help --words 2>/dev/null
}

# What libchaos keeps, so that no domain is asked for.
_chaos_names() {
	ls -- "${CHAOS_RUN_DIR:-/run/chaos}/names" 2>/dev/null
}

_chaos() {
	local cur=${COMP_WORDS[COMP_CWORD]} at=1 words options word
	COMPREPLY=()

	while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} == -* ]]; do
		at=$((at + 1))
		# The shell takes --color=never apart.
		[[ ${COMP_WORDS[at]} != = ]] || at=$((at + 2))
	done
	if [ "$COMP_CWORD" -le "$at" ]; then
		words="$(_chaos_verbs)"
		[[ $cur != -* ]] || words="--verbose --color= --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	# Two lines: the options, and what else may follow.
	{
		read -r options
		read -r words
	} < <(chaos help --words "${COMP_WORDS[at]}" 2>/dev/null)
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
		return
	fi
	for word in $words; do
		case $word in
		@files)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				compgen -f -- "$cur")
			;;
		@domains)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				compgen -W "$(_chaos_names)" -- "$cur")
			;;
		@verbs)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				compgen -W "$(_chaos_verbs)" -- "$cur")
			;;
		*)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				compgen -W "$word" -- "$cur")
			;;
		esac
	done
}

complete -F _chaos chaos
