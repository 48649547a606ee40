// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load for the benchmark: a client and a server, each in a namespace, on the
 * one processor of a counted node, where a nanosecond of the clock is an
 * instruction.
 *
 *	load measure CLIENT SERVER ADDRESS PORT NODE LABEL
 *	load reach CLIENT SERVER ADDRESS PORT
 *
 * CLIENT, SERVER and NODE are namespaces of the ip command. ADDRESS is what the
 * client calls, the server's or a service's. NODE is asked for the number of
 * connections that it tracks. LABEL is what each result begins with, members
 * of a JSON object. `reach` says whether the port after the measured ones,
 * PORT + 2, is reached.
 *
 * One process has both ends of the transactions: a packet's way is done when
 * the call that sent it returns, so nothing waits and no switch between tasks
 * is counted. A stream has a process at either end, for data in flight.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "windows.h"

#define CHUNK 65536
#define PORT_STREAM 1 /* after the port of transactions */
#define PORT_FORBIDDEN 2
#define PATIENCE 5 /* seconds for what should take no time */

static uint8_t chunk[CHUNK];

static void fill_chunk(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(chunk); i++) {
		x = x * 1664525 + 1013904223;
		chunk[i] = x >> 24;
	}
}

/* What a server makes of a request, so that an echo is not taken for it. */
static uint64_t answer_to(uint64_t request)
{
	return ~request * 3;
}

/* --- sockets ----------------------------------------------------------------- */

static void enter(const char *namespace)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static void limit(int fd, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		err(1, "setsockopt");
}

static int open_socket(int type)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static int open_server(int type, unsigned int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	int fd = open_socket(type);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "bind");
	if (type == SOCK_STREAM && listen(fd, 8))
		err(1, "listen");
	limit(fd, PATIENCE);
	return fd;
}

static int dial(int type, const struct sockaddr_in *to)
{
	int fd = open_socket(type);

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		err(1, "connect");
	return fd;
}

static void send_all(int fd, const void *data, size_t size)
{
	for (const uint8_t *at = data; size;) {
		ssize_t n = send(fd, at, size, 0);

		if (n < 0)
			err(1, "send");
		at += n;
		size -= n;
	}
}

static uint64_t receive_number(int fd, const char *whose)
{
	uint64_t number;
	ssize_t n = recv(fd, &number, sizeof(number), 0);

	if (n < 0)
		err(1, "%s did not arrive", whose);
	if (n != sizeof(number))
		errx(1, "%s: %zd of %zu bytes", whose, n, sizeof(number));
	return number;
}

static void check_answer(uint64_t answer, uint64_t request)
{
	if (answer != answer_to(request))
		errx(1, "a wrong answer");
}

/* --- loads ------------------------------------------------------------------- */

/**
 * struct load - what is measured
 * @metric: its name
 * @count: how often it happens in a window
 * @run: one window
 * @to: where the client calls
 * @node: namespace of the node that the client is on
 * @client: UDP's socket, one flow for all windows
 * @server: the server's socket, or the one it listens with
 */
struct load {
	const char *metric;
	unsigned int count;
	void (*run)(const struct load *load);
	struct sockaddr_in to;
	const char *node;
	int client;
	int server;
};

static void run_udp(const struct load *load)
{
	for (uint64_t i = 0; i < load->count; i++) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		uint64_t number = i;

		send_all(load->client, &number, sizeof(number));
		if (recvfrom(load->server, &number, sizeof(number), 0,
			     (struct sockaddr *)&from, &len) != sizeof(number))
			err(1, "a request did not arrive");
		number = answer_to(number);
		if (sendto(load->server, &number, sizeof(number), 0,
			   (struct sockaddr *)&from, len) != sizeof(number))
			err(1, "sendto");
		check_answer(receive_number(load->client, "an answer"), i);
	}
}

/* The server closes first, as one that does not keep connections. */
static void run_connections(const struct load *load)
{
	for (uint64_t i = 0; i < load->count; i++) {
		int client = dial(SOCK_STREAM, &load->to), server;
		uint64_t number;

		server = accept(load->server, NULL, NULL);
		if (server < 0)
			err(1, "accept");
		send_all(client, &i, sizeof(i));
		number = answer_to(receive_number(server, "a request"));
		send_all(server, &number, sizeof(number));
		close(server);
		check_answer(receive_number(client, "an answer"), i);
		if (recv(client, &number, sizeof(number), 0) != 0)
			errx(1, "the connection was not closed");
		close(client);
	}
}

static void run_stream(const struct load *load)
{
	uint64_t size = load->count * UINT64_C(1024);
	int fd = dial(SOCK_STREAM, &load->to);

	limit(fd, PATIENCE);
	for (uint64_t sent = 0; sent < size; sent += CHUNK)
		send_all(fd, chunk, CHUNK);
	shutdown(fd, SHUT_WR);
	if (receive_number(fd, "the end of a stream") != answer_to(size))
		errx(1, "a stream did not arrive as it was sent");
	close(fd);
}

