/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_VOTE_H
#define BRAID_BLK_VOTE_H

struct braid_replica;
struct braid_request;

/* Requests about the record of a replica: promises, membership and leases. */

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

int braid_vote_lease(struct braid_replica *replica,
		     struct braid_request *request);

#endif /* BRAID_BLK_VOTE_H */
