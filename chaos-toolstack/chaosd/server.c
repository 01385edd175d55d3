// SPDX-License-Identifier: BSD-2-Clause
/* The socket, its connections, and a packet each way. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "consoles.h"
#include "log.h"
#include "server.h"

#define BACKLOG		64

struct client {
	TAILQ_ENTRY(client) link;
	struct server *server;
	sd_event_source *source;
	int fd;
};

TAILQ_HEAD(clients, client);

struct server {
	sd_event *event;
	sd_event_source *source;
	int fd;
	struct sockaddr_un addr;
	bool bound;		/* by us: we remove it */
	struct clients clients;
	unsigned int nr_clients;
	struct request_context *requests;
};

/* But its descriptor. */
static void client_forget(struct client *c)
{
	struct server *s = c->server;

	sd_event_source_disable_unref(c->source);
	TAILQ_REMOVE(&s->clients, c, link);
	/* One that waits in the backlog has room now. */
	if (s->nr_clients-- == SERVER_MAX_CLIENTS)
		sd_event_source_set_enabled(s->source, SD_EVENT_ON);
	free(c);
}

static void client_close(struct client *c)
{
	int fd = c->fd;

	client_forget(c);
	close(fd);
}

/* It is the consoles' from now on. */
static void hand_over(struct client *c, const struct chaosd_header *h,
		      const void *body, size_t size)
{
	struct consoles *consoles = c->server->requests->consoles;
	int fd = c->fd;

	client_forget(c);
	consoles_adopt(consoles, fd, h->cookie, body, size);
}

/* -errno: the client is of no use any more. */
static int answer(struct client *c, const struct request_reply *r)
{
	ssize_t n;

	do {
		n = send(c->fd, r->packet, r->size,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int client_ready(sd_event_source *source, int fd, uint32_t events,
			void *arg)
{
	static union {
		uint8_t bytes[CHAOSD_MAX_PACKET];
		struct chaosd_header header;
	} packet;
	static struct request_reply reply;
	struct client *c = arg;
	ssize_t n;
	int rc;

	(void)source;
	(void)events;
	n = recv(fd, packet.bytes, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || n > (ssize_t)sizeof(packet) ||
	    n < (ssize_t)sizeof(packet.header)) {
		/* What is no packet of ours has no cookie to answer to. */
		client_close(c);
		return 0;
	}
	if (request_is_console(c->server->requests, &packet.header)) {
		hand_over(c, &packet.header, packet.bytes +
			  sizeof(packet.header),
			  (size_t)n - sizeof(packet.header));
		return 0;
	}
	request_serve(c->server->requests, packet.bytes, (size_t)n, &reply);
	rc = answer(c, &reply);
	if (rc) {
		log_line(LOG_DEBUG, "a client took no answer: %s",
			 strerror(-rc));
		client_close(c);
	}
	return 0;
}

/* Root, or who we are. */
static int check_peer(int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return -errno;
	return !cred.uid || cred.uid == geteuid() ? 0 : -EPERM;
}

static int client_open(struct server *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->server = s;
	c->fd = fd;
	rc = sd_event_add_io(s->event, &c->source, fd, EPOLLIN, client_ready,
			     c);
	if (rc < 0) {
		free(c);
		return rc;
	}
	TAILQ_INSERT_TAIL(&s->clients, c, link);
	if (++s->nr_clients == SERVER_MAX_CLIENTS)
		sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
	return 0;
}

static int listener_ready(sd_event_source *source, int fd, uint32_t events,
			  void *arg)
{
	struct server *s = arg;
	int client, rc;

	(void)source;
	(void)events;
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_line(LOG_WARNING, "accept a client: %s",
				 strerror(errno));
		return 0;
	}
	rc = check_peer(client);
	if (!rc)
		rc = client_open(s, client);
	if (rc) {
		log_line(LOG_WARNING, "a client was turned away: %s",
			 strerror(-rc));
		close(client);
	}
	return 0;
}

/* A socket that a killed process left answers nobody; a living one does. */
static int remove_stale(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) ? -errno : 0;
	close(fd);
	if (!rc)
		return -EADDRINUSE;
	if (rc == -ECONNREFUSED && unlink(sa->sun_path))
		return -errno;
	return 0;
}

static int listen_on(struct server *s, const char *path)
{
	int rc;

	if (strlen(path) >= sizeof(s->addr.sun_path))
		return -ENAMETOOLONG;
	s->addr.sun_family = AF_UNIX;
	strcpy(s->addr.sun_path, path);
	rc = remove_stale(&s->addr);
	if (rc)
		return rc;
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (s->fd < 0)
		return -errno;
	if (bind(s->fd, (struct sockaddr *)&s->addr, sizeof(s->addr)))
		return -errno;
	s->bound = true;
	return listen(s->fd, BACKLOG) ? -errno : 0;
}

int server_open(sd_event *event, int fd, const char *path,
		struct request_context *requests, struct server **out)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	TAILQ_INIT(&s->clients);
	s->event = event;
	s->requests = requests;
	s->fd = fd;
	rc = fd < 0 ? listen_on(s, path) : 0;
	if (!rc)
		rc = sd_event_add_io(event, &s->source, s->fd, EPOLLIN,
				     listener_ready, s);
	if (rc < 0) {
		server_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void server_close(struct server *s)
{
	struct client *c, *next;

	if (!s)
		return;
	for (c = TAILQ_FIRST(&s->clients); c; c = next) {
		next = TAILQ_NEXT(c, link);
		client_close(c);
	}
	sd_event_source_disable_unref(s->source);
	if (s->fd >= 0)
		close(s->fd);
	if (s->bound)
		unlink(s->addr.sun_path);
	free(s);
}
