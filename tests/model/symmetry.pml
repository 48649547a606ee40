/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data replicas are interchangeable, and so are the blocks: a state is replaced by
 * the one in which they stand in a fixed order. It has the same future, with the
 * names exchanged, so a search of all states meets a fraction of them only.
 */

c_code {
	static void swap_bytes(unsigned char *x, int i, int j)
	{
		unsigned char old = x[i];

		x[i] = x[j];
		x[j] = old;
	}

	static int swap_bits(int set, int u, int v)
	{
		if (((set >> u) ^ (set >> v)) & 1)
			set ^= 1 << u | 1 << v;
		return set;
	}

	static int other(int i, int u, int v)
	{
		return i == u ? v : i == v ? u : i;
	}

	/* A number that two voters share only if little sets them apart. */
	static unsigned long weight(int v)
	{
		unsigned long sum = now.cache[2 * v] + 41 * now.cache[2 * v + 1];
		int w, b;

		sum = sum * 131 + now.disk[2 * v] + 41 * now.disk[2 * v + 1];
		sum = sum * 131 + now.up[v] + 2 * now.dirty[v] + 4 * now.clean[v] +
		      8 * now.joining[v] + 16 * now.clearing[v] + 32 * now.lossy[v];
		sum = sum * 131 + now.promised[v];
		sum = sum * 131 + now.mver[v];
		sum = sum * 131 + now.stamp[v] + 16 * now.last_insync[v];
		sum = sum * 131 + now.written_gen[v] + 16 * now.gen[v];
		sum = sum * 131 + now.joined_under[v] + (now.high_isr >> v & 1);
		for (w = 0; w < 2; w++) {
			for (b = 0; b < 2; b++) {
				int m = (w * 2 + b) * 3 + v;

				sum = sum * 131 + now.msg[m] + 4 * now.msg_gen[m] +
				      (now.acked[w * 2 + b] >> v & 1) * 64;
				sum = sum * 131 + now.msg_value[m] + now.msg_told[m] * 16;
			}
			sum = sum * 131 + now.clr[w * 3 + v] + 4 * now.clr_late[w * 3 + v] +
			      8 * (now.answered[w] >> v & 1) +
			      16 * (now.committed[w] >> v & 1) +
			      32 * (now.proposed[w] >> v & 1) +
			      64 * (now.asked[w] >> v & 1);
			sum = sum * 131 + (now.stored[w] >> v & 1) +
			      2 * (now.failed[w] >> v & 1) +
			      4 * (now.reopened[w] >> v & 1) +
			      8 * (now.flushed_by[w] >> v & 1) +
			      16 * (now.copied[w] >> 2 * v & 3) +
			      64 * (now.joiner[w] == v);
			sum = sum * 131 + (now.source[w] == v) +
			      2 * (now.copy_stage[w] && now.copy_to[w] == v) +
			      4 * (now.best_isr[w] >> v & 1) +
			      8 * (now.accepted[w] >> v & 1);
		}
		return sum;
	}

	static void swap_voters(int u, int v)
	{
		unsigned char *each[] = {
			now.up, now.promised, now.mver, now.isr, now.gen, now.clean,
			now.joining, now.joined_under, now.last_insync, now.stamp,
			now.dirty, now.clearing, now.lossy, now.written_gen,
		};
		unsigned char *messages[] = {
			now.msg, now.msg_value, now.msg_gen, now.msg_told,
		};
		unsigned char *sets[] = {
			now.answered, now.best_isr, now.committed, now.proposed, now.asked,
			now.stored, now.accepted, now.failed, now.reopened, now.flushed_by,
		};
		int i, j;

		for (i = 0; i < sizeof(each) / sizeof(*each); i++)
			swap_bytes(each[i], u, v);
		for (i = 0; i < 2; i++) {
			swap_bytes(now.disk, 2 * u + i, 2 * v + i);
			swap_bytes(now.cache, 2 * u + i, 2 * v + i);
			swap_bytes(now.clr, 3 * i + u, 3 * i + v);
			swap_bytes(now.clr_late, 3 * i + u, 3 * i + v);
			now.copied[i] = swap_bits(swap_bits(now.copied[i], 2 * u, 2 * v),
						  2 * u + 1, 2 * v + 1);
			now.source[i] = other(now.source[i], u, v);
			now.joiner[i] = other(now.joiner[i], u, v);
			if (now.copy_stage[i])
				now.copy_to[i] = other(now.copy_to[i], u, v);
			for (j = 0; j < sizeof(sets) / sizeof(*sets); j++)
				sets[j][i] = swap_bits(sets[j][i], u, v);
		}
		for (i = 0; i < 4; i++) {
			for (j = 0; j < sizeof(messages) / sizeof(*messages); j++)
				swap_bytes(messages[j], 3 * i + u, 3 * i + v);
			now.acked[i] = swap_bits(now.acked[i], u, v);
		}
		for (i = 0; i < 3; i++)
			now.isr[i] = swap_bits(now.isr[i], u, v);
		now.high_isr = swap_bits(now.high_isr, u, v);
	}

	static void sort(int u, int v)
	{
		if (weight(u) < weight(v))
			swap_voters(u, v);
	}

	static unsigned long block_weight(int b)
	{
		unsigned long sum = now.seen[b] + 41 * now.seen_limit[b];
		int i;

		sum = sum * 131 + now.safe[b] + 41 * now.safe_limit[b];
		for (i = 0; i < 2; i++)
			sum = sum * 131 + now.writing[2 * i + b] +
			      41 * now.flush_seen[2 * i + b] + (now.join_left[i] >> b & 1) +
			      2 * (now.copy_stage[i] && now.copy_block[i] == b);
		for (i = 0; i < 3; i++)
			sum += now.cache[2 * i + b] * 3 + now.disk[2 * i + b] * 7;
		return sum;
	}

	static void swap_blocks(void)
	{
		unsigned char *ghosts[] = {
			now.seen, now.seen_limit, now.seen_read, now.safe, now.safe_limit,
		};
		unsigned char *messages[] = {
			now.msg, now.msg_value, now.msg_gen, now.msg_told,
		};
		int i, j, v;

		for (i = 0; i < sizeof(ghosts) / sizeof(*ghosts); i++)
			swap_bytes(ghosts[i], 0, 1);
		for (i = 0; i < 3; i++) {
			swap_bytes(now.disk, 2 * i, 2 * i + 1);
			swap_bytes(now.cache, 2 * i, 2 * i + 1);
		}
		for (i = 0; i < 2; i++) {
			swap_bytes(now.writing, 2 * i, 2 * i + 1);
			swap_bytes(now.acked, 2 * i, 2 * i + 1);
			swap_bytes(now.flush_seen, 2 * i, 2 * i + 1);
			swap_bytes(now.flush_limit, 2 * i, 2 * i + 1);
			now.join_left[i] = swap_bits(now.join_left[i], 0, 1);
			if (now.copy_stage[i])
				now.copy_block[i] = !now.copy_block[i];
			for (v = 0; v < 3; v++) {
				now.copied[i] = swap_bits(now.copied[i], 2 * v, 2 * v + 1);
				for (j = 0; j < sizeof(messages) / sizeof(*messages); j++)
					swap_bytes(messages[j], 6 * i + v, 6 * i + 3 + v);
			}
		}
	}

	static void in_order(void)
	{
		if (block_weight(0) < block_weight(1))
			swap_blocks();
		sort(0, 1);
		if (REPLICAS == 3) {
			sort(1, 2);
			sort(0, 1);
		}
	}
};
