// SPDX-License-Identifier: BSD-2-Clause
/*
 * The PVH builder against a pretended libxc: what is in the guest's memory
 * afterwards, with memory in any pieces, and when any call fails.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xen/private.h"

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>
#include <xen/io/console.h>

#include "acpi.h"
#include "elf_maker.h"
#include "fail.h"
#include "image.h"
#include "layout.h"

#define PAGE 4096u
#define MEM_MB 16u
#define MEM_PAGES (MEM_MB * 256u)

static struct {
	int fd;				/* the guest's memory */
	uint8_t populated[MEM_PAGES];	/* times */
	unsigned int calls;		/* of populate */
	unsigned int max_order;		/* what Xen finds contiguous */
	unsigned int max_extents;	/* done by one call */
	uint64_t pages_left;		/* of the host */
	uint64_t params[HVM_NR_PARAMS];
	uint8_t context[4096];
	uint32_t context_size;
	uint64_t pool;
	unsigned int nr_mapped;		/* bytes mapped, in pages */
} guest;

static int fail_with(int error)
{
	errno = error;
	return -1;
}

int chaos__xen_errno(struct chaos__xen *xen)
{
	(void)xen;
	return errno > 0 ? -errno : -EIO;
}

int chaos__xen_pv_begin(struct chaos__xen_build **out)
{
	(void)out;
	return -ENOSYS;
}

int xc_domain_setmaxmem(xc_interface *xch, uint32_t domid, uint64_t kb)
{
	(void)xch;
	(void)domid;
	(void)kb;
	return fail_here("setmaxmem") ? fail_with(EPERM) : 0;
}

int xc_evtchn_alloc_unbound(xc_interface *xch, uint32_t domid, uint32_t remote)
{
	(void)xch;
	(void)domid;
	(void)remote;
	return fail_here("evtchn") ? fail_with(ENOSPC) : 3;
}

int xc_get_paging_mempool_size(xc_interface *xch, uint32_t domid, uint64_t *size)
{
	(void)xch;
	(void)domid;
	if (fail_here("get pool"))
		return fail_with(EIO);
	*size = guest.pool;
	return 0;
}

int xc_set_paging_mempool_size(xc_interface *xch, uint32_t domid, uint64_t size)
{
	(void)xch;
	(void)domid;
	if (fail_here("set pool"))
		return fail_with(ENOMEM);
	guest.pool = size;
	return 0;
}

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid,
			       unsigned long nr, unsigned int order,
			       unsigned int flags, xen_pfn_t *extent)
{
	unsigned long i, n = 1ul << order;
	uint64_t k;

	(void)xch;
	(void)domid;
	(void)flags;
	guest.calls++;
	if (fail_here("populate"))
		return fail_with(EFAULT);
	if (order > guest.max_order)
		return 0;
	for (i = 0; i < nr && i < guest.max_extents; i++) {
		assert_int_equal(extent[i] & (n - 1), 0);
		if (guest.pages_left < n)
			break;
		guest.pages_left -= n;
		for (k = extent[i]; k < extent[i] + n; k++)
			if (k < MEM_PAGES)
				guest.populated[k]++;
	}
	return (int)i;
}

void *xc_map_foreign_pages(xc_interface *xch, uint32_t domid, int prot,
			   const xen_pfn_t *pfn, int nr)
{
	uint8_t *area;
	int i;

	(void)xch;
	(void)domid;
	if (fail_here("map")) {
		errno = ENOMEM;
		return NULL;
	}
	area = mmap(NULL, (size_t)nr * PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	for (i = 0; i < nr; i++) {
		assert_true(pfn[i] < MEM_PAGES && guest.populated[pfn[i]]);
		assert_ptr_not_equal(mmap(area + (size_t)i * PAGE, PAGE, prot,
					  MAP_SHARED | MAP_FIXED, guest.fd,
					  (off_t)pfn[i] * PAGE), MAP_FAILED);
	}
	guest.nr_mapped += (unsigned int)nr;
	return area;
}

int __real_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size)
{
	assert_true(guest.nr_mapped >= size / PAGE);
	guest.nr_mapped -= (unsigned int)(size / PAGE);
	return __real_munmap(p, size);
}

int xc_hvm_param_set(xc_interface *xch, uint32_t domid, uint32_t param,
		     uint64_t value)
{
	(void)xch;
	(void)domid;
	if (fail_here("param"))
		return fail_with(EINVAL);
	guest.params[param] = value;
	return 0;
}

