/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SIM_H
#define BRAID_SIM_H

#include <linux/types.h>

/* The parts of the simulation and the words by which a test drives them. */

#define SIM_BLOCK	4096u
#define SIM_BLOCK_SHIFT	12
#define SIM_IDS		64	/* platters, drives, clients, each numbered from 0 */
#define SIM_WORDS	10	/* most words of a command */

/**
 * struct sim_words - a command
 * @words: its words
 * @number: each word as a number, 0 if it is none
 * @count: how many there are
 */
struct sim_words {
	char *words[SIM_WORDS];
	u64 number[SIM_WORDS];
	unsigned int count;
};

/* Says a line to the test, in the order of what happened. Does not sleep. */
void sim_say(const char *format, ...) __printf(1, 2);

int sim_platter_command(const struct sim_words *words);

int sim_drive_command(const struct sim_words *words);

int sim_client_command(const struct sim_words *words);

int sim_link_command(const struct sim_words *words);

void sim_platters_end(void);

void sim_drives_end(void);

void sim_clients_end(void);

int sim_links_init(void);

void sim_links_end(void);

#endif /* BRAID_SIM_H */
