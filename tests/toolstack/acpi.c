// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ACPI tables of PVH guests, walked as a kernel does: by address, with
 * offsets of the specification instead of the structures that made them.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define PAGE 4096u
#define ADDR 0xa2000u

/* Writing behind the page shows. */
struct pages {
	uint8_t page[PAGE];
	uint8_t guard[PAGE];
};

static uint32_t get(const uint8_t *p, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

static void check_sum(const uint8_t *p, uint32_t length)
{
	uint8_t sum = 0;

	while (length--)
		sum = (uint8_t)(sum + *p++);
	assert_int_equal(sum, 0);
}

/* A table at a guest's address: inside the page, whole, of that name. */
static const uint8_t *table(const struct pages *m, uint64_t base,
			    const uint8_t *pointer, const char *signature,
			    uint32_t length)
{
	uint64_t addr = get(pointer, 4) | (uint64_t)get(pointer + 4, 4) << 32;
	const uint8_t *t;

	assert_true(addr >= base && addr + length <= base + PAGE);
	t = m->page + (addr - base);
	assert_memory_equal(t, signature, 4);
	assert_int_equal(get(t + 4, 4), length);
	check_sum(t, length);
	return t;
}

static void check_fadt(const struct pages *m, uint64_t base,
		       const uint8_t *fadt)
{
	const uint8_t *dsdt = table(m, base, fadt + 140, "DSDT", 36);

	assert_int_equal(fadt[8], 5);
	assert_int_equal(dsdt[8], 2);
	assert_int_equal(get(fadt + 40, 4), get(fadt + 140, 4));
	/* Hardware-reduced, and no register that would contradict it. */
	assert_int_equal(get(fadt + 112, 4) >> 20 & 1, 1);
	assert_int_equal(get(fadt + 56, 4), 0);
	assert_int_equal(get(fadt + 64, 4), 0);
	assert_int_equal(get(fadt + 76, 4), 0);
	/* No VGA, no RTC, no 8042, no other ISA device. */
	assert_int_equal(get(fadt + 109, 2), 0x24);
}

static void check_madt(const uint8_t *madt, uint32_t vcpus)
{
	const uint8_t *e = madt + 44;
	uint32_t i;

	assert_int_equal(get(madt + 36, 4), 0xfee00000);
	for (i = 0; i < vcpus; i++, e += 8) {
		assert_int_equal(e[0], 0);
		assert_int_equal(e[1], 8);
		assert_int_equal(e[2], i);
		assert_int_equal(e[3], 2 * i);
		assert_int_equal(get(e + 4, 4), 1);
	}
}

static void check_tables(const struct pages *m, uint64_t base, uint32_t vcpus)
{
	const uint8_t *rsdp = m->page, *xsdt, *fadt, *madt;

	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(rsdp[15], 2);
	assert_int_equal(get(rsdp + 16, 4), 0);
	assert_int_equal(get(rsdp + 20, 4), 36);
	check_sum(rsdp, 20);
	check_sum(rsdp, 36);
	xsdt = table(m, base, rsdp + 24, "XSDT", 36 + 2 * 8);
	fadt = table(m, base, xsdt + 36, "FACP", 268);
	madt = table(m, base, xsdt + 44, "APIC", 44 + 8 * vcpus);
	check_fadt(m, base, fadt);
	check_madt(madt, vcpus);
}

static void test_every_count(void **state)
{
	struct pages *m = malloc(sizeof(*m));
	uint32_t vcpus, i;

	(void)state;
	assert_non_null(m);
	for (vcpus = 1; vcpus <= CHAOS__ACPI_MAX_VCPUS; vcpus++) {
		memset(m, 0xcc, sizeof(*m));
		assert_int_equal(chaos__acpi_build(m->page, ADDR, vcpus), 0);
		check_tables(m, ADDR, vcpus);
		for (i = 0; i < PAGE; i++)
			assert_int_equal(m->guard[i], 0xcc);
	}
	free(m);
}

/* What was in the page before does not reach the guest. */
static void test_same_bytes(void **state)
{
	struct pages *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	memset(a, 0x55, sizeof(*a));
	memset(b, 0xaa, sizeof(*b));
	assert_int_equal(chaos__acpi_build(a->page, ADDR, 3), 0);
	assert_int_equal(chaos__acpi_build(b->page, ADDR, 3), 0);
	assert_memory_equal(a->page, b->page, PAGE);
	free(b);
	free(a);
}

static void test_refused(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t vcpus;
	} bad[] = {
		{ ADDR, 0 }, { ADDR, CHAOS__ACPI_MAX_VCPUS + 1 },
		{ ADDR, ~0u }, { ADDR + 16, 2 }, { 1ull << 32, 2 },
	};
	struct pages *m = calloc(1, sizeof(*m));
	size_t i;
	unsigned int k;

	(void)state;
	assert_non_null(m);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(chaos__acpi_build(m->page, bad[i].addr,
						   bad[i].vcpus), -EINVAL);
	for (k = 0; k < PAGE; k++)
		assert_int_equal(m->page[k], 0);
	/* The last page below 4 GB is as good as any. */
	assert_int_equal(chaos__acpi_build(m->page, 0xfffff000, 2), 0);
	check_tables(m, 0xfffff000, 2);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_count),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
