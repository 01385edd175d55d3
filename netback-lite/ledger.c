// SPDX-License-Identifier: BSD-2-Clause
/* The file of vifs that outlives the process. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"

#define SIZE	sizeof(struct nbl_record)

struct nbl_ledger {
	int fd;
	pthread_mutex_t lock;	/* of all below */
	uint32_t nr_read;	/* places of the file as it was */
	uint32_t nr;		/* places that are known: 1..nr */
	uint32_t *free;		/* a stack of those without a record */
	uint32_t nr_free, room;
	uint64_t last;		/* nr of the latest record */
	bool told;		/* of an error, in the log */
};

/* FNV-1a: against half a record, not against somebody who is root anyway. */
static uint32_t sum(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint32_t h = 2166136261u;

	while (size--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static uint32_t record_sum(const struct nbl_record *r)
{
	struct nbl_record copy = *r;

	copy.sum = 0;
	return sum(&copy, sizeof(copy));
}

static uint32_t head_sum(const struct nbl_ledger_head *h)
{
	struct nbl_ledger_head copy = *h;

	copy.sum = 0;
	return sum(&copy, sizeof(copy));
}

/* The head has the place before the first one. */
static off_t place_at(uint32_t place)
{
	return (off_t)place * (off_t)SIZE;
}

static int write_at(const struct nbl_ledger *l, uint32_t place,
		    const void *data)
{
	ssize_t n;

	do {
		n = pwrite(l->fd, data, SIZE, place_at(place));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)SIZE ? 0 : -ENOSPC;
}

static int read_at(const struct nbl_ledger *l, uint32_t place, void *data)
{
	ssize_t n;

	do {
		n = pread(l->fd, data, SIZE, place_at(place));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)SIZE ? 0 : -ENODATA;
}

static void tell(struct nbl_ledger *l, int rc)
{
	if (rc && !l->told)
		nbl_log(NBL_WARN, "write the ledger: %s: vifs made or changed now are lost when this process ends",
			nbl_strerror(rc));
	l->told = rc != 0;
}

static int free_push(struct nbl_ledger *l, uint32_t place)
{
	uint32_t room = l->room ? 2 * l->room : 64;
	uint32_t *p;

	if (l->nr_free == l->room) {
		p = realloc(l->free, room * sizeof(*p));
		if (!p)
			return -ENOMEM;
		l->free = p;
		l->room = room;
	}
	l->free[l->nr_free++] = place;
	return 0;
}

static int head_write(struct nbl_ledger *l)
{
	struct nbl_ledger_head h = {
		.magic = NBL_LEDGER_MAGIC,
		.version = NBL_LEDGER_VERSION,
		.size = SIZE,
	};

	h.sum = head_sum(&h);
	return write_at(l, 0, &h);
}

static int head_read(struct nbl_ledger *l, const char *path,
		     char err[NBL_ERROR_SIZE])
{
	struct nbl_ledger_head h;
	int rc = read_at(l, 0, &h);

	if (rc)
		return nbl_fail(err, rc, "read %s", path);
	if (h.magic != NBL_LEDGER_MAGIC || h.sum != head_sum(&h))
		return nbl_fail(err, -EPROTO,
				"%s is damaged (without it, vifs are removed)",
				path);
	if (h.version != NBL_LEDGER_VERSION || h.size != SIZE)
		return nbl_fail(err, -EPROTO,
				"%s has version %u (start what wrote it)",
				path, h.version);
	return 0;
}

static int ledger_load(struct nbl_ledger *l, const char *path,
		       char err[NBL_ERROR_SIZE])
{
	struct stat st;
	int rc;

	if (fstat(l->fd, &st))
		return nbl_fail(err, -errno, "%s", path);
	/* Root may come after one that was not. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    (geteuid() && st.st_uid != geteuid()))
		return nbl_fail(err, -EINVAL, "%s must be a file of ours",
				path);
	if (!st.st_size) {
		rc = head_write(l);
		return rc ? nbl_fail(err, rc, "write %s", path) : 0;
	}
	rc = head_read(l, path, err);
	if (rc)
		return rc;
	/* What is behind the last whole one is half a record. */
	if (place_at(NBL_LEDGER_MAX) < st.st_size)
		return nbl_fail(err, -EPROTO, "%s is too long", path);
	l->nr = l->nr_read = (uint32_t)(st.st_size / (off_t)SIZE) - 1;
	return 0;
}

int nbl_ledger_open(const char *path, struct nbl_ledger **out,
		    char err[NBL_ERROR_SIZE])
{
	struct nbl_ledger *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return nbl_fail(err, -ENOMEM, "allocate");
	pthread_mutex_init(&l->lock, NULL);
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			   O_NONBLOCK, 0600);
	if (l->fd < 0) {
		rc = nbl_fail(err, -errno, "open %s", path);
		goto err_free;
	}
	rc = ledger_load(l, path, err);
	if (rc)
		goto err_close;
	*out = l;
	return 0;

err_close:
	close(l->fd);
err_free:
	pthread_mutex_destroy(&l->lock);
	free(l);
	return rc;
}

void nbl_ledger_close(struct nbl_ledger *l)
{
	if (!l)
		return;
	close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l->free);
	free(l);
}

uint32_t nbl_ledger_nr(const struct nbl_ledger *l)
{
	return l ? l->nr_read : 0;
}

static bool is_name(const char name[16])
{
	return memchr(name, '\0', 16) != NULL;
}

int nbl_ledger_read(struct nbl_ledger *l, uint32_t place,
		    struct nbl_record *out)
{
	struct nbl_record r;
	int rc;

	if (!place || place > l->nr_read)
		return -ENOENT;
	rc = read_at(l, place, &r);
	if (rc || r.magic != NBL_LEDGER_MAGIC || r.sum != record_sum(&r) ||
	    !is_name(r.ifname) || !is_name(r.bridge)) {
		/* Without memory the place is not used again, no more. */
		free_push(l, place);
		return -ENOENT;
	}
	if (r.nr > l->last)
		l->last = r.nr;
	*out = r;
	return 0;
}

static void put(struct nbl_ledger *l, uint32_t *place, struct nbl_record *r)
{
	uint32_t at = *place;
	int rc;

	if (!at && l->nr_free)
		at = l->free[--l->nr_free];
	else if (!at && l->nr < NBL_LEDGER_MAX - 1)
		at = ++l->nr;
	if (!at) {
		tell(l, -ENOSPC);
		return;
	}
	r->magic = NBL_LEDGER_MAGIC;
	r->nr = ++l->last;
	r->sum = record_sum(r);
	rc = write_at(l, at, r);
	tell(l, rc);
	*place = at;
}

void nbl_ledger_put(struct nbl_ledger *l, uint32_t *place,
		    struct nbl_record *r)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	put(l, place, r);
	pthread_mutex_unlock(&l->lock);
}

void nbl_ledger_erase(struct nbl_ledger *l, uint32_t place)
{
	static const struct nbl_record none;

	if (!l || !place)
		return;
	pthread_mutex_lock(&l->lock);
	tell(l, write_at(l, place, &none));
	free_push(l, place);
	pthread_mutex_unlock(&l->lock);
}
