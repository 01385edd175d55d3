// SPDX-License-Identifier: BSD-2-Clause
/* Where it begins; apart, so that the tests can have a main() of their own. */
#include "cmd.h"

int main(int argc, char **argv)
{
	return cmd_main(argc, argv);
}
