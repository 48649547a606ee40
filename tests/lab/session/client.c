// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one command in a node: session [-t] DIR COMMAND [ARG...]
 *
 * DIR holds the node's ports, sockets port.0, port.1 and so on.  stdin, stdout,
 * stderr, the exit status and signals pass through; -t gives the command a
 * terminal.  The exit status is 255 when the node cannot be reached.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#include "frame.h"

#define PORT_MAX	32
#define RESET_WAIT_MS	1000	/* for READY, before the port is opened anew */
#define RESET_TRIES	60
#define SIGNAL_WAIT_MS	2000	/* for the command to end on a signal */

static const char *node_dir;
static int lock_fd = -1;	/* holds the port, and the note that it is in use */
static int port_fd = -1;
static int port_number;
static volatile sig_atomic_t caught;
static volatile sig_atomic_t resized;
static struct termios saved_terminal;
static int terminal_changed;
static struct frame_buffer in, out;

static void terminal_restore(void)
{
	if (terminal_changed)
		tcsetattr(0, TCSANOW, &saved_terminal);
}

static void __attribute__((noreturn, format(printf, 1, 2)))
fail(const char *format, ...)
{
	va_list args;

	terminal_restore();
	fputs("lab: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(255);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* The note survives us when we are killed; see frame.h. */
static int port_noted(void)
{
	char note = 0;

	return pread(lock_fd, &note, 1, 0) == 1 && note == 'x';
}

static void port_note(char note)
{
	if (pwrite(lock_fd, &note, 1, 0) != 1)
		fail("%s: %s", node_dir, strerror(errno));
}

/* Takes a free port: 1, or 0 when all are busy. */
static int port_take(void)
{
	char path[256];

	for (port_number = 0; port_number < PORT_MAX; port_number++) {
		snprintf(path, sizeof(path), "%s/port.%d", node_dir, port_number);
		if (access(path, F_OK)) {
			if (!port_number)
				fail("%s does not run", strrchr(node_dir, '/') + 1);
			return 0;
		}
		strcat(path, ".lock");
		lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock_fd < 0)
			fail("%s: %s", path, strerror(errno));
		if (!flock(lock_fd, LOCK_EX | LOCK_NB))
			return 1;
		close(lock_fd);
	}
	return 0;
}

static void port_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/port.%d",
		     node_dir, port_number) >= (int)sizeof(address.sun_path))
		fail("%s: path too long", node_dir);
	port_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (port_fd < 0 ||
	    connect(port_fd, (struct sockaddr *)&address, sizeof(address)))
		fail("%s does not run (%s)", strrchr(node_dir, '/') + 1,
		     strerror(errno));
}

static void __attribute__((noreturn)) node_gone(void)
{
	fail("%s stopped while a command ran", strrchr(node_dir, '/') + 1);
}

/* Reads up to the marker of READY, whatever comes before it: 1 when it came. */
static int marker_seen(void)
{
	const size_t size = sizeof(frame_marker);
	long end = now_ms() + RESET_WAIT_MS;
	char *found;

	in.start = in.end = 0;
	for (;;) {
		struct pollfd p = { .fd = port_fd, .events = POLLIN };
		long left = end - now_ms();

		if (left <= 0 || poll(&p, 1, left) <= 0)
			return 0;
		if (frame_fill(&in, port_fd) <= 0)
			node_gone();
		found = memmem(in.data + in.start, frame_pending(&in),
			       frame_marker, size);
		if (found) {
			in.start = found + size - in.data;
			return 1;
		}
		if (frame_pending(&in) > size)
			in.start = in.end - size;
	}
}

static void port_prepare(void)
{
	int tries = 0;

	port_open();
	if (!port_noted())
		return;
	while (!marker_seen()) {
		if (++tries == RESET_TRIES)
			fail("%s: port %d does not answer",
			     strrchr(node_dir, '/') + 1, port_number);
		close(port_fd);
		pause_ms(100 * tries);
		port_open();
	}
}

static void put_command(int terminal, char **args)
{
	struct frame_command command = { .terminal = terminal };
	static char data[FRAME_MAX];
	const char *term = getenv("TERM");
	size_t size = sizeof(command), length;
	struct winsize window;

	if (terminal && !ioctl(0, TIOCGWINSZ, &window)) {
		command.rows = window.ws_row;
		command.columns = window.ws_col;
	}
	memcpy(data, &command, sizeof(command));
	if (!term)
		term = "dumb";
	for (; term; term = *args++) {
		length = strlen(term) + 1;
		if (size + length > sizeof(data))
			fail("the command is too long");
		memcpy(data + size, term, length);
		size += length;
	}
	frame_put(&out, FRAME_COMMAND, data, size);
}

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		caught = number;
}