int xc_domain_hvm_setcontext(xc_interface *xch, uint32_t domid, uint8_t *ctxt,
			     uint32_t size)
{
	(void)xch;
	(void)domid;
	if (fail_here("context"))
		return fail_with(EINVAL);
	assert_true(size <= sizeof(guest.context));
	memcpy(guest.context, ctxt, size);
	guest.context_size = size;
	return 0;
}

static struct chaos__xen the_xen;
static char path[64];

static int setup(void **state)
{
	uint8_t junk[PAGE];
	unsigned int i;

	(void)state;
	fail_never();
	memset(&guest, 0, sizeof(guest));
	guest.max_order = 18;
	guest.max_extents = ~0u;
	guest.pages_left = ~0ull;
	guest.pool = 256 * PAGE;
	guest.fd = memfd_create("guest", 0);
	memset(junk, 0xcc, sizeof(junk));
	for (i = 0; i < MEM_PAGES; i++)
		if (write(guest.fd, junk, PAGE) != PAGE)
			return -1;
	snprintf(path, sizeof(path), "/tmp/toolstack-pvh-%d", getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(guest.fd);
	unlink(path);
	return guest.nr_mapped ? -1 : 0;
}

/* A kernel whose data segment begins in the page where its text ends, with
 * pattern bytes; bss_pages of it are not in the file. */
static void make_kernel(struct elf_file *elf, unsigned int bss_pages)
{
	unsigned int i;
	int fd;

	elf_make(elf);
	for (i = 0; i < sizeof(elf->text); i++)
		elf->text[i] = (uint8_t)(i * 7 + i / 256);
	elf->ph[0].p_filesz = elf->ph[0].p_memsz = 0x1234;
	elf->ph[1].p_offset = offsetof(struct elf_file, text) + 0x1800;
	elf->ph[1].p_paddr = ELF_LOAD_ADDR + 0x1800;
	elf->ph[1].p_filesz = 0x1001;
	elf->ph[1].p_memsz = 0x1001 + (uint64_t)bss_pages * PAGE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, elf, sizeof(*elf)), sizeof(*elf));
	close(fd);
}

static int build_steps(struct chaos__xen_build *b,
		       struct chaos__xen_console_where *con)
{
	int rc = chaos__xen_build_memory(b);

	if (!rc)
		rc = chaos__xen_build_image(b);
	if (!rc)
		rc = chaos__xen_build_boot(b, con);
	return rc;
}

static int build(const struct chaos__image *im, uint32_t vcpus,
		 struct chaos__xen_console_where *con)
{
	struct chaos__xen_params p = {
		.pvh = true, .vcpus = vcpus, .mem_kb = MEM_MB * 1024,
		.max_mem_kb = MEM_MB * 1024, .image = im, .cmdline = "hello",
	};
	struct chaos__xen_build *b;
	int rc;

	rc = chaos__xen_build_begin(&the_xen, 7, &p, &b);
	if (rc)
		return rc;
	rc = build_steps(b, con);
	chaos__xen_build_end(b);
	return rc;
}

static void read_guest(uint64_t addr, void *buf, size_t size)
{
	assert_int_equal(pread(guest.fd, buf, size, (off_t)addr), size);
}

static void check_bytes(uint64_t addr, uint64_t size, uint8_t value)
{
	uint8_t b[PAGE];
	uint64_t n, i;

	for (; size; size -= n, addr += n) {
		n = size < PAGE ? size : PAGE;
		read_guest(addr, b, n);
		for (i = 0; i < n; i++)
			if (b[i] != value)
				fail_msg("%#llx is %02x, not %02x",
					 (unsigned long long)(addr + i), b[i],
					 value);
	}
}

static void check_kernel(const struct elf_file *elf, unsigned int bss_pages)
{
	uint8_t mem[0x2000];

	read_guest(ELF_LOAD_ADDR, mem, 0x1234);
	assert_memory_equal(mem, elf->text, 0x1234);
	read_guest(ELF_LOAD_ADDR + 0x1800, mem, 0x1001);
	assert_memory_equal(mem, elf->text + 0x1800, 0x1001);
	/* Between the segments nothing was touched; the bss is zero. */
	check_bytes(ELF_LOAD_ADDR + 0x1234, 0x1800 - 0x1234, 0xcc);
	check_bytes(ELF_LOAD_ADDR + 0x1800 + 0x1001,
		    (uint64_t)bss_pages * PAGE, 0);
}

