// SPDX-License-Identifier: BSD-2-Clause
/*
 * Restoring a domain.  A file is read and checked as a whole before anything is
 * made; when it is read again for the domain, it is checked again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore.h"

#define STEP_READ "read the image"

int chaos__restore_failed(struct chaos__restore *r, int rc)
{
	const char *remedy = "";

	if (rc == -EPROTO && r->reader.why[0])
		return chaos__fail(r->ctx, rc, r->origin, STEP_READ, remedy,
				   "%s", r->reader.why);
	return chaos__fail(r->ctx, rc, r->origin, STEP_READ, remedy, NULL);
}

/* In words of the image, not of the configuration that is in there. */
static int refused(struct chaos__restore *r, const char *what)
{
	return chaos__fail(r->ctx, -EINVAL, r->origin, "check overrides",
			   "leave it out",
			   "%s of a saved domain cannot be changed", what);
}

static int check_same(struct chaos__restore *r, const struct chaos_config *was)
{
	const struct chaos_config *cfg = r->cfg;

	if (cfg->pvh != was->pvh)
		return refused(r, "the type");
	if (cfg->memory_mb != was->memory_mb)
		return refused(r, "the memory");
	if (cfg->maxmem_mb < was->maxmem_mb)
		return refused(r, "the memory limit");
	if (cfg->vcpus != was->vcpus)
		return refused(r, "the number of vCPUs");
	return 0;
}

static void bind_identity(struct chaos__restore *r,
			  const struct chaos_config *was)
{
	struct chaos_config *cfg = r->cfg;
	unsigned int i;

	if (!strcmp(cfg->name, was->name))
		return;
	if (was->uuid_set && !memcmp(cfg->uuid, was->uuid, sizeof(cfg->uuid)))
		cfg->uuid_set = false;
	for (i = 0; i < cfg->nr_vifs && i < was->nr_vifs; i++)
		if (!memcmp(cfg->vif[i].mac, was->vif[i].mac, 6))
			cfg->vif[i].mac_set = false;
}

static int parse_config(struct chaos__restore *r, const char *text,
			const char *const *overrides)
{
	struct chaos_config *was;
	int rc;

	rc = chaos__config_parse(r->ctx, r->origin, text, NULL, &was);
	if (rc)
		return rc;
	rc = chaos__config_parse(r->ctx, r->origin, text, overrides, &r->cfg);
	if (!rc)
		rc = check_same(r, was);
	if (!rc)
		bind_identity(r, was);
	chaos_config_free(was);
	return rc;
}

static int read_config(struct chaos__restore *r, const char *const *overrides)
{
	const void *data;
	size_t size = 1;
	char *text;
	int rc;

	rc = chaos__saved_expect(&r->reader, CHAOS__SAVED_CONFIG, &data, &size);
	if (rc)
		return chaos__restore_failed(r, rc);
	if (size > CHAOS__SAVED_MAX_CONFIG || memchr(data, '\0', size))
		return chaos__fail(r->ctx, -EPROTO, r->origin, STEP_READ, "",
				   "its configuration is not one");
	text = strndup(data, size);
	if (!text)
		return chaos__restore_failed(r, -ENOMEM);
	rc = parse_config(r, text, overrides);
	free(text);
	return rc;
}

static int read_identity(struct chaos__restore *r)
{
	struct chaos__saved_identity identity;
	size_t size = sizeof(identity);
	const void *data;
	int rc;

	rc = chaos__saved_expect(&r->reader, CHAOS__SAVED_IDENTITY, &data,
				 &size);
	if (rc)
		return chaos__restore_failed(r, rc);
	memcpy(&identity, data, sizeof(identity));
	if (size != sizeof(identity) || identity.pad)
		return chaos__fail(r->ctx, -EPROTO, r->origin, STEP_READ, "",
				   "its identity is not one");
	r->generation = identity.generation;
	return 0;
}

int chaos__restore_open(struct chaos *ctx, const char *origin, int fd,
			const char *const *overrides, struct chaos__restore *r)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->ctx = ctx;
	r->origin = origin;
	rc = chaos__saved_reader_init(&r->reader, fd, &ctx->cancelled);
	if (rc)
		return chaos__restore_failed(r, rc);
	rc = read_config(r, overrides);
	if (!rc)
		rc = read_identity(r);
	if (rc)
		chaos__restore_close(r);
	return rc;
}