/* Signals come only inside ppoll(), so none is missed between two of them. */
static void catch_signals(sigset_t *during_poll)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sigaction(numbers[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
		sigaddset(&block, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &block, during_poll);
	signal(SIGPIPE, SIG_IGN);
}

/* Passes a signal on; the command has a moment to end by it, then we do. */
static void pass_signals(long *deadline)
{
	uint32_t number = caught;
	struct frame_window size;
	struct winsize window;

	if (caught) {
		frame_put(&out, FRAME_SIGNAL, &number, sizeof(number));
		caught = 0;
		signal(number, SIG_DFL);
		if (!*deadline)
			*deadline = now_ms() + SIGNAL_WAIT_MS;
	}
	if (resized && !ioctl(0, TIOCGWINSZ, &window)) {
		size.rows = window.ws_row;
		size.columns = window.ws_col;
		frame_put(&out, FRAME_WINDOW, &size, sizeof(size));
	}
	resized = 0;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n < 0) {
			/* The reader is gone: end as if SIGPIPE had hit us. */
			terminal_restore();
			signal(SIGPIPE, SIG_DFL);
			raise(errno == EPIPE ? SIGPIPE : SIGTERM);
			_exit(255);
		}
		data += n;
		size -= n;
	}
}

/* Acts on what the node sent: the exit status, or -1 while there is none. */
static int take_frames(void)
{
	struct frame_head head;
	uint32_t status;
	char *data;
	int got;

	while ((got = frame_get(&in, &head, &data)) > 0) {
		if (head.type == FRAME_OUTPUT)
			write_all(1, data, head.size);
		else if (head.type == FRAME_ERRORS)
			write_all(2, data, head.size);
		else if (head.type == FRAME_EXIT && head.size == sizeof(status)) {
			memcpy(&status, data, sizeof(status));
			return status;
		}
	}
	if (got < 0)
		fail("%s: port %d sent nonsense", strrchr(node_dir, '/') + 1,
		     port_number);
	return -1;
}

static int serve(const sigset_t *during_poll)
{
	int stdin_open = 1, status, busy;
	char data[FRAME_DATA];
	long deadline = 0, left;
	ssize_t n;

	for (;;) {
		struct timespec limit = { 0 };
		struct pollfd p[2];

		busy = frame_pending(&out) > 0;
		p[0] = (struct pollfd){ port_fd, POLLIN | (busy ? POLLOUT : 0), 0 };
		p[1] = (struct pollfd){ stdin_open && !busy ? 0 : -1, POLLIN, 0 };
		left = deadline ? deadline - now_ms() : 0;
		if (left < 0)
			fail("the command did not end on the signal; giving it up");
		limit.tv_sec = left / 1000;
		limit.tv_nsec = left % 1000 * 1000000;
		if (ppoll(p, 2, deadline ? &limit : NULL, during_poll) < 0) {
			pass_signals(&deadline);
			continue;
		}
		if (p[0].revents & (POLLIN | POLLHUP)) {
			n = frame_fill(&in, port_fd);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				node_gone();
			status = take_frames();
			if (status >= 0)
				return status;
		}
		if (p[1].revents) {
			n = read(0, data, sizeof(data));
			if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
				stdin_open = n > 0;
				frame_put(&out, FRAME_INPUT, data, n > 0 ? n : 0);
			}
		}
		if (frame_pending(&out) && frame_flush(&out, port_fd))
			node_gone();
	}
}

static void terminal_raw(void)
{
	struct termios raw;

	if (tcgetattr(0, &saved_terminal))
		return;
	raw = saved_terminal;
	cfmakeraw(&raw);
	terminal_changed = !tcsetattr(0, TCSANOW, &raw);
}

int main(int argc, char **argv)
{
	int terminal = argc > 1 && !strcmp(argv[1], "-t");
	int status, told = 0;
	long start = now_ms();
	sigset_t during_poll;

	argv += 1 + terminal;
	if (argc < 3 + terminal || !strchr(argv[0], '/')) {
		fputs("usage: session [-t] DIR COMMAND [ARG...]\n", stderr);
		return 2;
	}
	node_dir = argv[0];
	while (!port_take()) {
		if (!told && now_ms() - start > 5000) {
			fputs("lab: all ports of the node are busy; waiting\n", stderr);
			told = 1;
		}
		pause_ms(50);
	}
	port_prepare();
	put_command(terminal, argv + 1);
	port_note('x');
	catch_signals(&during_poll);
	fcntl(port_fd, F_SETFL, O_NONBLOCK);
	if (terminal)
		terminal_raw();
	status = serve(&during_poll);
	terminal_restore();
	/* A frame cut short would make the next client's first one nonsense. */
	if (!frame_pending(&out))
		port_note('-');
	return status;
}
