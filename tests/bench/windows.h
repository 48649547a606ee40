/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows of time in a counted node, where a nanosecond of the clock is an
 * instruction.
 */
#ifndef BRAID_BENCH_WINDOWS_H
#define BRAID_BENCH_WINDOWS_H

#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define WARM_UP 2
#define WINDOWS 5

struct windows {
	int64_t spent[WINDOWS];
	int64_t idle[WINDOWS];
};

static inline int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/*
 * Nanoseconds that the processor has been idle; the clock jumps over them. Not
 * /proc/stat, which counts in hundredths of a second.
 */
static inline int64_t idle_time(void)
{
	FILE *file = fopen("/proc/timer_list", "r");
	int64_t idle = -1;
	char line[256];

	if (!file)
		err(1, "/proc/timer_list");
	while (idle < 0 && fgets(line, sizeof(line), file))
		sscanf(line, " .idle_sleeptime : %" SCNd64, &idle);
	fclose(file);
	if (idle < 0)
		errx(1,
		     "/proc/timer_list does not say how long the processor was idle");
	return idle;
}

static inline void window_begin(struct windows *windows, int i)
{
	windows->idle[i] = idle_time();
	windows->spent[i] = now();
}

static inline void window_end(struct windows *windows, int i)
{
	windows->spent[i] = now() - windows->spent[i];
	windows->idle[i] = idle_time() - windows->idle[i];
}

static inline void print_list(const char *name, const int64_t *values)
{
	printf(", \"%s\": [", name);
	for (int i = 0; i < WINDOWS; i++)
		printf("%s%" PRId64, i ? ", " : "", values[i]);
	printf("]");
}

/* As members of a JSON object that has others before. */
static inline void print_windows(const struct windows *windows)
{
	print_list("windows", windows->spent);
	print_list("idle", windows->idle);
}

#endif