/* Answers with the number of bytes that arrived as they were sent. */
static void serve_streams(int listener)
{
	static uint8_t buffer[CHUNK];
	uint64_t total;
	ssize_t n;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		total = 0;
		while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
			/* Two bytes of each read: comparing all would be counted. */
			if (buffer[0] != chunk[total % CHUNK] ||
			    buffer[n - 1] != chunk[(total + n - 1) % CHUNK])
				break;
			total += n;
		}
		total = answer_to(total);
		send(fd, &total, sizeof(total), MSG_NOSIGNAL);
		close(fd);
	}
}

/* --- windows ----------------------------------------------------------------- */

/*
 * Asked at once: whenever the processor idles, the clock jumps, and what is
 * tracked runs out of time.
 */
static long tracked(const char *node)
{
	int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	long count = 0;
	FILE *file;

	enter(node);
	file = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	if (file && fscanf(file, "%ld", &count) != 1)
		errx(1, "%s: no number of connections", node);
	if (file)
		fclose(file);
	if (back < 0 || setns(back, CLONE_NEWNET))
		err(1, "setns");
	close(back);
	return count;
}

static void measure(const struct load *load, const char *label)
{
	struct windows windows;

	for (int i = 0; i < WARM_UP; i++)
		load->run(load);
	for (int i = 0; i < WINDOWS; i++) {
		window_begin(&windows, i);
		load->run(load);
		window_end(&windows, i);
	}
	printf("{%s, \"metric\": \"%s\", \"count\": %u, \"tracked\": %ld",
	       label, load->metric, load->count, tracked(load->node));
	print_windows(&windows);
	printf("}\n");
}

static struct sockaddr_in port_after(const struct sockaddr_in *to,
				     unsigned int n)
{
	struct sockaddr_in sin = *to;

	sin.sin_port = htons(ntohs(to->sin_port) + n);
	return sin;
}

static int measure_all(const char *client, const char *server,
		       const struct sockaddr_in *to, const char *node,
		       const char *label)
{
	unsigned int port = ntohs(to->sin_port);
	struct load loads[] = {
		{ .metric = "udp",
		  .count = 400,
		  .run = run_udp,
		  .to = *to,
		  .node = node },
		{ .metric = "tcp",
		  .count = 100,
		  .run = run_connections,
		  .to = *to,
		  .node = node },
		{ .metric = "stream",
		  .count = 4096,
		  .run = run_stream,
		  .to = port_after(to, PORT_STREAM),
		  .node = node },
	};
	pid_t child;

	enter(server);
	loads[0].server = open_server(SOCK_DGRAM, port);
	loads[1].server = open_server(SOCK_STREAM, port);
	loads[2].server = open_server(SOCK_STREAM, port + PORT_STREAM);
	enter(client);
	loads[0].client = dial(SOCK_DGRAM, to);
	limit(loads[0].client, PATIENCE);
	measure(&loads[0], label);
	measure(&loads[1], label);
	fflush(stdout); /* or the child has it, too */
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		serve_streams(loads[2].server);
		_exit(0); /* no call for a while */
	}
	close(loads[2].server);
	measure(&loads[2], label);
	return 0;
}

/* --- what policy keeps out --------------------------------------------------- */

static bool reaches_udp(const struct sockaddr_in *to, int server)
{
	int client = dial(SOCK_DGRAM, to);
	uint64_t number = 1;
	bool reached;

	send_all(client, &number, sizeof(number));
	limit(server, 1);
	reached = recv(server, &number, sizeof(number), 0) == sizeof(number);
	close(client);
	return reached;
}

static bool reaches_tcp(const struct sockaddr_in *to)
{
	int client = open_socket(SOCK_STREAM);
	bool reached;

	limit(client, 1);
	reached = !connect(client, (const struct sockaddr *)to, sizeof(*to));
	close(client);
	return reached;
}

static int reach(const char *client, const char *server,
		 const struct sockaddr_in *to)
{
	struct sockaddr_in forbidden = port_after(to, PORT_FORBIDDEN);
	unsigned int port = ntohs(forbidden.sin_port);
	bool udp, tcp;
	int receiver;

	enter(server);
	receiver = open_server(SOCK_DGRAM, port);
	open_server(SOCK_STREAM, port);
	enter(client);
	udp = reaches_udp(&forbidden, receiver);
	tcp = reaches_tcp(&forbidden);
	printf("%s\n", udp && tcp   ? "reached"
		       : udp || tcp ? "half"
				    : "kept out");
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (argc < 6)
		errx(1,
		     "usage: load measure|reach CLIENT SERVER ADDRESS PORT [NODE LABEL]");
	if (inet_pton(AF_INET, argv[4], &to.sin_addr) != 1)
		errx(1, "'%s' is no address", argv[4]);
	to.sin_port = htons(atoi(argv[5]));
	fill_chunk();
	if (argc == 8 && !strcmp(argv[1], "measure"))
		return measure_all(argv[2], argv[3], &to, argv[6], argv[7]);
	if (argc == 6 && !strcmp(argv[1], "reach"))
		return reach(argv[2], argv[3], &to);
	errx(1, "unknown command '%s'", argv[1]);
}
