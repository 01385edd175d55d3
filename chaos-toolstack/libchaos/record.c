// SPDX-License-Identifier: BSD-2-Clause
/* Records: one JSON file per domain, named by its UUID. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "config-json.h"
#include "json.h"
#include "store.h"

#define RECORD_VERSION	1
/* How a record begins: the name follows. */
#define NAME_PREFIX	"{\"version\":1,\"name\":"
#define RECORD_MAX	(256u << 10)	/* bytes; a cmdline is the largest part */

static void put_vif(FILE *f, const struct chaos__vif_record *v)
{
	fprintf(f, "{\"id\":%u,\"mtu\":%u", v->id, v->mtu);
	chaos__json_member(f, "mac", v->mac);
	chaos__json_member(f, "bridge", v->bridge);
	chaos__json_member(f, "ifname", v->ifname);
	chaos__json_member(f, "ip", v->ip);
	chaos__json_member(f, "gateway", v->gateway);
	if (*v->backend)
		chaos__json_member(f, "backend", v->backend);
	fputc('}', f);
}

static void put_record(FILE *f, const struct chaos__record *r)
{
	unsigned int i;

	/* chaos__record_name() looks for this. */
	fputs(NAME_PREFIX, f);
	chaos__json_text(f, r->name);
	fprintf(f, ",\"domid\":%u,\"console_gfn\":%llu,"
		"\"console_port\":%u,\"created\":%llu", r->domid,
		(unsigned long long)r->console.gfn, r->console.port,
		(unsigned long long)r->created);
	chaos__json_member(f, "kernel", r->kernel);
	chaos__json_member(f, "ramdisk", r->ramdisk);
	chaos__json_member(f, "cmdline", r->cmdline);
	chaos__json_member(f, "on_poweroff", r->on_poweroff);
	chaos__json_member(f, "on_reboot", r->on_reboot);
	chaos__json_member(f, "on_crash", r->on_crash);
	if (r->source || r->config)
		fputs(",\"config\":", f);
	if (r->source)
		chaos__config_write_json(f, r->source);
	else if (r->config)
		fputs(r->config, f);
	fprintf(f, ",\"vifs\":[");
	for (i = 0; i < r->nr_vifs; i++) {
		if (i)
			fputc(',', f);
		put_vif(f, &r->vif[i]);
	}
	fprintf(f, "]}\n");
}

static int write_file(struct chaos *ctx, const char *tmp,
		      const struct chaos__record *rec)
{
	FILE *f;
	int fd, rc;

	fd = openat(ctx->domains_fd, tmp,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	put_record(f, rec);
	errno = 0;
	rc = fflush(f) || ferror(f) ? (errno ? -errno : -EIO) : 0;
	if (!rc && ftell(f) > (long)RECORD_MAX)
		rc = -E2BIG;	/* it could not be read back */
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int chaos__record_save(struct chaos *ctx, const struct chaos__record *rec)
{
	char name[CHAOS__UUID_LEN + 1], tmp[CHAOS__UUID_LEN + 8];
	int rc;

	chaos__uuid_format(rec->uuid, name);
	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	rc = write_file(ctx, tmp, rec);
	if (!rc && renameat(ctx->domains_fd, tmp, ctx->domains_fd, name))
		rc = -errno;
	if (rc)
		unlinkat(ctx->domains_fd, tmp, 0);
	return rc;
}

static bool get_text(json_t *obj, const char *key, char *buf, size_t size)
{
	const char *s = json_string_value(json_object_get(obj, key));

	if (!s || strlen(s) >= size)
		return false;
	strcpy(buf, s);
	return true;
}

static bool get_copy(json_t *obj, const char *key, char **out)
{
	const char *s = json_string_value(json_object_get(obj, key));

	*out = s ? strdup(s) : NULL;
	return *out;
}

/* Records of before configurations were kept have none. */
static bool get_config(json_t *obj, char **out)
{
	json_t *config = json_object_get(obj, "config");

	if (!config)
		return true;
	if (json_is_object(config))
		*out = json_dumps(config, JSON_COMPACT);
	return *out;
}

static bool get_number(json_t *obj, const char *key, uint64_t max,
		       uint64_t *out)
{
	json_t *v = json_object_get(obj, key);
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n > max)
		return false;
	*out = (uint64_t)n;
	return true;
}

/* Of a guest's vifs before this one. */
static bool id_is_taken(const struct chaos__record *r, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < i; j++)
		if (r->vif[j].id == r->vif[i].id)
			return true;
	return false;
}

/* Older records have no id: it was the place in the list. */
static bool vif_from_json(json_t *obj, unsigned int place,
			  struct chaos__vif_record *v)
{
	uint64_t mtu, id = place;

	if (!get_text(obj, "mac", v->mac, sizeof(v->mac)) ||
	    !get_text(obj, "bridge", v->bridge, sizeof(v->bridge)) ||
	    !get_text(obj, "ifname", v->ifname, sizeof(v->ifname)) ||
	    !get_text(obj, "ip", v->ip, sizeof(v->ip)) ||
	    !get_text(obj, "gateway", v->gateway, sizeof(v->gateway)) ||
	    !get_number(obj, "mtu", 65535, &mtu))
		return false;
	if (json_object_get(obj, "id") &&
	    !get_number(obj, "id", CHAOS__MAX_VIFS - 1, &id))
		return false;
	if (json_object_get(obj, "backend") &&
	    !get_text(obj, "backend", v->backend, sizeof(v->backend)))
		return false;
	v->mtu = (unsigned int)mtu;
	v->id = (unsigned int)id;
	return true;
}

