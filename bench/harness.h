/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every benchmark needs: a clock, samples in series, one JSON file.
 *
 * The file has one form for all benchmarks:
 *
 *   {"bench": NAME,
 *    "config": {...},
 *    "series": [{"system": S, "metric": M, "unit": U,
 *                "params": {"alive": N, ...}, "samples": [x, ...]}, ...]}
 *
 * A sample belongs to the series with the same system, metric, unit and
 * params, which is made when its first sample comes.
 *
 * Times are of CLOCK_MONOTONIC_RAW.  In the lab with --icount that clock
 * counts instructions, so the unit is "emulated ms"; elsewhere it is "ms".
 * bench_sample() takes what its caller has counted.
 *
 * Programs of one thread; a call that cannot go on prints why and exits 2.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

/* Owned by the caller, freed by bench_finish. */
struct bench *bench_start(const char *name);
void bench_config_int(struct bench *b, const char *key, long long value);
void bench_config_str(struct bench *b, const char *key, const char *value);

/* One time sample in ms, with the number of guests alive as its parameter. */
void bench_sample_ms(struct bench *b, const char *system, const char *metric,
		     int alive, double ms);
/* The same with the kind of guest as its parameter. */
void bench_sample_guest_ms(struct bench *b, const char *system,
			   const char *metric, const char *guest, double ms);

/* One sample in a unit of its own.  run: under which circumstances; part: of what
 * it is a share, or NULL.  Both are parameters. */
void bench_sample(struct bench *b, const char *system, const char *metric,
		  const char *unit, const char *run, const char *part,
		  double value);

/* Write the file, atomically, and free b.  path "-": standard output. */
void bench_finish(struct bench *b, const char *path);

/* Now, in ms since some start. */
double bench_now_ms(void);

/* Run argv to its end with its output in /dev/null; its exit status. */
int bench_spawn(char *const argv[]);

__attribute__((noreturn, format(printf, 1, 2)))
void bench_die(const char *fmt, ...);

/*
 * The first packet of a guest: a packet socket on a bridge that keeps the
 * kernel's time stamps, so that nobody has to wake up in time.
 */
struct bench_sniffer;
struct bench_sniffer *bench_sniffer_open(const char *ifname);
void bench_sniffer_close(struct bench_sniffer *s);
void bench_sniffer_drain(struct bench_sniffer *s);
/* When the first packet from mac came, on bench_now_ms's scale; waits for it
 * up to timeout_ms.  Negative: it did not come. */
double bench_sniffer_wait(struct bench_sniffer *s, const uint8_t mac[6],
			  int timeout_ms);

#endif
