// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load for the benchmark of volumes: reads and writes a block device directly,
 * past the page cache, on the one processor of a counted node.
 *
 *	blkload DEVICE LABEL
 *
 * LABEL is what each result begins with, members of a JSON object. What was
 * written is read back and compared at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "windows.h"

#define BLOCK 4096
#define LARGE 65536
#define REGION (256 * 1024) /* braid's; a cold write goes to one not written before */
#define DEPTH 16

static int device;
static uint8_t *buffer; /* DEPTH * LARGE, aligned */
static aio_context_t queue;

/**
 * struct load - what is measured
 * @metric: its name
 * @size: bytes of one I/O
 * @count: I/Os in a window
 * @depth: in flight at a time
 * @write: or read
 * @stride: from one to the next, bytes; they stay in the first region if it is
 *	smaller than that
 */
struct load {
	const char *metric;
	size_t size;
	unsigned int count;
	unsigned int depth;
	bool write;
	size_t stride;
};

static off_t offset_of(const struct load *load, unsigned int window,
		       unsigned int i)
{
	if (load->stride >= REGION)
		return (off_t)(1 + window * load->count + i) * load->stride;
	return (i * load->stride) % REGION;
}

static void run_one(const struct load *load, unsigned int window)
{
	for (unsigned int i = 0; i < load->count; i++) {
		off_t at = offset_of(load, window, i);
		ssize_t n = load->write ?
				    pwrite(device, buffer, load->size, at) :
				    pread(device, buffer, load->size, at);

		if (n != (ssize_t)load->size)
			err(1, "%s at %jd", load->metric, (intmax_t)at);
	}
}

static void run_deep(const struct load *load, unsigned int window)
{
	struct iocb iocb[DEPTH], *list[DEPTH];
	struct io_event events[DEPTH];
	long n;

	for (unsigned int i = 0; i < load->count; i += DEPTH) {
		memset(iocb, 0, sizeof(iocb));
		for (unsigned int j = 0; j < DEPTH; j++) {
			iocb[j].aio_fildes = device;
			iocb[j].aio_lio_opcode = load->write ? IOCB_CMD_PWRITE :
							       IOCB_CMD_PREAD;
			iocb[j].aio_buf = (uintptr_t)buffer + j * load->size;
			iocb[j].aio_nbytes = load->size;
			iocb[j].aio_offset = offset_of(load, window, i + j);
			list[j] = &iocb[j];
		}
		n = syscall(SYS_io_submit, queue, DEPTH, list);
		if (n != DEPTH)
			err(1, "%s: %ld of %d submitted", load->metric, n, DEPTH);
		n = syscall(SYS_io_getevents, queue, DEPTH, DEPTH, events, NULL);
		if (n != DEPTH)
			err(1, "%s: %ld of %d done", load->metric, n, DEPTH);
		for (unsigned int j = 0; j < DEPTH; j++)
			if (events[j].res != (int64_t)load->size)
				errx(1, "%s: %lld", load->metric,
				     (long long)events[j].res);
	}
}

static void measure(const struct load *load, const char *label)
{
	void (*run)(const struct load *, unsigned int) =
		load->depth > 1 ? run_deep : run_one;
	struct windows windows;

	for (int i = 0; i < WARM_UP; i++)
		run(load, WINDOWS + i);
	for (int i = 0; i < WINDOWS; i++) {
		window_begin(&windows, i);
		run(load, i);
		window_end(&windows, i);
	}
	printf("{%s, \"metric\": \"%s\", \"count\": %u", label, load->metric,
	       load->count);
	print_windows(&windows);
	printf("}\n");
	fflush(stdout);
}

/* What the loads left in the first region is what was written there. */
static void check(void)
{
	static uint8_t expected[LARGE];
	uint8_t *back = buffer + LARGE;

	memcpy(expected, buffer, LARGE);
	if (pwrite(device, buffer, LARGE, 0) != LARGE)
		err(1, "pwrite");
	memset(back, 0, LARGE);
	if (pread(device, back, LARGE, 0) != LARGE)
		err(1, "pread");
	if (memcmp(back, expected, LARGE))
		errx(1, "what is read is not what was written");
}

int main(int argc, char **argv)
{
	static const struct load loads[] = {
		{ "write4k", BLOCK, 200, 1, true, BLOCK },
		{ "write64k", LARGE, 100, 1, true, LARGE },
		{ "read4k", BLOCK, 400, 1, false, BLOCK },
		{ "write4k_qd16", BLOCK, 320, DEPTH, true, BLOCK },
		{ "write4k_cold", BLOCK, 100, 1, true, REGION },
	};

	if (argc != 3)
		errx(1, "usage: blkload DEVICE LABEL");
	device = open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (device < 0)
		err(1, "%s", argv[1]);
	buffer = aligned_alloc(BLOCK, DEPTH * LARGE);
	if (!buffer)
		err(1, "buffer");
	for (size_t i = 0; i < DEPTH * LARGE; i++)
		buffer[i] = (i * 2654435761u) >> 13;
	if (syscall(SYS_io_setup, DEPTH, &queue))
		err(1, "io_setup");
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		measure(&loads[i], argv[2]);
	check();
	return 0;
}
