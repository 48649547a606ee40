/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_VOTE_H
#define BRAID_BLK_VOTE_H

struct braid_replica;
struct braid_request;

/* Requests about the record of a replica: who may write, and who is a member. */

/*
 * Each executes one request, and returns what it is answered with.
 * Context: may sleep; @replica->control held.
 */
int braid_vote_ask(struct braid_replica *replica,
		   struct braid_request *request);
int braid_vote_prepare(struct braid_replica *replica,
		       struct braid_request *request);
int braid_vote_record(struct braid_replica *replica,
		      struct braid_request *request);
int braid_vote_create(struct braid_replica *replica,
		      struct braid_request *request);
int braid_vote_fork(struct braid_replica *replica,
		    struct braid_request *request);

/* Waits for nothing: a lease must not stand behind anything.  Context: any. */
int braid_vote_lease(struct braid_replica *replica,
		     struct braid_request *request);

#endif /* BRAID_BLK_VOTE_H */
