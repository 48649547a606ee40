/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions for UDP tunnels as 7.x has them. */
#ifndef BRAID_COMPAT_UDP_TUNNEL_H
#define BRAID_COMPAT_UDP_TUNNEL_H

#include_next <net/udp_tunnel.h>

#ifndef HAVE_UDP_TUNNEL_SOCK
#define setup_udp_tunnel_sock(net, sk, cfg) \
	setup_udp_tunnel_sock(net, (sk)->sk_socket, cfg)
#define udp_tunnel_sock_release(sk) udp_tunnel_sock_release((sk)->sk_socket)
#endif

#ifndef HAVE_UDP_TUNNEL_IPCB
#define udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, \
			    xnet, nocheck, ipcb_flags) \
	udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, \
			    xnet, nocheck)
/*
 * Up to 6.1 the addresses were not const, although the function only reads
 * them.
 */
#define udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl, \
			     label, sport, dport, nocheck, ip6cb_flags) \
	udp_tunnel6_xmit_skb(dst, sk, skb, dev, (struct in6_addr *)(saddr), \
			     (struct in6_addr *)(daddr), prio, ttl, label, \
			     sport, dport, nocheck)
#endif

#endif