static bool from_json(json_t *obj, struct chaos__record *r)
{
	json_t *vifs = json_object_get(obj, "vifs");
	uint64_t version, domid, port;
	size_t i;

	if (!get_number(obj, "version", RECORD_VERSION, &version) ||
	    !get_text(obj, "name", r->name, sizeof(r->name)) ||
	    !get_number(obj, "domid", UINT32_MAX, &domid) ||
	    !get_number(obj, "console_gfn", INT64_MAX, &r->console.gfn) ||
	    !get_number(obj, "console_port", UINT32_MAX, &port) ||
	    !get_number(obj, "created", INT64_MAX, &r->created) ||
	    !get_copy(obj, "kernel", &r->kernel) ||
	    !get_copy(obj, "ramdisk", &r->ramdisk) ||
	    !get_copy(obj, "cmdline", &r->cmdline) ||
	    !get_copy(obj, "on_poweroff", &r->on_poweroff) ||
	    !get_copy(obj, "on_reboot", &r->on_reboot) ||
	    !get_copy(obj, "on_crash", &r->on_crash) ||
	    !get_config(obj, &r->config) ||
	    !json_is_array(vifs) || json_array_size(vifs) > CHAOS__MAX_VIFS)
		return false;
	r->domid = (uint32_t)domid;
	r->console.port = (uint32_t)port;
	r->nr_vifs = (unsigned int)json_array_size(vifs);
	for (i = 0; i < r->nr_vifs; i++)
		if (!vif_from_json(json_array_get(vifs, i), (unsigned int)i,
				   &r->vif[i]) ||
		    id_is_taken(r, (unsigned int)i))
			return false;
	return true;
}

static int read_json(struct chaos *ctx, const char *name, json_t **out)
{
	char *text;
	ssize_t n;
	int fd, rc = 0;

	fd = openat(ctx->domains_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	text = malloc(RECORD_MAX);
	n = text ? read(fd, text, RECORD_MAX) : -1;
	if (!text)
		rc = -ENOMEM;
	else if (n < 0)
		rc = -errno;
	close(fd);
	if (!rc) {
		*out = json_loadb(text, (size_t)n, 0, NULL);
		rc = *out ? 0 : -EPROTO;
	}
	free(text);
	return rc;
}

int chaos__record_load(struct chaos *ctx, const uint8_t uuid[16],
		       struct chaos__record **out)
{
	char name[CHAOS__UUID_LEN + 1];
	struct chaos__record *rec;
	json_t *json = NULL;
	int rc;

	chaos__uuid_format(uuid, name);
	rc = read_json(ctx, name, &json);
	if (rc)
		return rc;
	rec = calloc(1, sizeof(*rec));
	rc = -ENOMEM;
	if (rec) {
		memcpy(rec->uuid, uuid, sizeof(rec->uuid));
		rc = from_json(json, rec) ? 0 : -EPROTO;
	}
	json_decref(json);
	if (rc)
		chaos__record_free(rec);
	else
		*out = rec;
	return rc;
}

/* The name, if the record begins as ours do. */
static bool name_at_front(const char *text, size_t size,
			  char name[CHAOS_NAME_MAX + 1])
{
	const size_t prefix = strlen(NAME_PREFIX "\"");
	const char *why, *remedy, *end;
	size_t len;

	if (size < prefix || memcmp(text, NAME_PREFIX "\"", prefix))
		return false;
	text += prefix;
	end = memchr(text, '"', size - prefix);
	len = end ? (size_t)(end - text) : 0;
	if (!len || len > CHAOS_NAME_MAX)
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return !chaos__name_check(name, &why, &remedy);
}

int chaos__record_name(struct chaos *ctx, const uint8_t uuid[16],
		       char name[CHAOS_NAME_MAX + 1])
{
	char file[CHAOS__UUID_LEN + 1];
	char text[sizeof(NAME_PREFIX) + CHAOS_NAME_MAX + 2];
	struct chaos__record *rec;
	ssize_t n;
	int fd, rc;

	chaos__uuid_format(uuid, file);
	fd = openat(ctx->domains_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n > 0 && name_at_front(text, (size_t)n, name))
		return 0;
	rc = chaos__record_load(ctx, uuid, &rec);
	if (rc)
		return rc;
	strcpy(name, rec->name);
	chaos__record_free(rec);
	return 0;
}

int chaos__record_config(struct chaos *ctx, const struct chaos__record *rec,
			 struct chaos_config **out)
{
	char override[CHAOS_NAME_MAX + 8];
	const char *overrides[] = { override, NULL };

	if (!rec->config)
		return chaos__fail(ctx, -ENOENT, rec->name,
				   "read its configuration", "",
				   "its record has none");
	/* It may have been renamed. */
	snprintf(override, sizeof(override), "name=%s", rec->name);
	return chaos__config_parse(ctx, rec->name, rec->config, overrides, out);
}

int chaos__record_remove(struct chaos *ctx, const uint8_t uuid[16])
{
	char name[CHAOS__UUID_LEN + 1], tmp[CHAOS__UUID_LEN + 8];

	chaos__uuid_format(uuid, name);
	/* Of one that was killed while it wrote. */
	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	unlinkat(ctx->domains_fd, tmp, 0);
	if (unlinkat(ctx->domains_fd, name, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

void chaos__record_free(struct chaos__record *rec)
{
	if (!rec)
		return;
	free(rec->kernel);
	free(rec->ramdisk);
	free(rec->cmdline);
	free(rec->on_poweroff);
	free(rec->on_reboot);
	free(rec->on_crash);
	free(rec->config);
	free(rec);
}
