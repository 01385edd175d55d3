// SPDX-License-Identifier: BSD-2-Clause
/* Kernels that are none, and where a PVH guest's things are put. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "elf_maker.h"
#include "image.h"
#include "layout.h"

static int try(struct fixture *f, const void *data, size_t size,
	       const char **why)
{
	struct chaos__image im;
	const char *file;
	char path[128];
	int rc;

	snprintf(path, sizeof(path), "%s/try", f->dir);
	fixture_write(path, data, size);
	rc = chaos__image_open(path, NULL, &im, why, &file);
	if (!rc)
		chaos__image_close(&im);
	return rc;
}

static void refused(struct fixture *f, const struct elf_file *elf,
		    const char *text)
{
	const char *why = NULL;

	assert_int_equal(try(f, elf, sizeof(*elf), &why), -ENOEXEC);
	if (!strstr(why, text))
		fail_msg("wanted \"%s\", got \"%s\"", text, why);
}

static void test_good(void **state)
{
	struct fixture *f = *state;
	struct chaos__image im;
	const char *why, *file;

	assert_int_equal(chaos__image_open(f->kernel, f->kernel, &im, &why,
					   &file), 0);
	assert_true(im.is_64);
	assert_true(im.has_pvh_entry);
	assert_int_equal(im.pvh_entry, ELF_ENTRY);
	assert_int_equal(im.nr_segments, 2);
	assert_int_equal(im.start, ELF_LOAD_ADDR);
	assert_int_equal(im.end, ELF_LOAD_ADDR + 0x2000 + 0x9000);
	assert_int_equal(im.ramdisk_size, sizeof(struct elf_file));
	chaos__image_close(&im);
}

/* Only what says that it is one counts as a Mini-OS. */
static void test_os(void **state)
{
	static const struct {
		const char *name;
		uint32_t size;
		bool minios;
	} names[] = {
		{ "Mini-OS", 8, true }, { "Mini-OS", 7, false },
		{ "Mini-OS", 5, false }, { "Mini-OSX", 8, false },
		{ "linux\0\0", 6, false }, { "", 0, false },
	};
	struct fixture *f = *state;
	const char *why, *file;
	struct chaos__image im;
	struct elf_file e;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		elf_make(&e);
		memcpy(e.note.os, names[i].name, strlen(names[i].name));
		e.note.os_nh.n_descsz = names[i].size;
		fixture_write(f->kernel, &e, sizeof(e));
		assert_int_equal(chaos__image_open(f->kernel, NULL, &im, &why,
						   &file), 0);
		assert_int_equal(im.minios, names[i].minios);
		chaos__image_close(&im);
	}
	elf_make(&e);
	e.note.os_nh.n_type = 0;
	fixture_write(f->kernel, &e, sizeof(e));
	assert_int_equal(chaos__image_open(f->kernel, NULL, &im, &why, &file),
			 0);
	assert_false(im.minios);
	chaos__image_close(&im);
}

static void test_missing(void **state)
{
	struct fixture *f = *state;
	struct chaos__image im;
	const char *why, *file;

	assert_int_equal(chaos__image_open("/nonexistent", NULL, &im, &why,
					   &file), -ENOENT);
	assert_int_equal(chaos__image_open("/", NULL, &im, &why, &file),
			 -EISDIR);
	assert_int_equal(chaos__image_open("/dev/null", NULL, &im, &why,
					   &file), -EINVAL);
	assert_int_equal(chaos__image_open(f->kernel, "/nonexistent", &im,
					   &why, &file), -ENOENT);
	assert_string_equal(file, "/nonexistent");
}

/* Nobody writes to it: refused, not waited for. */
static void test_fifo(void **state)
{
	struct fixture *f = *state;
	struct chaos__image im;
	const char *why, *file;
	char path[128];

	snprintf(path, sizeof(path), "%s/fifo", f->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_int_equal(chaos__image_open(path, NULL, &im, &why, &file),
			 -EINVAL);
	assert_int_equal(chaos__image_open(f->kernel, path, &im, &why, &file),
			 -EINVAL);
	alarm(0);
}

static void test_no_elf(void **state)
{
	struct fixture *f = *state;
	uint8_t zimage[0x400] = { 0 };
	const char *why;

	assert_int_equal(try(f, "", 0, &why), -ENOEXEC);
	assert_int_equal(try(f, "#!/bin/sh\n", 10, &why), -ENOEXEC);
	assert_string_equal(why, "not an ELF file");
	assert_int_equal(try(f, "\x1f\x8b\x08", 3, &why), -ENOEXEC);
	memcpy(zimage + 0x202, "HdrS", sizeof("HdrS"));
	assert_int_equal(try(f, zimage, sizeof(zimage), &why), -ENOEXEC);
	assert_non_null(strstr(why, "bzImage"));
}

#define SPOIL(what, text) do { \
	struct elf_file e; \
	elf_make(&e); \
	e.what; \
	refused(*state, &e, text); \
} while (0)

