// SPDX-License-Identifier: BSD-2-Clause
/*
 * lwIP's cyclic timers, run only while somebody needs them.
 *
 * lwIP would wake the guest four times a second for ever.  Here a timer
 * forces a wake-up only while it has work: TCP with connections, DHCP while
 * it negotiates (and once a minute with a lease), ARP and reassembly for a
 * while after traffic.  Afterwards ARP's ageing is caught up with whenever
 * the guest is awake for another reason.
 */
#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/dhcp.h"
#include "lwip/sys.h"

#include "minios/sched.h"
#include "minios/time.h"
#include "vif.h"

/* As long as a query or a fragment waits at most: 15 s, and some. */
#define AGEING_MS	20000
#define MAX_CATCH_UP	300	/* seconds: an ARP entry's life */

struct cyclic {
	uint32_t period_ms;
	unsigned int max_runs;	/* rounds that are made up for when late */
	bool (*needed)(void);	/* does it force a wake-up */
	void (*run)(void);
	uint64_t next_ms;
};

/*
 * Read once per round: a guest's look at the clock may be emulated by Xen,
 * and lwIP asks often.
 */
static uint64_t now_ms;
static uint64_t ageing_until_ms;
static bool active;		/* traffic since the last round */
static bool in_round;
static void (*wake_thread)(void);

u32_t sys_now(void)
{
	return now_ms;
}

static bool tcp_needed(void)
{
	return tcp_active_pcbs || tcp_tw_pcbs;
}

/* Something to look after came up outside of the thread's rounds. */
static void kick(void)
{
	if (!in_round)
		wake_thread();
}

/* lwIP says so when connections appear. */
void tcp_timer_needed(void)
{
	kick();
}

static bool ageing_needed(void)
{
	return now_ms < ageing_until_ms;
}

static void age(void)
{
	etharp_tmr();
	ip_reass_tmr();
}

/* Is any DHCP client running / in the middle of a conversation? */
static bool dhcp_any(bool talking)
{
	struct netif *netif;

	NETIF_FOREACH(netif) {
		const struct dhcp *d = netif_dhcp_data(netif);

		if (d && d->state != DHCP_STATE_OFF &&
		    !(talking && d->state == DHCP_STATE_BOUND))
			return true;
	}
	return false;
}

static bool dhcp_fine_needed(void)
{
	return dhcp_any(true);
}

static bool dhcp_coarse_needed(void)
{
	return dhcp_any(false);
}

static struct cyclic timers[] = {
	{ TCP_TMR_INTERVAL, 1, tcp_needed, tcp_tmr, 0 },
	{ ARP_TMR_INTERVAL, MAX_CATCH_UP, ageing_needed, age, 0 },
	{ DHCP_FINE_TIMER_MSECS, 1, dhcp_fine_needed, dhcp_fine_tmr, 0 },
	{ DHCP_COARSE_TIMER_MSECS, 1, dhcp_coarse_needed, dhcp_coarse_tmr, 0 },
};

#define NR_TIMERS	(sizeof(timers) / sizeof(timers[0]))

_Static_assert(ARP_TMR_INTERVAL == IP_TMR_INTERVAL, "they are run together");

void timers_init(void (*wake)(void))
{
	unsigned int i;

	wake_thread = wake;
	timers_begin();
	for (i = 0; i < NR_TIMERS; i++)
		timers[i].next_ms = now_ms + timers[i].period_ms;
}

void timers_activity(void)
{
	active = true;
	kick();
}

void timers_begin(void)
{
	now_ms = time_ns() / NS_PER_MS;
	in_round = true;
}

static void run_due(struct cyclic *t)
{
	uint64_t rounds;

	if (now_ms < t->next_ms)
		return;
	rounds = 1 + (now_ms - t->next_ms) / t->period_ms;
	t->next_ms += rounds * t->period_ms;
	if (rounds > t->max_runs)
		rounds = t->max_runs;
	while (rounds--)
		t->run();
}

uint64_t timers_end(void)
{
	uint64_t next = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < NR_TIMERS; i++)
		run_due(&timers[i]);
	if (active)
		ageing_until_ms = now_ms + AGEING_MS;
	active = false;
	for (i = 0; i < NR_TIMERS; i++)
		if (timers[i].needed() && timers[i].next_ms < next)
			next = timers[i].next_ms;
	in_round = false;
	return next == UINT64_MAX ? SCHED_FOREVER : next * NS_PER_MS;
}
