// SPDX-License-Identifier: BSD-2-Clause
/* Names: claimed atomically, looked up by opening one file. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "find.h"

/* Names are also those of files; a number would be taken for a domid. */
int chaos__name_check(const char *name, const char **why, const char **remedy)
{
	const char *c;

	*remedy = "use letters, digits and . _ + -, not . or - first";
	*why = "is not a name";
	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._+-", *c))
			return -EINVAL;
	if (*name == '.' || *name == '-')
		return -EINVAL;
	*why = "must have 1 to 64 characters";
	*remedy = "";
	if (!*name || strlen(name) > CHAOS_NAME_MAX)
		return -EINVAL;
	*why = "would be taken for a domid";
	*remedy = "add a letter";
	return name[strspn(name, "0123456789")] ? 0 : -EINVAL;
}

/* How long a name may be shared by those who look: each has it for microseconds. */
#define SHARED_TRIES	100
#define SHARED_US	100

/* Fixed width, so that a line replaces another without truncation. */
#define TASK_OFFSET (CHAOS__UUID_LEN + 1 + 10 + 1)
#define LINE_SIZE (TASK_OFFSET + 1 + 1)

static int write_content(int fd, const uint8_t uuid[16], uint32_t domid)
{
	char text[CHAOS__UUID_LEN + 1], line[LINE_SIZE + 1];

	chaos__uuid_format(uuid, text);
	snprintf(line, sizeof(line), "%s %10u %c\n", text, domid,
		 CHAOS__TASK_CREATE);
	errno = 0;
	if (pwrite(fd, line, LINE_SIZE, 0) != LINE_SIZE)
		return errno ? -errno : -EIO;
	return 0;
}

/*
 * -EAGAIN: claimed, and no domain was made for it so far; or one was, but its
 * number could not be written (*domid 0, uuid is known).
 */
static int read_content(int fd, uint8_t uuid[16], uint32_t *domid)
{
	char line[LINE_SIZE + 1];
	ssize_t n;

	n = pread(fd, line, LINE_SIZE, 0);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EAGAIN;
	line[n] = '\0';
	if (n != LINE_SIZE || line[CHAOS__UUID_LEN] != ' ' ||
	    sscanf(line + CHAOS__UUID_LEN + 1, "%u", domid) != 1)
		return -EPROTO;
	line[CHAOS__UUID_LEN] = '\0';
	if (chaos__uuid_parse(line, uuid))
		return -EPROTO;
	return *domid ? 0 : -EAGAIN;
}

/* Of a name that nobody is working on: does its domain live? */
static int check_holder(struct chaos *ctx, int fd, uint32_t *holder)
{
	static const uint8_t dom0[16];	/* whose UUID is 0 */
	struct chaos__xen_dom dom;
	uint32_t domid = 0;
	uint8_t uuid[16];
	int rc;

	memset(uuid, 0, sizeof(uuid));
	rc = read_content(fd, uuid, &domid);
	if (rc == -EAGAIN && memcmp(uuid, dom0, sizeof(uuid)))
		rc = chaos__find_uuid(ctx, uuid, &dom);
	else if (!rc)
		rc = chaos__xen_get(ctx->xen, domid, &dom);
	else
		return 0;
	if (rc == -ESRCH || (!rc && memcmp(dom.uuid, uuid, sizeof(uuid))))
		return 0;
	if (rc)
		return rc;
	*holder = domid ? domid : dom.domid;
	return -EEXIST;
}

/*
 * The record of one that died behind us goes with its name, unless it tells of
 * another: a UUID that was written in a configuration may be in use again.
 */
static void forget_dead(struct chaos *ctx, int fd)
{
	struct chaos__record *rec = NULL;
	uint8_t uuid[16];
	uint32_t domid = 0;
	int rc;

	if (read_content(fd, uuid, &domid))
		return;
	rc = chaos__record_load(ctx, uuid, &rec);
	if (rc == -ENOENT || (!rc && rec->domid == domid))
		chaos__record_remove(ctx, uuid);
	chaos__record_free(rec);
}

/*
 * -EBUSY: somebody has it alone, who is making or unmaking a domain.  Those who look
 * share it for a moment (chaos__name_free), and are no reason to refuse anything.
 */
static int lock_now(int fd)
{
	unsigned int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno == EWOULDBLOCK && i < SHARED_TRIES &&
		    !flock(fd, LOCK_SH | LOCK_NB)) {
			flock(fd, LOCK_UN);
			usleep(SHARED_US);
			continue;
		}
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return 0;
}

/*
 * 1. Open or make the file.  2. Lock it; who holds the lock is making or
 * unmaking a domain of this name.  3. Begin again if it was removed between 1
 * and 2 (nothing is ever renamed over it).  4. If it tells of a domain that
 * lives, the name is taken; or else it is left from one that died.
 */
int chaos__name_claim(struct chaos *ctx, const char *name,
		      struct chaos__name_lock *lock, uint32_t *holder)
{
	struct stat st;
	int fd, rc;

