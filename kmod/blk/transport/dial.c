// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "transport/dial.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/printk.h>

#include "transport/auth.h"
#include "transport/dialling.h"
#include "transport/sock.h"

static int shake_hands(struct braid_handshake *handshake, struct socket *sock,
		       const struct braid_secrets *secrets, unsigned int which,
		       const struct braid_handshake_want *want,
		       unsigned long deadline, struct braid_handshake_got *got)
{
	int ret;

	braid_handshake_hello(handshake);
	ret = braid_sock_send(sock, &handshake->hello,
			      sizeof(handshake->hello), deadline);
	if (ret)
		return ret;
	ret = braid_sock_receive(sock, &handshake->challenge,
				 sizeof(handshake->challenge), deadline);
	if (ret)
		return ret;
	ret = braid_handshake_take_challenge(handshake);
	if (ret)
		return ret;
	ret = braid_handshake_proof(handshake, secrets, which, want);
	if (ret)
		return ret;
	ret = braid_sock_send(sock, &handshake->proof,
			      sizeof(handshake->proof), deadline);
	if (ret)
		return ret;
	ret = braid_sock_receive(sock, &handshake->welcome,
				 sizeof(handshake->welcome), deadline);
	if (ret)
		return ret;
	return braid_handshake_take_welcome(handshake, secrets, which, got);
}

static int dial_once(struct braid_dialling *dialling,
		     const struct braid_address *address,
		     const struct braid_secrets *secrets, unsigned int which,
		     const struct braid_handshake_want *want,
		     unsigned long deadline, struct braid_handshake_got *got,
		     u32 *features, struct socket **sock)
{
	struct braid_handshake handshake = { };
	int ret;

	*sock = braid_sock_connect(dialling, address, deadline);
	if (IS_ERR(*sock))
		return PTR_ERR(*sock);
	ret = shake_hands(&handshake, *sock, secrets, which, want, deadline,
			  got);
	*features = le32_to_cpu(handshake.challenge.features);
	if (handshake.why)
		pr_info_ratelimited("target at port %u: handshake failed: %s\n",
				    address->port, handshake.why);
	braid_handshake_clear(&handshake);
	if (!braid_dialling_done(dialling))
		ret = -EINTR;
	if (ret)
		braid_sock_release(dialling->node, *sock);
	/* A target that is full, or receives garbage, closes the connection. */
	return ret == -ECONNRESET || ret == -EPIPE ? -ECONNREFUSED : ret;
}

/**
 * braid_dial() - connect to a target and do the handshake
 * @dialling: what other tasks see of the call, and the node to connect from
 * @address: address of the target
 * @secrets: the secrets; if the first one is rejected, the other is tried
 * @which: index of the secret to try first; set to the accepted one
 * @want: request of the writer
 * @deadline: limit for the whole call, in jiffies
 * @got: set to the answer of the target
 * @features: set to the feature bits agreed
 * @sock: set to the connected socket, on which frames follow
 *
 * Context: Process, may sleep until @deadline.
 * Return: as braid_remote_connect().
 */
int braid_dial(struct braid_dialling *dialling,
	       const struct braid_address *address,
	       const struct braid_secrets *secrets, unsigned int *which,
	       const struct braid_handshake_want *want, unsigned long deadline,
	       struct braid_handshake_got *got, u32 *features,
	       struct socket **sock)
{
	unsigned int try, i;
	int ret = -EKEYREJECTED;

	for (i = 0; i < secrets->count && ret == -EKEYREJECTED; i++) {
		try = (*which + i) % secrets->count;
		ret = dial_once(dialling, address, secrets, try, want,
				deadline, got, features, sock);
	}
	if (!ret)
		*which = try;
	return ret;
}