static void test_spoilt(void **state)
{
	SPOIL(eh.e_ident[EI_CLASS] = 7, "neither");
	SPOIL(eh.e_ident[EI_DATA] = ELFDATA2MSB, "little-endian");
	SPOIL(eh.e_machine = EM_AARCH64, "another processor");
	SPOIL(eh.e_phentsize = 8, "wrong size");
	SPOIL(eh.e_phnum = 0, "no program headers");
	SPOIL(eh.e_phnum = 65535, "too many");
	SPOIL(eh.e_phoff = ~0ull, "program headers are cut");
	SPOIL(ph[0].p_offset = ~0ull, "beyond its end");
	SPOIL(ph[0].p_offset = 0x10000000, "beyond its end");
	SPOIL(ph[1].p_filesz = 0x9000, "beyond its end");
	SPOIL(ph[1].p_filesz = 0xa000, "larger in the file");
	SPOIL(ph[1].p_memsz = ~0ull, "wraps");
	SPOIL(ph[1].p_paddr = ~0ull - 0x100, "wraps");
	SPOIL(ph[1].p_paddr = ELF_LOAD_ADDR + 0x1fff, "overlap");
	SPOIL(ph[2].p_offset = 0x10000000, "notes");
	SPOIL(ph[2].p_filesz = ~0ull, "notes");
}

/* Cut anywhere: refused, or without the entry that is then missed. */
static void test_truncated(void **state)
{
	struct fixture *f = *state;
	struct elf_file elf;
	const char *why;
	size_t n;

	elf_make(&elf);
	for (n = 0; n < sizeof(elf); n += n < 600 ? 1 : 97)
		assert_int_equal(try(f, &elf, n, &why), -ENOEXEC);
}

/* Bytes of the headers at random: never a crash, never out of the file. */
static void test_random_headers(void **state)
{
	struct fixture *f = *state;
	struct elf_file elf;
	const char *why;
	unsigned int i, j;

	srand(1);
	for (i = 0; i < 500; i++) {
		elf_make(&elf);
		for (j = 0; j < 3; j++)
			((uint8_t *)&elf)[rand() %
				offsetof(struct elf_file, text)] =
				(uint8_t)rand();
		try(f, &elf, offsetof(struct elf_file, text) + 0x100, &why);
	}
}

static void open_good(struct fixture *f, struct chaos__image *im)
{
	const char *why, *file;

	assert_int_equal(chaos__image_open(f->kernel, NULL, im, &why, &file),
			 0);
}

/* The map covers all memory once, and nothing that is in use is RAM twice. */
static void check_map(const struct chaos__layout *l, const uint8_t *page,
		      uint64_t mem_pages)
{
	const struct hvm_start_info *si = (const void *)page;
	const struct hvm_memmap_table_entry *map =
		(const void *)(page + l->memmap_off);
	uint64_t pages = 0, end = 0;
	unsigned int i, nr_acpi = 0;

	assert_int_equal(si->magic, XEN_HVM_START_MAGIC_VALUE);
	assert_int_equal(si->memmap_entries, l->nr_memmap);
	for (i = 0; i < si->memmap_entries; i++) {
		assert_true(map[i].addr >= end);
		end = map[i].addr + map[i].size;
		pages += map[i].size >> 12;
		if (map[i].type == XEN_HVM_MEMMAP_TYPE_RESERVED) {
			assert_int_equal(map[i].addr >> 12, l->special_gfn);
		} else if (map[i].type == XEN_HVM_MEMMAP_TYPE_ACPI) {
			assert_int_equal(map[i].addr, si->rsdp_paddr);
			assert_int_equal(map[i].size, 4096);
			nr_acpi++;
		} else {
			assert_int_equal(map[i].type, XEN_HVM_MEMMAP_TYPE_RAM);
		}
	}
	assert_int_equal(pages, mem_pages);
	assert_int_equal(nr_acpi, !!si->rsdp_paddr);
}

static void test_layout(void **state)
{
	static const uint64_t sizes[] = { 512, 1024, 1 << 18, 0xf0000,
					  0xf0001, 1 << 21 };
	struct fixture *f = *state;
	struct chaos__layout l;
	struct chaos__image im;
	uint8_t page[8192];
	const char *why;
	size_t i;

	open_good(f, &im);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(chaos__layout(&im, sizes[i], 1, "cmd", &l,
					       &why),
				 0);
		assert_int_equal(l.low_pages + l.high_pages, sizes[i]);
		assert_int_equal(l.special_gfn, CHAOS__SPECIAL_GFN);
		assert_true(l.start_gfn << 12 >= im.end);
		assert_int_equal(l.start_pages, 1);
		chaos__layout_start_info(&l, &im, "cmd", page);
		check_map(&l, page, sizes[i]);
		assert_string_equal((char *)page + l.cmdline_off, "cmd");
	}
	chaos__image_close(&im);
}

