// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debug_locks.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "sim.h"

/*
 * /dev/braid-sim: a write has commands, a line each, of which the first that fails
 * ends it; reads give what happened since, a line each, in the order in which it
 * happened. So that a test knows where its own doings stand in that order,
 * `note WORD` says "note WORD".
 */

#define LINE_MAX	64
#define COMMANDS_MAX	4096

static bool unlocked;
module_param(unlocked, bool, 0444);
MODULE_PARM_DESC(unlocked, "no proofs of locks, which take half of the time");

static DEFINE_KFIFO(said, char, SZ_512K);
static DEFINE_SPINLOCK(said_lock);
static DECLARE_WAIT_QUEUE_HEAD(said_wait);
static DEFINE_MUTEX(mutex);

void sim_say(const char *format, ...)
{
	char line[LINE_MAX];
	va_list words;
	int length;

	va_start(words, format);
	length = vscnprintf(line, sizeof(line), format, words);
	va_end(words);
	/* A test that loses a line would judge another history. */
	WARN_ON(kfifo_in_spinlocked(&said, line, length, &said_lock) != length);
	wake_up(&said_wait);
}

static int note(const struct sim_words *words)
{
	if (words->count != 2)
		return -EINVAL;
	sim_say("note %s\n", words->words[1]);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(const struct sim_words *words);
	bool id;	/* the second word numbers a thing */
} commands[] = {
	{ "platter", sim_platter_command, true },
	{ "drive", sim_drive_command, true },
	{ "client", sim_client_command, true },
	{ "link", sim_link_command, false },
	{ "note", note, false },
};

static int run(char *text)
{
	struct sim_words words = { };
	char *word;
	int i;

	while ((word = strsep(&text, " "))) {
		if (!*word)
			continue;
		if (words.count == SIM_WORDS)
			return -E2BIG;
		if (kstrtou64(word, 10, &words.number[words.count]))
			words.number[words.count] = 0;
		words.words[words.count++] = word;
	}
	for (i = 0; words.count && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(words.words[0], commands[i].word))
			continue;
		if (commands[i].id && (words.count < 3 || words.number[1] >= SIM_IDS))
			return -EINVAL;
		return commands[i].run(&words);
	}
	return -EINVAL;
}

static ssize_t sim_write(struct file *file, const char __user *from, size_t length,
			 loff_t *at)
{
	char *text, *rest, *line;
	int error = 0;

	if (length >= COMMANDS_MAX)
		return -E2BIG;
	text = memdup_user_nul(from, length);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = text;
	mutex_lock(&mutex);
	while (!error && (line = strsep(&rest, "\n")))
		error = run(line);
	mutex_unlock(&mutex);
	kfree(text);
	return error ?: length;
}

static ssize_t sim_read(struct file *file, char __user *to, size_t length, loff_t *at)
{
	unsigned int copied;
	int error;

	if (kfifo_is_empty(&said) && file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	error = wait_event_interruptible(said_wait, !kfifo_is_empty(&said));
	if (!error)
		error = kfifo_to_user(&said, to, length, &copied);
	return error ?: copied;
}

static __poll_t sim_poll(struct file *file, poll_table *table)
{
	poll_wait(file, &said_wait, table);
	return EPOLLOUT | EPOLLWRNORM | (kfifo_is_empty(&said) ? 0 : EPOLLIN | EPOLLRDNORM);
}

static const struct file_operations sim_operations = {
	.owner = THIS_MODULE,
	.write = sim_write,
	.read = sim_read,
	.poll = sim_poll,
};

static struct miscdevice sim_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "braid-sim",
	.fops = &sim_operations,
	.mode = 0600,
};

static int __init sim_init(void)
{
	int error = sim_links_init();

	if (error)
		return error;
	error = misc_register(&sim_device);
	if (error)
		sim_links_end();
	else if (unlocked)
		debug_locks_off();
	return error;
}

static void __exit sim_exit(void)
{
	misc_deregister(&sim_device);
	sim_clients_end();
	sim_drives_end();
	sim_platters_end();
	sim_links_end();
}

module_init(sim_init);
module_exit(sim_exit);

MODULE_DESCRIPTION("braid: disks, links and clients of a simulated cluster");
MODULE_AUTHOR("The braid authors");
MODULE_LICENSE("GPL");
