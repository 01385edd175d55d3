// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "journal.h"

#define SECOND_NS UINT64_C(1000000000)

static struct iovec field(char *text)
{
	return (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

/* It is the guest's text: sent as bytes, which end where they end. */
static void send_to_journal(const struct journal_guest *g, const char *line,
			    size_t size)
{
	char message[8 + JOURNAL_MAX_LINE] = "MESSAGE=";
	char name[96], uuid[64], domid[32];
	char id[] = "SYSLOG_IDENTIFIER=chaos-console";
	char priority[] = "PRIORITY=6";
	struct iovec iov[6];

	snprintf(name, sizeof(name), "CHAOS_GUEST=%s", g->name);
	snprintf(uuid, sizeof(uuid), "CHAOS_UUID=%s", g->uuid);
	snprintf(domid, sizeof(domid), "CHAOS_DOMID=%u", g->domid);
	memcpy(message + 8, line, size);
	iov[0] = (struct iovec){ .iov_base = message, .iov_len = 8 + size };
	iov[1] = field(name);
	iov[2] = field(uuid);
	iov[3] = field(domid);
	iov[4] = field(id);
	iov[5] = field(priority);
	/* Without a journal there is nobody to tell. */
	sd_journal_sendv(iov, 6);
}

void (*journal_send)(const struct journal_guest *g, const char *line,
		     size_t size) = send_to_journal;

static void send_left_out(struct journal *j, const struct journal_guest *g)
{
	char text[64];
	int n;

	if (!j->nr_left_out)
		return;
	n = snprintf(text, sizeof(text), "(%u lines were left out)",
		     j->nr_left_out);
	j->nr_left_out = 0;
	journal_send(g, text, (size_t)n);
}

static void send_line(struct journal *j, const struct journal_guest *g,
		      uint64_t now_ns)
{
	if (j->nr && j->line[j->nr - 1] == '\r')
		j->nr--;
	if (now_ns - j->since_ns >= SECOND_NS) {
		j->since_ns = now_ns;
		j->nr_lines = 0;
	}
	if (j->nr && j->nr_lines >= JOURNAL_MAX_LINES) {
		j->nr_left_out++;
	} else if (j->nr) {
		send_left_out(j, g);
		j->nr_lines++;
		journal_send(g, j->line, j->nr);
	}
	j->nr = 0;
}

void journal_put(struct journal *j, const struct journal_guest *g,
		 const void *data, size_t n, uint64_t now_ns)
{
	const char *p = data;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\n') {
			send_line(j, g, now_ns);
			continue;
		}
		if (j->nr == sizeof(j->line))
			send_line(j, g, now_ns);
		j->line[j->nr++] = p[i];
	}
}

void journal_end(struct journal *j, const struct journal_guest *g,
		 uint64_t now_ns)
{
	send_line(j, g, now_ns);
	send_left_out(j, g);
}