void chaos__restore_close(struct chaos__restore *r)
{
	chaos__saved_reader_fini(&r->reader);
	chaos_config_free(r->cfg);
	r->cfg = NULL;
}

static int next_chunk(void *arg, uint32_t *type, const void **data,
		      size_t *size)
{
	struct chaos__restore *r = arg;

	if (r->ctx->cancelled)
		return -ECANCELED;
	chaos__progress(r->ctx, "KB read", r->reader.bytes >> 10,
			r->size >> 10);
	return chaos__saved_next(&r->reader, type, data, size);
}

void chaos__restore_source(struct chaos__restore *r,
			   struct chaos__source *source)
{
	source->next = next_chunk;
	source->arg = r;
}

static int verify_chunks(struct chaos__restore *r,
			 struct chaos__chunk_check *check)
{
	uint32_t type = 0;
	const void *data;
	size_t size;
	int rc = 0;

	while (!rc && type != CHAOS__CHUNK_END) {
		rc = next_chunk(r, &type, &data, &size);
		if (rc)
			return chaos__restore_failed(r, rc);
		rc = chaos__chunk_check_next(check, type, data, size);
	}
	if (!rc)
		rc = chaos__chunk_check_end(check);
	return rc ? chaos__fail(r->ctx, rc, r->origin, STEP_READ, "", "%s",
				rc == -EPROTO ? check->why : strerror(-rc)) : 0;
}

int chaos__restore_verify(struct chaos__restore *r)
{
	const struct chaos__chunk_limits limits = {
		.pvh = r->cfg->pvh,
		.vcpus = (uint32_t)r->cfg->vcpus,
		.max_pages = (uint64_t)r->cfg->maxmem_mb * 256,
	};
	struct chaos__chunk_check check;
	const void *data;
	size_t size;
	uint32_t type;
	int rc;

	chaos__chunk_check_init(&check, &limits);
	rc = verify_chunks(r, &check);
	chaos__chunk_check_fini(&check);
	if (rc)
		return rc;
	rc = chaos__saved_end(&r->reader);
	if (!rc)
		rc = chaos__saved_rewind(&r->reader);
	/* Configuration and identity are known. */
	if (!rc)
		rc = chaos__saved_next(&r->reader, &type, &data, &size);
	if (!rc)
		rc = chaos__saved_next(&r->reader, &type, &data, &size);
	return rc ? chaos__restore_failed(r, rc) : 0;
}

static int restore_fd(struct chaos *ctx, const char *path, int fd,
		      const char *const *overrides, unsigned int flags,
		      uint32_t *domid)
{
	uint64_t begin = chaos__now_ns();
	struct chaos__restore r;
	struct stat st;
	int rc;

	rc = chaos__restore_open(ctx, path, fd, overrides, &r);
	if (rc)
		return rc;
	r.size = fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
	rc = chaos__restore_verify(&r);
	chaos__step(ctx, "verify image", begin, chaos__now_ns());
	if (!rc)
		rc = chaos__create_restored(&r, flags, domid);
	chaos__restore_close(&r);
	return rc;
}

int chaos_restore(struct chaos *ctx, const char *path,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid)
{
	int fd, rc;

	chaos__begin(ctx);
	if (flags & ~(CHAOS_CREATE_PAUSED | CHAOS_CREATE_DRY_RUN))
		return chaos__fail(ctx, -EINVAL, path, "check flags", "",
				   "unknown flags %#x", flags);
	rc = chaos__need_xen(ctx, path);
	if (rc)
		return rc;
	/* Not to hang on a FIFO that nobody writes to. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return chaos__fail(ctx, -errno, path, "open the image", "",
				   NULL);
	if (lseek(fd, 0, SEEK_CUR) < 0)
		rc = chaos__fail(ctx, -ESPIPE, path, "open the image",
				 "give a file; a stream is for chaos receive",
				 "it is not a file");
	else
		rc = restore_fd(ctx, path, fd, overrides, flags, domid);
	close(fd);
	ctx->cancelled = 0;
	return rc;
}
