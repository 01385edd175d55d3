// SPDX-License-Identifier: BSD-2-Clause
/* Counting points, and the wrapped calls (ld --wrap) that are such points. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>

#include "fail.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
int __real_openat(int dir, const char *path, int flags, mode_t mode);
int __real_flock(int fd, int op);
ssize_t __real_pwrite(int fd, const void *buf, size_t n, off_t off);
int __real_renameat(int a, const char *from, int b, const char *to);
ssize_t __real_getrandom(void *buf, size_t n, unsigned int flags);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_flock(int fd, int op);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off);
int __wrap_renameat(int a, const char *from, int b, const char *to);
ssize_t __wrap_getrandom(void *buf, size_t n, unsigned int flags);

void (*fail_hook)(const char *where);

static unsigned int countdown;		/* 0: nothing fails */
static const char *where_failed = "";

void fail_never(void)
{
	countdown = 0;
	where_failed = "";
}

void fail_nth(unsigned int n)
{
	countdown = n;
	where_failed = "";
}

bool fail_happened(void)
{
	return *where_failed;
}

const char *fail_where(void)
{
	return where_failed;
}

bool fail_here(const char *where)
{
	if (fail_hook)
		fail_hook(where);
	if (!countdown || --countdown)
		return false;
	where_failed = where;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fail_here("malloc") ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fail_here("calloc") ? NULL : __real_calloc(n, size);
}

static int fail_with(int error)
{
	errno = error;
	return -1;
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fail_here("openat") ? fail_with(EMFILE) :
				     __real_openat(dir, path, flags, mode);
}

int __wrap_flock(int fd, int op)
{
	return fail_here("flock") ? fail_with(ENOLCK) : __real_flock(fd, op);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off)
{
	return fail_here("pwrite") ? fail_with(ENOSPC) :
				     __real_pwrite(fd, buf, n, off);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
	return fail_here("renameat") ? fail_with(ENOSPC) :
				       __real_renameat(a, from, b, to);
}

ssize_t __wrap_getrandom(void *buf, size_t n, unsigned int flags)
{
	return fail_here("getrandom") ? fail_with(ENOSYS) :
					__real_getrandom(buf, n, flags);
}
