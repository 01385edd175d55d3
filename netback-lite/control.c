// SPDX-License-Identifier: BSD-2-Clause
/* The control socket: where it is, and who may connect. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"

/* Root, or whoever started us (the same but in tests). */
static bool peer_allowed(const struct nbl *nb, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	return cred.uid == 0 || cred.uid == nb->uid;
}

static void client_accepted(struct nbl_listener *l, int fd)
{
	struct nbl_control *ctl = nbl_container(l, struct nbl_control,
						listener);

	if (!peer_allowed(ctl->nb, fd)) {
		nbl_log(NBL_WARN, "control: refused a peer that is not root");
		goto err_close;
	}
	if (nbl_connection_open(ctl, fd))
		goto err_close;
	if (ctl->nr_connections == NBL_MAX_CONNECTIONS) {
		nbl_log(NBL_WARN, "control: %d connections, others wait",
			NBL_MAX_CONNECTIONS);
		nbl_listener_full(l, true);
	}
	return;

err_close:
	close(fd);
	nbl_listener_freed(l);
}

int nbl_control_dir(const char *path, char err[NBL_ERROR_SIZE])
{
	struct stat st;
	char *copy, *dir;
	int rc = 0;

	copy = strdup(path);
	if (!copy)
		return nbl_fail(err, -ENOMEM, "allocate");
	dir = dirname(copy);
	if (mkdir(dir, 0700) && errno != EEXIST)
		rc = nbl_fail(err, -errno, "make %s", dir);
	else if (lstat(dir, &st))
		rc = nbl_fail(err, -errno, "%s", dir);
	else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		 (st.st_mode & 077))
		rc = nbl_fail(err, -EPERM,
			      "%s must be a directory of mode 0700, ours",
			      dir);
	free(copy);
	return rc;
}

static int control_listen(struct nbl_control *ctl, const char *path,
			  char err[NBL_ERROR_SIZE])
{
	mode_t mask;
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return nbl_fail(err, -errno, "open a socket");
	unlink(path);
	/* Not by a later chmod(): the directory may be a user's. */
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)&ctl->addr, sizeof(ctl->addr));
	rc = rc ? -errno : 0;
	umask(mask);
	if (rc) {
		nbl_fail(err, rc, "bind %s", path);
		goto err_close;
	}
	if (listen(fd, NBL_MAX_CONNECTIONS)) {
		rc = nbl_fail(err, -errno, "listen on %s", path);
		goto err_unlink;
	}
	rc = nbl_listener_open(&ctl->listener, &ctl->nb->loop, fd,
			       client_accepted);
	if (rc) {
		nbl_fail(err, rc, "wait for %s", path);
		goto err_unlink;
	}
	return 0;

err_unlink:
	unlink(path);
err_close:
	close(fd);
	return rc;
}

int nbl_control_open(struct nbl *nb, const char *path,
		     char err[NBL_ERROR_SIZE])
{
	struct nbl_control *ctl;
	int rc;

	if (strlen(path) >= sizeof(ctl->addr.sun_path))
		return nbl_fail(err, -ENAMETOOLONG, "socket %s", path);
	rc = nbl_control_dir(path, err);
	if (rc)
		return rc;
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return nbl_fail(err, -ENOMEM, "allocate");
	ctl->nb = nb;
	ctl->addr.sun_family = AF_UNIX;
	strcpy(ctl->addr.sun_path, path);
	TAILQ_INIT(&ctl->connections);
	TAILQ_INIT(&ctl->queue);
	TAILQ_INIT(&ctl->dead);
	rc = control_listen(ctl, path, err);
	if (rc) {
		free(ctl);
		return rc;
	}
	nb->control = ctl;
	return 0;
}

void nbl_control_hold(struct nbl_control *ctl, bool hold)
{
	if (ctl)
		nbl_listener_full(&ctl->listener, hold);
}

void nbl_control_close(struct nbl_control *ctl)
{
	struct nbl_connection *conn, *next;

	if (!ctl)
		return;
	for (conn = TAILQ_FIRST(&ctl->connections); conn; conn = next) {
		next = TAILQ_NEXT(conn, link);
		nbl_connection_close(conn);
	}
	nbl_control_bury(ctl);
	nbl_listener_close(&ctl->listener);
	unlink(ctl->addr.sun_path);
	ctl->nb->control = NULL;
	free(ctl);
}
