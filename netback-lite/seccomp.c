// SPDX-License-Identifier: BSD-2-Clause
/*
 * The system calls of a process that serves.  Any other one kills it: it makes
 * none, so whoever does is not it any more, and to answer by an error would let
 * him try further.  Its vifs are the next process's.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <xen/xen.h>

#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "sandbox.h"

#define CALL(name) SCMP_SYS(name)

static const int calls[] = {
	/* packets (writer.c's ring can do nothing but write), events, clients */
	CALL(io_uring_enter), CALL(read), CALL(write), CALL(readv),
	CALL(writev), CALL(close),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_ctl), CALL(poll),
	CALL(ppoll), CALL(sendto), CALL(sendmsg), CALL(recvfrom),
	CALL(recvmsg), CALL(accept4), CALL(getsockopt), CALL(setsockopt),
	CALL(getsockname), CALL(eventfd2), CALL(timerfd_settime),
	/* /dev/net/tun, the metrics, what outlives the process */
	CALL(openat), CALL(open), CALL(fstat), CALL(newfstatat), CALL(statx),
	CALL(lseek), CALL(pread64), CALL(pwrite64), CALL(ftruncate),
	CALL(fsync), CALL(fdatasync), CALL(fcntl), CALL(unlink),
	CALL(unlinkat), CALL(rename), CALL(renameat), CALL(renameat2),
	/* memory, threads, time */
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk), CALL(futex),
	CALL(clock_gettime), CALL(gettimeofday), CALL(time),
	CALL(clock_nanosleep), CALL(nanosleep), CALL(sched_yield),
	CALL(getrandom), CALL(restart_syscall), CALL(getpid), CALL(gettid),
	CALL(getuid), CALL(geteuid),
	/* a thread that has just begun (closer.c); malloc's first look at the processors */
	CALL(rseq), CALL(set_robust_list), CALL(setpriority),
	CALL(sched_getaffinity),
	/* its end, and an abort */
	CALL(rt_sigreturn), CALL(rt_sigprocmask), CALL(rt_sigaction),
	CALL(exit), CALL(exit_group),
};

static const unsigned long ioctls[] = {
	IOCTL_PRIVCMD_HYPERCALL, IOCTL_PRIVCMD_MMAP_RESOURCE,
	IOCTL_EVTCHN_BIND_UNBOUND_PORT, IOCTL_EVTCHN_BIND_INTERDOMAIN,
	IOCTL_EVTCHN_UNBIND,
	IOCTL_EVTCHN_NOTIFY,
	IOCTL_GNTDEV_MAP_GRANT_REF, IOCTL_GNTDEV_UNMAP_GRANT_REF,
	IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, IOCTL_GNTDEV_GRANT_COPY,
	TUNSETIFF, TUNGETIFF, TUNSETPERSIST, TUNSETOFFLOAD, TUNSETVNETHDRSZ,
	TUNSETTXFILTER, TUNATTACHFILTER, TUNDETACHFILTER, TUNSETCARRIER,
	TUNSETQUEUE, TUNSETSNDBUF, TUNSETSTEERINGEBPF,
	SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFMTU, SIOCSIFMTU, SIOCGIFFLAGS,
	SIOCSIFFLAGS, SIOCGIFHWADDR,
	TCGETS,			/* a stream asks it of its descriptor */
};

static int add_calls(scmp_filter_ctx ctx)
{
	size_t i;
	int rc;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
		if (rc)
			return rc;
	}
	return 0;
}

/* By number, of which the kernel takes 32 bits. */
static int add_ioctls(scmp_filter_ctx ctx)
{
	size_t i;
	int rc;

	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX,
					      ioctls[i] & UINT32_MAX));
		if (rc)
			return rc;
	}
	return 0;
}

/* No memory that is written becomes code. */
static int add_memory(scmp_filter_ctx ctx)
{
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc)
		return rc;
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* To ask a device's index, and for syslog(3) to find its daemon again. */
static int add_sockets(scmp_filter_ctx ctx)
{
	static const int families[] = { AF_UNIX, AF_INET };
	size_t i;
	int rc;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ,
					      (scmp_datum_t)families[i]));
		if (rc)
			return rc;
	}
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);
}

/* What pace.c changes: its own, and not to what takes processors from others. */
static int add_policies(scmp_filter_ctx ctx)
{
	static const int policies[] = { SCHED_OTHER, SCHED_BATCH };
	size_t i;
	int rc;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
				      SCMP_SYS(sched_setscheduler), 2,
				      SCMP_A0(SCMP_CMP_EQ, 0),
				      SCMP_A1(SCMP_CMP_EQ,
					      (scmp_datum_t)policies[i]));
		if (rc)
			return rc;
	}
	return 0;
}

/* abort() is a signal to itself. */
static int add_signals(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

int nbl_sandbox_seal(char err[NBL_ERROR_SIZE])
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!ctx)
		return nbl_fail(err, -ENOMEM, "allocate");
	/* All threads: the closer's are there. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!rc)
		rc = add_calls(ctx);
	if (!rc)
		rc = add_ioctls(ctx);
	if (!rc)
		rc = add_memory(ctx);
	if (!rc)
		rc = add_sockets(ctx);
	if (!rc)
		rc = add_policies(ctx);
	if (!rc)
		rc = add_signals(ctx);
	/* A tree: the first of 100 compares is not what a packet waits for. */
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc ? nbl_fail(err, rc, "filter system calls") : 0;
}