	*holder = 0;
	for (;;) {
		fd = openat(ctx->names_fd, name,
			    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return -errno;
		rc = lock_now(fd);
		if (rc) {
			rc = rc == -EBUSY ? -EEXIST : rc;
			goto err_close;
		}
		if (fstat(fd, &st)) {
			rc = -errno;
			goto err_close;
		}
		if (st.st_nlink)
			break;
		close(fd);
	}
	rc = st.st_size ? check_holder(ctx, fd, holder) : 0;
	if (rc)
		goto err_close;
	if (st.st_size)
		forget_dead(ctx, fd);
	lock->fd = fd;
	snprintf(lock->name, sizeof(lock->name), "%s", name);
	return 0;

err_close:
	close(fd);
	return rc;
}

int chaos__name_free(struct chaos *ctx, const char *name, uint32_t *holder)
{
	int fd, rc;

	*holder = 0;
	fd = openat(ctx->names_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB))
		rc = errno == EWOULDBLOCK ? -EEXIST : -errno;
	else
		rc = check_holder(ctx, fd, holder);
	close(fd);
	return rc;
}

/* Is it uuid's?  *domid 0: it is to be.  -ENOENT no; -EAGAIN removed meanwhile. */
static int check_owner(int fd, const uint8_t uuid[16], uint32_t *domid)
{
	uint8_t owner[16] = { 0 };
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!st.st_nlink)
		return -EAGAIN;
	*domid = 0;
	rc = read_content(fd, owner, domid);
	if (rc && rc != -EAGAIN)
		return rc;
	return memcmp(owner, uuid, sizeof(owner)) ? -ENOENT : 0;
}

/* Waits for who is at work on it: a create, at most. */
static int lock_later(struct chaos *ctx, int fd)
{
	while (flock(fd, LOCK_EX))
		if (errno != EINTR || ctx->cancelled)
			return -errno;
	return 0;
}

/* Nobody waits for the lock of a name that is another's. */
static int lock_own(struct chaos *ctx, int fd, const uint8_t uuid[16],
		    bool wait, uint32_t *domid)
{
	int rc = wait ? check_owner(fd, uuid, domid) : 0;

	if (!rc)
		rc = wait ? lock_later(ctx, fd) : lock_now(fd);
	if (!rc)
		rc = check_owner(fd, uuid, domid);
	/* Its maker died. */
	return !rc && !*domid ? -ENOENT : rc;
}

static int take(struct chaos *ctx, const char *name, const uint8_t uuid[16],
		bool wait, struct chaos__name_lock *lock, uint32_t *domid)
{
	int fd, rc;

	do {
		fd = openat(ctx->names_fd, name,
			    O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
		rc = lock_own(ctx, fd, uuid, wait, domid);
		if (rc)
			close(fd);
	} while (rc == -EAGAIN);
	if (rc)
		return rc;
	lock->fd = fd;
	snprintf(lock->name, sizeof(lock->name), "%s", name);
	return 0;
}

int chaos__name_take(struct chaos *ctx, const char *name,
		     const uint8_t uuid[16], uint32_t domid,
		     struct chaos__name_lock *lock)
{
	uint32_t owner = 0;
	int rc = take(ctx, name, uuid, false, lock, &owner);

	if (rc || owner == domid)
		return rc;
	chaos__name_unlock(lock);
	return -ESTALE;
}

int chaos__name_await(struct chaos *ctx, const char *name,
		      const uint8_t uuid[16], struct chaos__name_lock *lock,
		      uint32_t *domid)
{
	return take(ctx, name, uuid, true, lock, domid);
}

int chaos__name_bind(struct chaos__name_lock *lock, const uint8_t uuid[16],
		     uint32_t domid)
{
	return write_content(lock->fd, uuid, domid);
}

int chaos__name_mark(struct chaos__name_lock *lock, enum chaos__task task)
{
	char c = (char)task;

	errno = 0;
	if (pwrite(lock->fd, &c, 1, TASK_OFFSET) != 1)
		return errno ? -errno : -EIO;
	return 0;
}

int chaos__name_task(int fd, enum chaos__task *task)
{
	char c;

	errno = 0;
	if (pread(fd, &c, 1, TASK_OFFSET) != 1)
		return errno ? -errno : -EPROTO;
	*task = (enum chaos__task)c;
	return 0;
}

void chaos__name_unlock(struct chaos__name_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

void chaos__name_drop(struct chaos *ctx, struct chaos__name_lock *lock)
{
	if (lock->fd >= 0)
		unlinkat(ctx->names_fd, lock->name, 0);
	chaos__name_unlock(lock);
}

int chaos__name_await_any(struct chaos *ctx, const uint8_t uuid[16],
			  struct chaos__name_lock *lock, uint32_t *domid)
{
	struct dirent *e;
	int fd, rc = -ENOENT;
	DIR *dir;

	fd = openat(ctx->names_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	/* Past those that are not ours. */
	while ((rc == -ENOENT || rc == -EPROTO) && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			rc = chaos__name_await(ctx, e->d_name, uuid, lock,
					       domid);
	closedir(dir);
	return rc == -EPROTO ? -ENOENT : rc;
}

int chaos__name_find(struct chaos *ctx, const char *name, uint8_t uuid[16],
		     uint32_t *domid)
{
	int fd, rc;

	if (strchr(name, '/') || !*name || *name == '.')
		return -ENOENT;
	fd = openat(ctx->names_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENAMETOOLONG ? -ENOENT : -errno;
	rc = read_content(fd, uuid, domid);
	close(fd);
	return rc;
}
