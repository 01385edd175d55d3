// SPDX-License-Identifier: BSD-2-Clause
/* The empty static program whose fork+exec every benchmark runs beside us. */
int main(void)
{
	return 0;
}