static void check_context(uint32_t vcpus, uint64_t *start_info)
{
	const struct hvm_save_descriptor *d;
	const struct hvm_hw_cpu *cpu = NULL;
	uint32_t pos = 0, mtrrs = 0;

	for (;;) {
		d = (const void *)(guest.context + pos);
		pos += sizeof(*d) + d->length;
		assert_true(pos <= guest.context_size);
		if (d->typecode == HVM_SAVE_CODE(END))
			break;
		if (d->typecode == HVM_SAVE_CODE(MTRR))
			assert_int_equal(d->instance, mtrrs++);
		if (d->typecode == HVM_SAVE_CODE(CPU))
			cpu = (const void *)(d + 1);
	}
	assert_int_equal(pos, guest.context_size);
	assert_int_equal(mtrrs, vcpus);
	if (!cpu) {
		fail_msg("no CPU record");
		return;
	}
	assert_int_equal(cpu->rip, ELF_ENTRY);
	assert_int_equal(cpu->cr0 & 1, 1);
	assert_int_equal(cpu->cs_arbytes, 0xc9b);
	*start_info = cpu->rbx;
}

static void check_guest(const struct elf_file *elf, unsigned int bss_pages,
			const struct chaos__xen_console_where *con)
{
	struct xencons_interface ring;
	struct hvm_start_info si;
	uint64_t start_info;
	char cmdline[8];
	unsigned int i;

	for (i = 0; i < MEM_PAGES; i++)
		assert_int_equal(guest.populated[i], 1);
	check_kernel(elf, bss_pages);
	check_context(1, &start_info);
	read_guest(start_info, &si, sizeof(si));
	assert_int_equal(si.magic, XEN_HVM_START_MAGIC_VALUE);
	/* A Mini-OS with one vCPU needs no ACPI, and does not pay for it. */
	assert_int_equal(si.rsdp_paddr, 0);
	check_bytes(0xa2000, PAGE, 0xcc);
	read_guest(si.cmdline_paddr, cmdline, 6);
	assert_string_equal(cmdline, "hello");
	assert_int_equal(con->gfn, 0xa0);
	assert_int_equal(con->port, 3);
	assert_int_equal(guest.params[HVM_PARAM_CONSOLE_PFN], 0xa0);
	assert_int_equal(guest.params[HVM_PARAM_CONSOLE_EVTCHN], 3);
	assert_int_equal(guest.params[HVM_PARAM_IDENT_PT], 0xa1000);
	read_guest(0xa0000, &ring, sizeof(ring));
	assert_int_equal(ring.out_prod | ring.out_cons | ring.in_prod |
			 ring.in_cons, 0);
	read_guest(0xa1000, &i, 4);
	assert_int_equal(i, 0xe7);
	read_guest(0xa1ffc, &i, 4);
	assert_int_equal(i, 0xffc000e7);
}

static void open_image(const char *ramdisk, struct chaos__image *im)
{
	const char *why, *file;

	if (chaos__image_open(path, ramdisk, im, &why, &file))
		fail_msg("%s", why);
}

static void test_good(void **state)
{
	struct chaos__xen_console_where con;
	struct chaos__image im;
	struct elf_file elf;

	(void)state;
	make_kernel(&elf, 8);
	open_image(NULL, &im);
	assert_int_equal(build(&im, 1, &con), 0);
	check_guest(&elf, 8, &con);
	/* All in 2 MB pages, by one call. */
	assert_int_equal(guest.calls, 1);
	chaos__image_close(&im);
}

/* Larger than a window: it moves on. */
static void test_windows(void **state)
{
	static const unsigned int bss[] = { 506, 507, 508, 509, 510, 511, 512,
					    1100, 3000 };
	struct chaos__xen_console_where con;
	struct chaos__image im;
	struct elf_file elf;
	size_t i;

	for (i = 0; i < sizeof(bss) / sizeof(bss[0]); i++) {
		setup(state);
		make_kernel(&elf, bss[i]);
		open_image(NULL, &im);
		assert_int_equal(build(&im, 1, &con), 0);
		check_guest(&elf, bss[i], &con);
		assert_int_equal(guest.nr_mapped, 0);
		chaos__image_close(&im);
		if (i + 1 < sizeof(bss) / sizeof(bss[0]))
			close(guest.fd);
	}
}

