// SPDX-License-Identifier: BSD-2-Clause
/* From root to a user with one capability. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"

#define TUN_DIR		"/dev/net"
#define TUN		TUN_DIR "/tun"
#define CAPS		(1u << CAP_NET_ADMIN)

int nbl_sandbox_user(const char *name, struct nbl_sandbox *out,
		     char err[NBL_ERROR_SIZE])
{
	const char *who = name ? name : NBL_USER;
	const struct passwd *pw = getpwnam(who);

	if (!pw && !name) {
		nbl_log(NBL_WARN, "there is no user " NBL_USER
			": it runs as nobody");
		who = "nobody";
		pw = getpwnam(who);
	}
	if (!pw)
		return nbl_fail(err, -ENOENT, "user %s", who);
	if (!pw->pw_uid || !pw->pw_gid)
		return nbl_fail(err, -EINVAL, "user %s is root", who);
	*out = (struct nbl_sandbox){
		.on = true, .uid = pw->pw_uid, .gid = pw->pw_gid,
	};
	return 0;
}

/* By a descriptor, of what is no link: the folder may be a user's already. */
int nbl_sandbox_give(const struct nbl_sandbox *s, const char *path)
{
	struct stat st;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else if (!S_ISDIR(st.st_mode) &&
		 !(S_ISREG(st.st_mode) && st.st_nlink == 1))
		rc = -EPERM;
	else if (st.st_uid != s->uid && fchown(fd, s->uid, s->gid))
		rc = -errno;
	close(fd);
	return rc;
}

/*
 * Where no udev made it everybody's, TUN is root's alone.  Then the process has
 * a TUN_DIR of its own, which nobody else sees and which goes with it.
 */
static int own_tun(const struct nbl_sandbox *s)
{
	struct stat st;

	if (stat(TUN, &st))
		return -errno;
	if ((st.st_mode & 06) == 06)
		return 0;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("netback-lite", TUN_DIR, "tmpfs", MS_NOSUID | MS_NOEXEC,
		  "mode=0755,size=4k,nr_inodes=4"))
		return -errno;
	if (mknod(TUN, S_IFCHR | 0600, st.st_rdev) ||
	    chown(TUN, s->uid, s->gid))
		return -errno;
	return 0;
}

/* Nothing that it may execute, if it could, gives it more again. */
static int drop_bounds(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -errno;
	return 0;
}

static int become_user(const struct nbl_sandbox *s)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(s->gid, s->gid, s->gid) ||
	    setresuid(s->uid, s->uid, s->uid))
		return -errno;
	return 0;
}

static int keep_caps(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = CAPS, .permitted = CAPS },
	};

	if (syscall(SYS_capset, &head, data) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* What is not so is no sandbox, whatever the calls returned. */
static int check_user(const struct nbl_sandbox *s)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	uid_t r, e, saved;

	if (getresuid(&r, &e, &saved) || r != s->uid || e != s->uid ||
	    saved != s->uid || setuid(0) == 0 ||
	    syscall(SYS_capget, &head, data) || data[0].effective != CAPS ||
	    data[0].permitted != CAPS || data[0].inheritable ||
	    data[1].effective || data[1].permitted)
		return -EPERM;
	return 0;
}

int nbl_sandbox_enter(const struct nbl_sandbox *s, char err[NBL_ERROR_SIZE])
{
	int rc;

	tzset();	/* of syslog's messages: it reads a file */
	rc = own_tun(s);
	if (rc)
		return nbl_fail(err, rc, "a " TUN " for user %u",
				(unsigned int)s->uid);
	rc = drop_bounds();
	if (!rc)
		rc = become_user(s);
	if (!rc)
		rc = keep_caps();
	if (!rc)
		rc = check_user(s);
	return rc ? nbl_fail(err, rc, "become user %u",
			     (unsigned int)s->uid) : 0;
}
