// SPDX-License-Identifier: BSD-2-Clause
/* Counters by name, and the drops. */
#include <string.h>

#include "stats.h"

#define COUNTER(field, metric, help) \
	{ #field, metric, help, offsetof(struct noxs_netback_stats, field) }

const struct nbl_counter nbl_counters[] = {
	COUNTER(rx_packets, "receive_packets",
		"Frames that the guest received."),
	COUNTER(rx_bytes, "receive_bytes",
		"Bytes that the guest received."),
	COUNTER(rx_dropped, "receive_dropped",
		"Frames for the guest that were dropped."),
	COUNTER(tx_packets, "transmit_packets",
		"Frames that the guest sent."),
	COUNTER(tx_bytes, "transmit_bytes",
		"Bytes that the guest sent."),
	COUNTER(tx_dropped, "transmit_dropped",
		"Frames of the guest that were dropped."),
	COUNTER(events, "events",
		"Events that came from the guest."),
	COUNTER(notifies, "notifications",
		"Events that were sent to the guest."),
	COUNTER(budget_spent, "budget_exhaustions",
		"Turns in which the vif used its whole budget."),
	COUNTER(rx_stalls, "receive_stalls",
		"Times that frames had to wait for buffers of the guest."),
	COUNTER(rx_throttled, "receive_throttled",
		"Times that frames had to wait for the guest's rate."),
	COUNTER(tx_throttled, "transmit_throttled",
		"Times that the guest had to wait for its rate to send."),
	COUNTER(damped, "damped",
		"Times that the guest was put off: its events brought nothing new."),
	COUNTER(tx_switched, "transmit_switched",
		"Frames of the guest that went to another without a TAP."),
};

const size_t nbl_nr_counters = sizeof(nbl_counters) / sizeof(nbl_counters[0]);

uint64_t nbl_counter_get(const struct nbl_counter *c,
			 const struct noxs_netback_stats *stats)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + c->offset, sizeof(value));
	return value;
}

void nbl_stats_drop(struct noxs_netback_stats *stats, unsigned int why)
{
	bool tx;

	if (!noxs_netback_drop_name(why, &tx))
		return;
	stats->drop[why]++;
	if (tx)
		stats->tx_dropped++;
	else
		stats->rx_dropped++;
}

void nbl_stats_uuid(struct nbl *nb, uint16_t domid, uint8_t uuid[16])
{
	struct xen_noxs_states op = { .next_domid = domid };

	memset(uuid, 0, 16);
	/* Not to a driver domain: it is told of its own guests alone. */
	if (noxs_states(nb->nx, &op) || !op.nr || op.entry[0].domid != domid)
		return;
	memcpy(uuid, op.entry[0].uuid, 16);
}

void nbl_uuid_format(const uint8_t uuid[16], char out[NBL_UUID_SIZE])
{
	static const uint8_t none[16];
	unsigned int i, at = 0;

	out[0] = '\0';
	if (!memcmp(uuid, none, sizeof(none)))
		return;
	for (i = 0; i < 16; i++)
		at += (unsigned int)snprintf(out + at, NBL_UUID_SIZE - at,
					     i == 4 || i == 6 || i == 8 ||
					     i == 10 ? "-%02x" : "%02x",
					     uuid[i]);
}

void nbl_put_quoted(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

const char *nbl_state_name(unsigned int state)
{
	switch (state) {
	case XEN_NOXS_STATE_INIT:
		return "init";
	case XEN_NOXS_STATE_CONNECTED:
		return "connected";
	case XEN_NOXS_STATE_CLOSING:
		return "closing";
	case XEN_NOXS_STATE_CLOSED:
		return "closed";
	default:
		return "unknown";
	}
}