static void test_ramdisk(void **state)
{
	struct chaos__xen_console_where con;
	struct hvm_modlist_entry mod;
	struct hvm_start_info si;
	struct chaos__image im;
	struct elf_file elf, copy;
	uint64_t start_info;

	(void)state;
	make_kernel(&elf, 500);
	open_image(path, &im);
	assert_int_equal(build(&im, 1, &con), 0);
	check_guest(&elf, 500, &con);
	check_context(1, &start_info);
	read_guest(start_info, &si, sizeof(si));
	read_guest(si.modlist_paddr, &mod, sizeof(mod));
	assert_int_equal(mod.size, sizeof(elf));
	read_guest(mod.paddr, &copy, sizeof(copy));
	assert_memory_equal(&copy, &elf, sizeof(elf));
	check_bytes(mod.paddr + mod.size, -mod.size & (PAGE - 1), 0);
	chaos__image_close(&im);
}

static void test_many_vcpus(void **state)
{
	struct chaos__xen_console_where con;
	_Alignas(PAGE) uint8_t page[PAGE], tables[PAGE];
	struct hvm_start_info si;
	struct chaos__image im;
	struct elf_file elf;
	uint64_t start_info = 0;

	(void)state;
	make_kernel(&elf, 1);
	open_image(NULL, &im);
	assert_int_equal(build(&im, 4, &con), 0);
	check_context(4, &start_info);
	read_guest(start_info, &si, sizeof(si));
	assert_int_equal(si.rsdp_paddr, 0xa2000);
	assert_int_equal(chaos__acpi_build(page, 0xa2000, 4), 0);
	read_guest(si.rsdp_paddr, tables, PAGE);
	assert_memory_equal(tables, page, PAGE);
	assert_true(guest.pool >= 4 * 128 * PAGE);
	chaos__image_close(&im);
}

/* Whatever Xen finds contiguous, and however much it does at once. */
static void test_fragmented(void **state)
{
	static const unsigned int orders[] = { 18, 9, 8, 6, 5, 3, 1, 0 };
	static const unsigned int extents[] = { ~0u, 100, 1 };
	uint64_t gfn, nr;
	size_t i, j;
	unsigned int k;

	(void)state;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (j = 0; j < sizeof(extents) / sizeof(extents[0]); j++) {
			gfn = 3 + i;
			nr = MEM_PAGES - 100 * j - gfn;
			memset(guest.populated, 0, sizeof(guest.populated));
			guest.max_order = orders[i];
			guest.max_extents = extents[j];
			assert_int_equal(chaos__xen_populate(&the_xen, 7, gfn,
							     nr), 0);
			for (k = 0; k < MEM_PAGES; k++)
				assert_int_equal(guest.populated[k],
						 k >= gfn && k < gfn + nr);
		}
	}
	/* A host that has less. */
	memset(guest.populated, 0, sizeof(guest.populated));
	guest.pages_left = 1000;
	assert_int_equal(chaos__xen_populate(&the_xen, 7, 0, MEM_PAGES),
			 -ENOMEM);
	assert_int_equal(guest.pages_left, 0);
}

/* Gigabytes in gigabyte pages: few calls. */
static void test_large(void **state)
{
	(void)state;
	assert_int_equal(chaos__xen_populate(&the_xen, 7, 1 << 20, 3u << 18),
			 0);
	assert_int_equal(guest.calls, 1);
	assert_int_equal(chaos__xen_populate(&the_xen, 7, 1 << 20,
					     (3u << 18) + 512 + 1), 0);
	assert_int_equal(guest.calls, 4);
}

static void test_every_failure(void **state)
{
	struct chaos__xen_console_where con;
	struct chaos__image im;
	struct elf_file elf;
	unsigned int n;
	int rc;

	(void)state;
	make_kernel(&elf, 1200);
	open_image(path, &im);
	for (n = 1; ; n++) {
		memset(guest.populated, 0, sizeof(guest.populated));
		guest.pool = 0;
		fail_nth(n);
		rc = build(&im, 1, &con);
		if (!fail_happened())
			break;
		assert_true(rc < 0);
		assert_int_equal(guest.nr_mapped, 0);
	}
	assert_int_equal(rc, 0);
	assert_true(n > 12);
	chaos__image_close(&im);
}

/* Shorter than it was when its headers were read. */
static void test_file_shrinks(void **state)
{
	struct chaos__xen_console_where con;
	struct chaos__image im;
	struct elf_file elf;

	(void)state;
	make_kernel(&elf, 1);
	open_image(NULL, &im);
	assert_int_equal(truncate(path, 1000), 0);
	assert_int_equal(build(&im, 1, &con), -ENOEXEC);
	chaos__image_close(&im);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good), T(test_windows), T(test_ramdisk),
		T(test_many_vcpus), T(test_fragmented), T(test_large),
		T(test_every_failure), T(test_file_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
