// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node's process 1 once its root is set up: one server per virtio-serial port
 * named lab.*, each of which runs the commands that the host's client sends.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <utmp.h>

#include "frame.h"

#define PORTS_MAX	32
#define ARGS_MAX	4096
#define GRACE_MS	1000	/* from SIGTERM to SIGKILL when the client went */

struct session {
	int port;
	int terminal;		/* the command has a terminal, not three pipes */
	pid_t pid;
	int pidfd;
	int input;		/* -1 once closed, as the next two */
	int output;
	int errors;
	int input_ended;	/* close input when what is held is written */
	const char *held;	/* input that the command has not taken yet */
	size_t held_size;
	struct frame_buffer in;
	struct frame_buffer out;
};

static struct session session;

static void set_blocking(int fd, int blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Splits the strings of a COMMAND; NULL when they are not well formed. */
static char **command_args(char *data, size_t size, char **term)
{
	static char *args[ARGS_MAX + 1];
	size_t count = 0;
	char *end = data + size;

	if (!size || end[-1])
		return NULL;
	*term = data;
	for (data += strlen(data) + 1; data < end; data += strlen(data) + 1) {
		if (count == ARGS_MAX)
			return NULL;
		args[count++] = data;
	}
	args[count] = NULL;
	return count ? args : NULL;
}

static void child_run(char **args, const char *term)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setenv("TERM", term, 1);
	execvp(args[0], args);
	fprintf(stderr, "%s: %s\n", args[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static pid_t start_on_terminal(struct session *s, const struct frame_command *c,
			       char **args, const char *term)
{
	struct winsize size = { .ws_row = c->rows, .ws_col = c->columns };
	int master;
	pid_t pid = forkpty(&master, NULL, NULL, &size);

	if (pid == 0)
		child_run(args, term);
	if (pid > 0) {
		s->input = master;
		s->output = fcntl(master, F_DUPFD_CLOEXEC, 0);
	}
	return pid;
}

static pid_t start_on_pipes(struct session *s, char **args, const char *term)
{
	int in[2], out[2], err[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    pipe2(err, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		setsid();
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		child_run(args, term);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	s->input = in[1];
	s->output = out[0];
	s->errors = err[0];
	return pid;
}

static void put_exit(struct session *s, uint32_t status)
{
	frame_put(&s->out, FRAME_EXIT, &status, sizeof(status));
}

/* Starts what a COMMAND asks for; without success only an answer is pending. */
static int session_start(struct session *s, char *data, size_t size)
{
	static const char refused[] = "lab agent: cannot start the command\n";
	struct frame_command c;
	char **args = NULL, *term;

	s->pid = -1;
	s->input = s->output = s->errors = -1;
	s->held_size = 0;
	s->input_ended = 0;
	if (size > sizeof(c)) {
		memcpy(&c, data, sizeof(c));
		s->terminal = c.terminal;
		args = command_args(data + sizeof(c), size - sizeof(c), &term);
	}
	if (args)
		s->pid = s->terminal ? start_on_terminal(s, &c, args, term) :
				       start_on_pipes(s, args, term);
	if (s->pid < 0) {
		frame_put(&s->out, FRAME_ERRORS, refused, sizeof(refused) - 1);
		put_exit(s, 126);
		return -1;
	}
	s->pidfd = syscall(SYS_pidfd_open, s->pid, 0);
	set_blocking(s->input, 0);
	set_blocking(s->output, 0);
	if (s->errors >= 0)
		set_blocking(s->errors, 0);
	return 0;
}

/* One read of the command's output; 0 when there is nothing more just now. */
static int take_output(struct session *s, int *fd, enum frame_type type)
{
	char data[FRAME_DATA];
	ssize_t n = *fd < 0 ? 0 : read(*fd, data, sizeof(data));

	if (n > 0) {
		frame_put(&s->out, type, data, n);
		return 1;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(fd);
	return 0;
}

static void give_input(struct session *s)
{
	ssize_t n = 0;

	if (s->held_size) {
		n = write(s->input, s->held, s->held_size);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {	/* the command closed its stdin */
			n = s->held_size;
			close_end(&s->input);
		}
		s->held += n;
		s->held_size -= n;
	}
	if (s->held_size || !s->input_ended || s->input < 0)
		return;
	/* A terminal's reader learns of the end by the character for it. */
	if (s->terminal)
		(void)!write(s->input, "\4", 1);
	close_end(&s->input);
}

/* Acts on the client's frames; stops where input has to wait. -1: nonsense. */
static int take_frames(struct session *s)
{
	struct frame_window window;
	struct frame_head head;
	uint32_t number;
	char *data;
	int got = 0;

	while (!s->held_size && (got = frame_get(&s->in, &head, &data)) > 0) {
		if (head.type == FRAME_INPUT && s->input >= 0) {
			s->held = data;
			s->held_size = head.size;
			s->input_ended = !head.size;
			give_input(s);
		} else if (head.type == FRAME_SIGNAL &&
			   head.size == sizeof(number)) {
			memcpy(&number, data, sizeof(number));
			kill(-s->pid, number);
		} else if (head.type == FRAME_WINDOW && s->terminal &&
			   head.size == sizeof(window) && s->output >= 0) {
			memcpy(&window, data, sizeof(window));
			ioctl(s->output, TIOCSWINSZ,
			      &(struct winsize){ .ws_row = window.rows,
						 .ws_col = window.columns });
		}
	}
	return got < 0 ? -1 : 0;
}

/* Sends what is pending: 0, or -1 when the client went. */
static int send_pending(struct session *s)
{
	struct pollfd port = { .fd = s->port, .events = POLLOUT };

	while (frame_pending(&s->out)) {
		if (poll(&port, 1, -1) > 0 && port.revents & POLLHUP)
			return -1;
		if (frame_flush(&s->out, s->port))
			return -1;
	}
	return 0;
}

/*
 * Sends what is in a pipe of the command that ended.  A daemon that it left
 * behind may hold the pipe, so the pipe's end cannot be waited for; but a pipe
 * holds 64 KiB, so what the command wrote is among the first five reads.
 */
static int drain(struct session *s, int *fd, enum frame_type type)
{
	int reads = 0;

	while (reads++ < 5 && take_output(s, fd, type))
		if (send_pending(s))
			return -1;
	return 0;
}

/* The command is over: what it left in its pipes, then its status. */
static int session_finish(struct session *s)
{
	int status;

	waitpid(s->pid, &status, 0);
	s->pid = -1;
	if (send_pending(s) || drain(s, &s->output, FRAME_OUTPUT) ||
	    drain(s, &s->errors, FRAME_ERRORS))
		return -1;
	put_exit(s, WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					  WEXITSTATUS(status));
	return send_pending(s);
}

/* Serves a running command: 0 at its end, -1 when the client went. */
static int session_serve(struct session *s)
{
	enum { PORT, INPUT, OUTPUT, ERRORS, CHILD, COUNT };
	struct pollfd p[COUNT];
	int busy;

	for (;;) {
		/* Some may have come together with the command. */
		if (take_frames(s))
			return -1;
		busy = frame_pending(&s->out) > 0;
		p[PORT].fd = s->port;
		p[PORT].events = (s->held_size ? 0 : POLLIN) | (busy ? POLLOUT : 0);
		p[INPUT].fd = s->held_size ? s->input : -1;
		p[INPUT].events = POLLOUT;
		p[OUTPUT].fd = busy ? -1 : s->output;
		p[ERRORS].fd = busy ? -1 : s->errors;
		p[OUTPUT].events = p[ERRORS].events = POLLIN;
		p[CHILD].fd = s->pidfd;
		p[CHILD].events = POLLIN;
		if (poll(p, COUNT, -1) < 0)
			continue;
		if (p[PORT].revents & POLLHUP)
			return -1;
		if (p[INPUT].revents)
			give_input(s);
		if (p[PORT].revents & POLLIN && !frame_fill(&s->in, s->port))
			return -1;
		if (p[OUTPUT].revents)
			take_output(s, &s->output, FRAME_OUTPUT);
		if (p[ERRORS].revents)
			take_output(s, &s->errors, FRAME_ERRORS);
		if (frame_pending(&s->out) && frame_flush(&s->out, s->port))
			return -1;
		if (p[CHILD].revents)
			return session_finish(s);
	}
}

static void session_kill(struct session *s)
{
	struct pollfd child = { .fd = s->pidfd, .events = POLLIN };

	if (s->pid < 0)
		return;
	kill(-s->pid, SIGTERM);
	poll(&child, 1, GRACE_MS);
	kill(-s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = -1;
}

static void session_close(struct session *s)
{
	close_end(&s->input);
	close_end(&s->output);
	close_end(&s->errors);
	close_end(&s->pidfd);
}

/*
 * Discards what a client sent that is gone.  Its successor found the note and
 * sends nothing before READY, so nothing of a living client is lost.  Without
 * having @gone seen it, wait for it: READY would greet the one that must go.
 */
static void port_drain(struct session *s, int gone)
{
	struct pollfd port = { .fd = s->port };	/* nothing but POLLHUP */
	char waste[4096];
	ssize_t n;

	set_blocking(s->port, 0);
	while ((n = read(s->port, waste, sizeof(waste))) != 0) {
		if (n < 0 && gone)
			break;
		if (n < 0)
			poll(&port, 1, 20);
	}
}

/* The client went: wait for the next, and say so to it. */
static void port_reset(struct session *s)
{
	s->in.start = s->in.end = s->out.start = s->out.end = 0;
	frame_put(&s->out, FRAME_READY, frame_marker, sizeof(frame_marker));
	set_blocking(s->port, 1);
	while (frame_pending(&s->out))
		frame_flush(&s->out, s->port);
}

/* Runs one command; afterwards the port is idle or its client is gone. */
static void serve_command(struct session *s, char *data, size_t size)
{
	int lost;

	set_blocking(s->port, 0);
	lost = session_start(s, data, size) ? send_pending(s) : session_serve(s);
	session_kill(s);
	session_close(s);
	if (lost) {
		port_drain(s, 1);
		port_reset(s);
	}
}

static void serve_port(const char *device)
{
	struct session *s = &session;
	struct frame_head head;
	char *data;

	s->port = open(device, O_RDWR | O_CLOEXEC);
	if (s->port < 0)
		_exit(1);
	s->pid = s->pidfd = s->input = s->output = s->errors = -1;
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		switch (frame_get(&s->in, &head, &data)) {
		case 1:
			if (head.type == FRAME_COMMAND)
				serve_command(s, data, head.size);
			break;
		case 0:
			set_blocking(s->port, 1);
			if (frame_fill(&s->in, s->port) <= 0)
				port_reset(s);
			break;
		default:
			port_drain(s, 0);
			port_reset(s);
		}
	}
}

/* Finds the devices of the ports named lab.*; how many. */
static int find_ports(char devices[][64])
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)) && count < PORTS_MAX) {
		char path[320], name[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strncmp(name, "lab.", 4))
			snprintf(devices[count++], 64, "/dev/%.32s",
				 entry->d_name);
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return count;
}

int main(void)
{
	static char devices[PORTS_MAX][64];
	pid_t servers[PORTS_MAX] = { 0 };
	int count = find_ports(devices), i;
	pid_t pid;

	if (!count) {
		fprintf(stderr, "lab agent: no port\n");
		return 1;
	}
	for (;;) {
		for (i = 0; i < count; i++) {
			if (servers[i])
				continue;
			servers[i] = fork();
			if (servers[i] == 0)
				serve_port(devices[i]);
		}
		pid = wait(NULL);
		for (i = 0; i < count; i++)
			if (servers[i] == pid)
				servers[i] = 0;
	}
}
