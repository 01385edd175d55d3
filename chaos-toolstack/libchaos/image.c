// SPDX-License-Identifier: BSD-2-Clause
/* Reading and checking the headers of an ELF kernel. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/elfnote.h>

#include "image.h"
#include "initramfs.h"
#include "unpack.h"

#define MAX_PHDRS	64
#define MAX_NOTES	(64u << 10)	/* bytes of one note segment */

int chaos__image_read(int fd, void *buf, uint64_t size, uint64_t offset)
{
	uint8_t *p = buf;
	ssize_t n;

	while (size) {
		n = pread(fd, p, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOEXEC;
		p += n;
		size -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

/* Both classes become 64-bit headers. */
static void widen_phdr(const Elf32_Phdr *in, Elf64_Phdr *out)
{
	out->p_type = in->p_type;
	out->p_flags = in->p_flags;
	out->p_offset = in->p_offset;
	out->p_vaddr = in->p_vaddr;
	out->p_paddr = in->p_paddr;
	out->p_filesz = in->p_filesz;
	out->p_memsz = in->p_memsz;
	out->p_align = in->p_align;
}

struct header {
	uint64_t phoff;
	unsigned int phnum, phentsize;
};

static int read_header(struct chaos__image *im, struct header *h,
		       const char **why)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} u;
	uint64_t n = im->size < sizeof(u) ? im->size : sizeof(u);
	unsigned int machine;
	int rc;

	memset(&u, 0, sizeof(u));
	rc = chaos__image_read(im->fd, &u, n, 0);
	if (rc)
		return bad(why, "cannot be read");
	if (n < SELFMAG || memcmp(u.ident, ELFMAG, SELFMAG))
		return bad(why, "not an ELF file");
	if (n < sizeof(Elf64_Ehdr))
		return bad(why, "truncated: the ELF header is cut");
	if (u.ident[EI_DATA] != ELFDATA2LSB || u.ident[EI_VERSION] != EV_CURRENT)
		return bad(why, "not a little-endian ELF file of version 1");
	im->is_64 = u.ident[EI_CLASS] == ELFCLASS64;
	if (!im->is_64 && u.ident[EI_CLASS] != ELFCLASS32)
		return bad(why, "neither a 32-bit nor a 64-bit ELF file");

	machine = im->is_64 ? u.e64.e_machine : u.e32.e_machine;
	h->phoff = im->is_64 ? u.e64.e_phoff : u.e32.e_phoff;
	h->phnum = im->is_64 ? u.e64.e_phnum : u.e32.e_phnum;
	h->phentsize = im->is_64 ? u.e64.e_phentsize : u.e32.e_phentsize;
	if (machine != (im->is_64 ? EM_X86_64 : EM_386))
		return bad(why, "built for another processor");
	if (h->phentsize !=
	    (im->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return bad(why, "its program headers have a wrong size");
	if (!h->phnum || h->phnum > MAX_PHDRS)
		return bad(why, "no program headers, or too many");
	return 0;
}

static int read_phdrs(struct chaos__image *im, const struct header *h,
		      Elf64_Phdr *out, const char **why)
{
	Elf32_Phdr narrow[MAX_PHDRS] = { 0 };
	void *buf = im->is_64 ? (void *)out : (void *)narrow;
	uint64_t bytes = (uint64_t)h->phnum * h->phentsize;
	unsigned int i;

	if (h->phoff > im->size || bytes > im->size - h->phoff ||
	    chaos__image_read(im->fd, buf, bytes, h->phoff))
		return bad(why, "truncated: the program headers are cut");
	if (!im->is_64)
		for (i = 0; i < h->phnum; i++)
			widen_phdr(&narrow[i], &out[i]);
	return 0;
}

static int by_paddr(const void *a, const void *b)
{
	const struct chaos__segment *x = a, *y = b;

	return x->paddr < y->paddr ? -1 : x->paddr > y->paddr;
}

static int add_segment(struct chaos__image *im, const Elf64_Phdr *ph,
		       const char **why)
{
	struct chaos__segment *seg;

	if (!ph->p_memsz)
		return 0;
	if (im->nr_segments == CHAOS__MAX_SEGMENTS)
		return bad(why, "too many segments to load");
	if (ph->p_filesz > ph->p_memsz)
		return bad(why, "a segment is larger in the file than in memory");
	if (ph->p_offset > im->size || ph->p_filesz > im->size - ph->p_offset)
		return bad(why, "truncated: a segment lies beyond its end");
	if (ph->p_paddr + ph->p_memsz < ph->p_paddr)
		return bad(why, "a segment wraps around the address space");
	seg = &im->segment[im->nr_segments++];
	seg->offset = ph->p_offset;
	seg->file_size = ph->p_filesz;
	seg->paddr = ph->p_paddr;
	seg->mem_size = ph->p_memsz;
	return 0;
}

static int sort_segments(struct chaos__image *im, const char **why)
{
	unsigned int i;

	if (!im->nr_segments)
		return bad(why, "nothing in it is to be loaded");
	qsort(im->segment, im->nr_segments, sizeof(im->segment[0]), by_paddr);
	for (i = 1; i < im->nr_segments; i++)
		if (im->segment[i].paddr < im->segment[i - 1].paddr +
					   im->segment[i - 1].mem_size)
			return bad(why, "two segments overlap");
	im->start = im->segment[0].paddr;
	im->end = im->segment[i - 1].paddr + im->segment[i - 1].mem_size;
	return 0;
}

/* Xen's own Mini-OS and the one of this project: they look for no tables. */
static bool is_minios(const uint8_t *os, uint32_t size)
{
	static const char *const names[] = { "Mini-OS", "noxs-minios" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (size == strlen(names[i]) + 1 && !memcmp(os, names[i], size))
			return true;
	return false;
}

/* One of Xen's notes. */
static void parse_note(struct chaos__image *im, uint32_t type,
		       const uint8_t *desc, uint32_t size)
{
	if (type == XEN_ELFNOTE_PHYS32_ENTRY && (size == 4 || size == 8)) {
		memcpy(&im->pvh_entry, desc, 4);
		im->has_pvh_entry = true;
	}
	if (type == XEN_ELFNOTE_GUEST_OS) {
		im->minios = is_minios(desc, size);
		im->linux_kernel = size == 6 && !memcmp(desc, "linux", 6);
	}
}

/* n: bytes of notes in buf. */
static void parse_notes(struct chaos__image *im, const uint8_t *buf, uint64_t n)
{
	uint64_t pos = 0, name, desc, next;
	Elf32_Nhdr nh;

	while (n - pos >= sizeof(nh)) {
		memcpy(&nh, buf + pos, sizeof(nh));
		name = pos + sizeof(nh);
		desc = name + (((uint64_t)nh.n_namesz + 3) & ~3ull);
		next = desc + (((uint64_t)nh.n_descsz + 3) & ~3ull);
		if (next > n)
			return;
		if (nh.n_namesz == 4 && !memcmp(buf + name, "Xen", 4))
			parse_note(im, nh.n_type, buf + desc, nh.n_descsz);
		pos = next;
	}
}

static int read_notes(struct chaos__image *im, const Elf64_Phdr *ph,
		      const char **why)
{
	uint8_t *buf;
	int rc;

	if (ph->p_offset > im->size || ph->p_filesz > im->size - ph->p_offset)
		return bad(why, "truncated: the notes lie beyond its end");
	if (!ph->p_filesz || ph->p_filesz > MAX_NOTES)
		return 0;
	buf = malloc(ph->p_filesz);
	if (!buf)
		return -ENOMEM;
	rc = chaos__image_read(im->fd, buf, ph->p_filesz, ph->p_offset);
	if (!rc)
		parse_notes(im, buf, ph->p_filesz);
	free(buf);
	return rc ? bad(why, "its notes cannot be read") : 0;
}

static int read_kernel(struct chaos__image *im, const char **why)
{
	Elf64_Phdr phdr[MAX_PHDRS] = { 0 };
	struct header h;
	unsigned int i;
	int rc;

	rc = read_header(im, &h, why);
	if (!rc)
		rc = read_phdrs(im, &h, phdr, why);
	for (i = 0; !rc && i < h.phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			rc = add_segment(im, &phdr[i], why);
		else if (phdr[i].p_type == PT_NOTE)
			rc = read_notes(im, &phdr[i], why);
	}
	if (!rc)
		rc = sort_segments(im, why);
	return rc;
}

static void identify(const struct stat *st, struct chaos__file_id *id)
{
	memset(id, 0, sizeof(*id));	/* padding too: they are compared */
	id->dev = st->st_dev;
	id->ino = st->st_ino;
	id->size = st->st_size;
	id->mtime = st->st_mtim;
	id->ctime = st->st_ctim;
}

static bool same_file(const char *path, const struct chaos__file_id *id)
{
	struct chaos__file_id now;
	struct stat st;

	if (stat(path, &st))
		return false;
	identify(&st, &now);
	return !memcmp(&now, id, sizeof(now));
}

bool chaos__image_same(const struct chaos__image *image, const char *kernel,
		       const char *ramdisk)
{
	return same_file(kernel, &image->id) &&
	       (!ramdisk || same_file(ramdisk, &image->ramdisk_id));
}

static int open_file(const char *path, int *fd, struct chaos__file_id *id)
{
	struct stat st;
	int rc;

	/* A FIFO must not keep us until somebody writes to it. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return -errno;
	rc = fstat(*fd, &st) ? -errno : 0;
	if (!rc && !S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (rc) {
		close(*fd);
		*fd = -1;
		return rc;
	}
	identify(&st, id);
	return 0;
}

/* The file's descriptor gives way to that of what was in it. */
static int unpack(struct chaos__image *image, const char **why)
{
	uint64_t size;
	int fd, rc;

	rc = chaos__unpack(image->fd, image->size, &fd, &size, why);
	if (rc || fd < 0)
		return rc;
	close(image->fd);
	image->fd = fd;
	image->size = size;
	return 0;
}

int chaos__image_open(const char *kernel, const char *ramdisk,
		      struct chaos__image *image, const char **why,
		      const char **file)
{
	int rc;

	memset(image, 0, sizeof(*image));
	image->ramdisk_fd = -1;
	*why = NULL;
	*file = kernel;
	rc = open_file(kernel, &image->fd, &image->id);
	if (rc)
		return rc;
	image->size = (uint64_t)image->id.size;
	rc = unpack(image, why);
	if (!rc)
		rc = read_kernel(image, why);
	if (rc)
		goto err_close;
	if (ramdisk) {
		*file = ramdisk;
		rc = open_file(ramdisk, &image->ramdisk_fd,
			       &image->ramdisk_id);
		if (rc)
			goto err_close;
		image->ramdisk_size = (uint64_t)image->ramdisk_id.size;
		image->ramdisk_unpacked =
			chaos__initramfs_unpacked(image->ramdisk_fd,
						  image->ramdisk_size);
	}
	return 0;

err_close:
	chaos__image_close(image);
	return rc;
}

void chaos__image_close(struct chaos__image *image)
{
	if (image->kept)
		return;
	if (image->fd >= 0)
		close(image->fd);
	if (image->ramdisk_fd >= 0)
		close(image->ramdisk_fd);
	image->fd = -1;
	image->ramdisk_fd = -1;
}
