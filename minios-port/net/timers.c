// SPDX-License-Identifier: BSD-2-Clause
/*
 * lwIP's cyclic timers, run only while somebody needs them.
 *
 * lwIP would wake the guest four times a second for ever.  Here a timer
 * forces a wake-up only while it has work: TCP with connections, DHCP while
 * it negotiates (and once a minute with a lease), ARP for a while after
 * traffic.  What is left to age then is caught up with whenever the guest is
 * awake for another reason.
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

/* An ARP query is repeated every second, five times. */
#define AGEING_MS	6000
#define ARP_LIFE_S	300
/* Closed connections linger for minutes; their end may be noticed late. */
#define LINGER_MS	10000

struct cyclic {
	uint32_t period_ms;
	/* In how long it has to run, if not earlier; 0: no matter when. */
	uint32_t (*wait_ms)(void);
	/* Periods that are made up for, one run each, when it is late. */
	unsigned int (*max_runs)(void);
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

static uint32_t tcp_wait(void)
{
	if (tcp_active_pcbs)
		return TCP_TMR_INTERVAL;
	return tcp_tw_pcbs ? LINGER_MS : 0;
}

/* A living connection must not see a pause as many retries at once. */
static unsigned int tcp_max_runs(void)
{
	return tcp_active_pcbs ? 1 : 2 * LINGER_MS / TCP_TMR_INTERVAL;
}

static uint32_t age_wait(void)
{
	return now_ms < ageing_until_ms ? ARP_TMR_INTERVAL : 0;
}

static unsigned int age_max_runs(void)
{
	return ARP_LIFE_S;
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

static uint32_t dhcp_fine_wait(void)
{
	return dhcp_any(true) ? DHCP_FINE_TIMER_MSECS : 0;
}

static uint32_t dhcp_coarse_wait(void)
{
	return dhcp_any(false) ? DHCP_COARSE_TIMER_MSECS : 0;
}

static unsigned int once(void)
{
	return 1;
}

/* Minutes count towards the end of a lease, however long the guest slept. */
static unsigned int dhcp_max_runs(void)
{
	return 60;
}

static struct cyclic timers[] = {
	{ TCP_TMR_INTERVAL, tcp_wait, tcp_max_runs, tcp_tmr, 0 },
	{ ARP_TMR_INTERVAL, age_wait, age_max_runs, age, 0 },
	{ DHCP_FINE_TIMER_MSECS, dhcp_fine_wait, once, dhcp_fine_tmr, 0 },
	{ DHCP_COARSE_TIMER_MSECS, dhcp_coarse_wait, dhcp_max_runs,
	  dhcp_coarse_tmr, 0 },
};

#define NR_TIMERS	(sizeof(timers) / sizeof(timers[0]))

_Static_assert(ARP_TMR_INTERVAL == IP_TMR_INTERVAL, "they are run together");

void timers_init(void (*wake)(void))
{
	unsigned int i;

	wake_thread = wake;
	in_round = true;
	now_ms = time_ns() / NS_PER_MS;
	for (i = 0; i < NR_TIMERS; i++)
		timers[i].next_ms = now_ms + timers[i].period_ms;
}

void timers_activity(void)
{
	active = true;
	kick();
}

static void run_due(struct cyclic *t)
{
	uint64_t rounds;

	if (now_ms < t->next_ms)
		return;
	rounds = 1 + (now_ms - t->next_ms) / t->period_ms;
	t->next_ms += rounds * t->period_ms;
	if (rounds > t->max_runs())
		rounds = t->max_runs();
	while (rounds--)
		t->run();
}

/*
 * Before any frame of this round is looked at: what it brings must not be
 * aged by the time before it.
 */
void timers_begin(void)
{
	unsigned int i;

	now_ms = time_ns() / NS_PER_MS;
	in_round = true;
	for (i = 0; i < NR_TIMERS; i++)
		run_due(&timers[i]);
}

uint64_t timers_end(void)
{
	uint64_t next = UINT64_MAX;
	unsigned int i;

	if (active)
		ageing_until_ms = now_ms + AGEING_MS;
	active = false;
	for (i = 0; i < NR_TIMERS; i++) {
		uint32_t wait = timers[i].wait_ms();
		uint64_t due = timers[i].next_ms + wait - timers[i].period_ms;

		if (wait && due < next)
			next = due;
	}
	in_round = false;
	return next == UINT64_MAX ? SCHED_FOREVER : next * NS_PER_MS;
}
