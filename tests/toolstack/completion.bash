#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the completion of chaos offers; the argument is the built command.
set -u
here=${BASH_SOURCE[0]%/*}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/run/names"
ln -s "$(realpath "$1")" "$dir/bin/chaos"
touch "$dir/run/names/web1" "$dir/run/names/web2" "$dir/run/names/db" \
	"$dir/web.cfg"
PATH=$dir/bin:$PATH
export CHAOS_RUN_DIR=$dir/run
# shellcheck source=chaos-toolstack/completion/chaos.bash
. "$here/../../chaos-toolstack/completion/chaos.bash"

nr=0 failed=0
# offers WORD... = EXPECTED...: the last WORD is the one being typed.
offers() {
	COMP_WORDS=(chaos)
	while [ "$1" != = ]; do
		COMP_WORDS+=("$1")
		shift
	done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_chaos
	nr=$((nr + 1))
	if [ "${COMPREPLY[*]}" = "$*" ]; then
		echo "ok $nr - ${COMP_WORDS[*]}"
	else
		echo "not ok $nr - ${COMP_WORDS[*]}"
		echo "# offers: ${COMPREPLY[*]}"
		failed=1
	fi
}

cd "$dir" || exit 1
offers dest = destroy
offers unp = unpause
offers -v dest = destroy
offers destroy web = web1 web2
offers destroy web1 d = db
offers -v info w = web1 web2
offers create we = web.cfg
offers create --dry = --dry-run
offers gc --d = --dry-run
offers wait db sh = shutdown
offers help doc = doctor
offers list w = web1 web2
offers version w =
offers doctor --j = --json
offers shutdown --t = --timeout=
offers --co = --color=
echo "1..$nr"
exit $failed
