// SPDX-License-Identifier: GPL-2.0-only
#include "control/reach.h"

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "volume/peer.h"
#include "proto/text.h"
#include "volume/volume.h"

/* Was each tried since it was begun with, or begun anew? */
static bool all_tried(struct braid_volume *volume)
{
	unsigned long flags;
	bool tried = true;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		tried &= volume->peers[i].settled;
	spin_unlock_irqrestore(&volume->lock, flags);
	return tried;
}

int braid_reach(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		if (!braid_peer_connected(&volume->peers[i]))
			braid_peer_kick(&volume->peers[i]);
	spin_unlock_irqrestore(&volume->lock, flags);
	return wait_event_interruptible(volume->wait, all_tried(volume)) ?
	       -EINTR : 0;
}

void braid_reach_blame(struct braid_volume *volume, const struct braid_ask *ask)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < ask->count; i++)
		if (ask->reply[i].asked && ask->reply[i].error &&
		    ask->reply[i].error != -ENOTCONN)
			braid_peer_blame(ask->reply[i].peer,
					 ask->reply[i].error);
	spin_unlock_irqrestore(&volume->lock, flags);
}

u64 braid_reach_silent(const struct braid_ask *ask)
{
	u64 silent = 0;
	unsigned int i;

	for (i = 0; i < ask->count; i++)
		if (!ask->reply[i].told)
			silent |= BIT_ULL(i);
	return silent;
}

const char *braid_reach_list(struct braid_volume *volume, u64 peers, char *out)
{
	char address[BRAID_ADDRESS_TEXT];
	const char *separator = "";
	unsigned long flags;
	unsigned int i;
	int at = 0;

	out[0] = '\0';
	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];

		if (!(peers & BIT_ULL(i)))
			continue;
		if (peer->voter.id)
			at += scnprintf(out + at, BRAID_MISSING_MAX - at,
					"%svoter %u (%s, %s)", separator,
					peer->voter.id,
					peer->here ? "here" :
					braid_address_text(&peer->voter.address,
							   address),
					peer->why ?: "no answer");
		else
			at += scnprintf(out + at, BRAID_MISSING_MAX - at,
					"%s%s: %s", separator,
					peer->here ? "here" :
					braid_address_text(&peer->voter.address,
							   address),
					peer->why ?: "no answer");
		separator = ", ";
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	return out;
}

const char *braid_reach_check_name(const char *name)
{
	size_t length = strlen(name);
	const char *c;

	if (!length)
		return "name of the volume is empty";
	if (length > BRAID_NAME_MAX)
		return "name of the volume is longer than 24 bytes";
	for (c = name; *c; c++)
		if (!isascii(*c) || !(isalnum(*c) || strchr("-_.", *c)))
			return "name of the volume has more than letters, digits, '-', '_' and '.'";
	if (name[0] == '.')
		return "name of the volume begins with a dot";
	return NULL;
}