/* A kernel in low memory gets the special pages out of its way. */
static void test_low_kernel(void **state)
{
	struct fixture *f = *state;
	struct chaos__layout l;
	struct chaos__image im;
	uint8_t page[8192];
	const char *why;

	open_good(f, &im);
	im.start = 0xa1000;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), 0);
	assert_int_equal(l.special_gfn, 1022);
	chaos__layout_start_info(&l, &im, "", page);
	check_map(&l, page, 1024);
	chaos__image_close(&im);
}

/* ACPI tables are a special page more, for all but a Mini-OS with one vCPU. */
static void test_acpi(void **state)
{
	static const uint64_t starts[] = { 0x100000, 0xa3000, 0xa2000 };
	struct fixture *f = *state;
	struct hvm_start_info *si;
	struct chaos__layout l;
	struct chaos__image im;
	uint8_t page[8192];
	const char *why;
	uint32_t vcpus;
	size_t i;

	open_good(f, &im);
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		im.start = starts[i];
		for (vcpus = 1; vcpus <= 128; vcpus++) {
			assert_int_equal(chaos__layout(&im, 0xf0001, vcpus, "",
						       &l, &why), 0);
			chaos__layout_start_info(&l, &im, "", page);
			si = (struct hvm_start_info *)page;
			check_map(&l, page, 0xf0001);
			assert_int_equal(!!si->rsdp_paddr, vcpus > 1);
			assert_int_equal(chaos__layout_has_acpi(&l), vcpus > 1);
			assert_int_equal(l.special_gfn == CHAOS__SPECIAL_GFN,
					 vcpus == 1 || i < 2);
			assert_true(l.nr_special <= CHAOS__MAX_SPECIAL);
		}
	}
	im.minios = false;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), 0);
	chaos__layout_start_info(&l, &im, "", page);
	check_map(&l, page, 1024);
	assert_true(chaos__layout_has_acpi(&l));
	assert_int_equal(chaos__layout(&im, 1024, 129, "", &l, &why), -EINVAL);
	assert_non_null(strstr(why, "vCPUs"));
	assert_int_equal(chaos__layout(&im, 1024, ~0u, "", &l, &why), -EINVAL);
	chaos__image_close(&im);
}

static void test_module(void **state)
{
	struct fixture *f = *state;
	const struct hvm_modlist_entry *mod;
	const struct hvm_start_info *si;
	struct chaos__layout l;
	struct chaos__image im;
	uint8_t page[8192];
	const char *why, *file;

	assert_int_equal(chaos__image_open(f->kernel, f->kernel, &im, &why,
					   &file), 0);
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), 0);
	chaos__layout_start_info(&l, &im, "", page);
	si = (const void *)page;
	mod = (const void *)(page + l.modlist_off);
	assert_int_equal(si->nr_modules, 1);
	assert_int_equal(si->cmdline_paddr, 0);
	assert_int_equal(mod->size, sizeof(struct elf_file));
	assert_true(mod->paddr >= im.end);
	assert_true(mod->paddr + mod->size <= l.start_gfn << 12);
	im.ramdisk_size = 4096 * 1024;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), -ENOSPC);
	assert_non_null(strstr(why, "ramdisk"));
	im.ramdisk_size = ~0ull;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), -ENOSPC);
	chaos__image_close(&im);
}

static void test_does_not_fit(void **state)
{
	struct fixture *f = *state;
	char *cmdline = calloc(1, 5000);
	struct chaos__layout l;
	struct chaos__image im;
	const char *why;
	uint64_t n;

	open_good(f, &im);
	/* Every size from too small to just enough. */
	for (n = 0; chaos__layout(&im, n, 1, "", &l, &why); n++)
		;
	assert_int_equal(n, (im.end >> 12) + 1);
	im.pvh_entry = (uint32_t)im.end;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), -ENOEXEC);
	im.has_pvh_entry = false;
	assert_int_equal(chaos__layout(&im, 1024, 1, "", &l, &why), -ENOEXEC);
	assert_non_null(strstr(why, "no PVH entry"));
	im.has_pvh_entry = true;
	im.pvh_entry = ELF_ENTRY;
	memset(cmdline, 'x', 4096);
	assert_int_equal(chaos__layout(&im, 1024, 1, cmdline, &l, &why), -E2BIG);
	cmdline[4095] = '\0';
	assert_int_equal(chaos__layout(&im, 1024, 1, cmdline, &l, &why), 0);
	assert_int_equal(l.start_pages, 2);
	free(cmdline);
	chaos__image_close(&im);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good), T(test_missing), T(test_fifo), T(test_no_elf), T(test_spoilt),
		T(test_truncated), T(test_random_headers), T(test_layout),
		T(test_acpi), T(test_low_kernel), T(test_module),
		T(test_does_not_fit), T(test_os),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
