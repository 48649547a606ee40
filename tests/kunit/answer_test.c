// SPDX-License-Identifier: GPL-2.0-only
/*
 * A writer and a hostile target that knows the secret: an answer that does not
 * fit a request ends the connection and answers no request.
 */
#include "../../kmod/blk/transport/auth.c"
#include "../../kmod/blk/transport/conn.c"
#undef pr_fmt
#include "../../kmod/blk/transport/dial.c"
#include "../../kmod/blk/transport/dialling.c"
#include "../../kmod/blk/transport/handshake.c"
#include "../../kmod/blk/transport/node.c"
#include "../../kmod/blk/transport/remote.c"
#include "../../kmod/blk/transport/sock.c"
#include "../../kmod/blk/transport/stream.c"
#include "../../kmod/blk/transport/wire.c"

#include <kunit/test.h>
#include <linux/kthread.h>

#include "loopback.h"
#include "suite_dialling.h"

#define PORT		7798
#define TIMEOUT_MS	20000
#define READ_SIZE	8192
#define COOKIE		0x1234567890abcdefull
#define FILL		0x5a

/**
 * struct lie - fault of an answer
 * @name: name of the case
 * @change: changes the frame of a correct answer
 * @again: the answer is correct and is sent twice
 * @slow: the answer is correct, and its second half is sent after @liar.go
 */
struct lie {
	const char *name;
	void (*change)(struct braid_frame *frame);
	bool again;
	bool slow;
};

/**
 * struct liar - the hostile target
 * @address: address where it listens
 * @secrets: the secret, which the writer knows
 * @listening: listening socket
 * @sock: sockets of the two connections
 * @task: thread that answers
 * @payload: payload of the answer to a READ
 * @lie: fault of the answers, or NULL
 * @asked: number of frames received
 * @go: lets a slow answer continue
 */
struct liar {
	struct braid_address address;
	struct braid_secrets secrets;
	struct socket *listening;
	struct socket *sock[2];
	struct task_struct *task;
	u8 *payload;
	const struct lie *lie;
	atomic_t asked;
	struct completion go;
};

/* One request of the writer. */
struct asking {
	struct braid_request request;
	struct completion answered;
	struct page *page[3];	/* the last page does not belong to the request */
	struct bio_vec vec[2];
	atomic_t answers;
};

static unsigned long soon(void)
{
	return jiffies + msecs_to_jiffies(TIMEOUT_MS);
}

static int greet_writer(struct liar *liar, struct socket *sock)
{
	struct braid_handshake handshake = { };
	struct braid_handshake_want want;
	struct braid_handshake_got got = {
		.store = 9, .sequence = 1, .cookie = COOKIE, .voter = 5,
	};
	unsigned int which;

	if (braid_sock_receive(sock, &handshake.hello, sizeof(handshake.hello), soon()) ||
	    braid_handshake_take_hello(&handshake))
		return -EPROTO;
	braid_handshake_challenge(&handshake);
	if (braid_sock_send(sock, &handshake.challenge, sizeof(handshake.challenge), soon()) ||
	    braid_sock_receive(sock, &handshake.proof, sizeof(handshake.proof), soon()) ||
	    braid_handshake_take_proof(&handshake, &liar->secrets, &which, &want))
		return -EPROTO;
	uuid_copy(&got.volume, &want.volume);
	if (braid_handshake_welcome(&handshake, &liar->secrets, which, &got))
		return -EPROTO;
	return braid_sock_send(sock, &handshake.welcome, sizeof(handshake.welcome), soon());
}

/* Return: 0 when the frame was sent. */
static int tell(struct liar *liar, struct socket *sock, const struct braid_frame *frame)
{
	struct braid_wire_frame wire;
	u32 half = frame->payload / 2;
	int ret;

	braid_wire_encode(frame, &wire);
	ret = braid_sock_send(sock, &wire, sizeof(wire), soon()) ?:
	      braid_sock_send(sock, liar->payload, half, soon());
	if (!ret && liar->lie && liar->lie->slow)
		wait_for_completion_timeout(&liar->go, msecs_to_jiffies(TIMEOUT_MS));
	return ret ?: braid_sock_send(sock, liar->payload + half, frame->payload - half,
				      soon());
}

static int answer_one(struct liar *liar, struct socket *sock)
{
	struct braid_wire_frame wire;
	struct braid_frame frame;
	int ret;

	ret = braid_sock_receive(sock, &wire, sizeof(wire), soon());
	if (ret || braid_wire_decode(&frame, &wire, false, true))
		return -EPROTO;
	atomic_inc(&liar->asked);
	frame.answer = true;
	frame.flags = 0;
	frame.payload = frame.type == BRAID_OP_READ ? frame.length : 0;
	if (liar->lie && liar->lie->change)
		liar->lie->change(&frame);
	frame.payload_crc = frame.payload ?
			    crc32c(~0, liar->payload, frame.payload) : 0;
	ret = tell(liar, sock, &frame);
	if (!ret && liar->lie && liar->lie->again)
		ret = tell(liar, sock, &frame);
	return ret;
}

/* Waits for a connection, unlike braid_sock_accept(). */
static int liar_accept(struct liar *liar, struct socket **sock)
{
	int ret;

	if (!braid_blk_node_enter(&suite_node))
		return -ENETDOWN;
	ret = kernel_accept(liar->listening, sock, 0);
	if (ret)
		braid_blk_node_leave(&suite_node);
	return ret;
}

/*
 * Accepts the control connection, then the data connection, on which it
 * answers.
 */
static int liar_thread(void *data)
{
	struct liar *liar = data;
	int i;

	for (i = 0; i < 2; i++) {
		if (liar_accept(liar, &liar->sock[i]))
			goto out;
		if (greet_writer(liar, liar->sock[i]))
			goto out;
	}
	while (!answer_one(liar, liar->sock[1]))
		;
out:
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void on_answer(struct braid_request *request)
{
	struct asking *asking = container_of(request, struct asking, request);

	atomic_inc(&asking->answers);
	complete(&asking->answered);
}

static void asking_free(void *data)
{
	struct asking *asking = data;
	int i;

	for (i = 0; i < ARRAY_SIZE(asking->page); i++)
		if (asking->page[i])
			put_page(asking->page[i]);
	kfree(asking);
}

static struct asking *asking_new(struct kunit *test, enum braid_op op)
{
	struct asking *asking = kzalloc(sizeof(*asking), GFP_KERNEL);
	struct braid_request *request;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, asking);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, asking_free, asking), 0);
	for (i = 0; i < ARRAY_SIZE(asking->page); i++) {
		asking->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, asking->page[i]);
	}
	for (i = 0; i < ARRAY_SIZE(asking->vec); i++)
		bvec_set_page(&asking->vec[i], asking->page[i], PAGE_SIZE, 0);
	init_completion(&asking->answered);
	request = &asking->request;
	request->op = op;
	request->epoch = (struct braid_epoch){ 3, 4 };
	request->length = op == BRAID_OP_FLUSH ? 0 : READ_SIZE;
	request->bvec = asking->vec;
	request->nr_bvec = op == BRAID_OP_FLUSH ? 0 : ARRAY_SIZE(asking->vec);
	request->done = on_answer;
	return asking;
}

static bool answered(struct asking *asking)
{
	return wait_for_completion_timeout(&asking->answered,
					   msecs_to_jiffies(TIMEOUT_MS));
}

static struct braid_remote *reach(struct kunit *test)
{
	struct liar *liar = test->priv;
	struct braid_epoch epoch = { 3, 4 };
	struct braid_remote_where where = { };
	struct braid_remote_hello hello;
	struct braid_remote *remote;

	where.dialling = &suite_dialling;
	where.address = liar->address;
	where.secrets = liar->secrets;
	memset(&where.volume, 0x11, sizeof(where.volume));
	KUNIT_ASSERT_EQ(test, braid_remote_connect(&where, TIMEOUT_MS, NULL, NULL, &hello,
						   &remote), 0);
	KUNIT_ASSERT_EQ(test, braid_remote_attach(remote, &epoch, 77, TIMEOUT_MS), 0);
	return remote;
}

static void cookie(struct braid_frame *frame)
{
	frame->cookie++;
}

static void session(struct braid_frame *frame)
{
	frame->session--;
}

static void volume(struct braid_frame *frame)
{
	frame->volume ^= 1;
}

static void epoch(struct braid_frame *frame)
{
	frame->epoch.counter++;
}

static void type(struct braid_frame *frame)
{
	frame->type = frame->type == BRAID_OP_FLUSH ? BRAID_OP_WRITE : BRAID_OP_FLUSH;
	frame->payload = 0;
}

/* Changes the answer to one for another request in the same slot. */
static void seq(struct braid_frame *frame)
{
	frame->seq += INDEX_MASK + 1;
}

static void nobody(struct braid_frame *frame)
{
	frame->seq = INDEX_MASK;
}

static void shorter(struct braid_frame *frame)
{
	frame->length = READ_SIZE / 2;
	frame->payload = READ_SIZE / 2;
}

static void longer(struct braid_frame *frame)
{
	frame->length = READ_SIZE + 4096;
	frame->payload = READ_SIZE + 4096;
}

static void error_with_data(struct braid_frame *frame)
{
	frame->error = -EIO;
}

static void no_answer(struct braid_frame *frame)
{
	frame->answer = false;
}

static void flags(struct braid_frame *frame)
{
	frame->flags = BRAID_REQ_FUA;
}

static const struct lie lies[] = {
	{ "cookie", cookie },
	{ "session", session },
	{ "volume", volume },
	{ "epoch", epoch },
	{ "type", type },
	{ "seq", seq },
	{ "nobody", nobody },
	{ "shorter", shorter },
	{ "longer", longer },
	{ "error with data", error_with_data },
	{ "no answer", no_answer },
	{ "flags", flags },
};

static void lie_desc(const struct lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, lie_desc);

static void truth_is_taken(struct kunit *test)
{
	struct asking *read = asking_new(test, BRAID_OP_READ);
	struct asking *flush = asking_new(test, BRAID_OP_FLUSH);
	struct braid_remote *remote = reach(test);

	braid_remote_submit(remote, &read->request);
	KUNIT_EXPECT_TRUE(test, answered(read));
	KUNIT_EXPECT_EQ(test, read->request.error, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(read->page[1]), FILL, PAGE_SIZE));
	braid_remote_submit(remote, &flush->request);
	KUNIT_EXPECT_TRUE(test, answered(flush));
	KUNIT_EXPECT_EQ(test, flush->request.error, 0);
	braid_remote_put(remote);
}

static void lie_answers_nothing(struct kunit *test)
{
	struct liar *liar = test->priv;
	struct asking *asking = asking_new(test, BRAID_OP_READ);
	struct braid_remote *remote;

	liar->lie = test->param_value;
	remote = reach(test);
	braid_remote_submit(remote, &asking->request);
	KUNIT_EXPECT_TRUE(test, answered(asking));
	KUNIT_EXPECT_EQ(test, atomic_read(&liar->asked), 1);
	KUNIT_EXPECT_EQ(test, asking->request.error, -ENOTCONN);
	braid_remote_put(remote);
	KUNIT_EXPECT_EQ(test, atomic_read(&asking->answers), 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(asking->page[2]), 0, PAGE_SIZE));
}

/* The slot holds the next request by then, or none. */
static void second_answer_is_a_lie(struct kunit *test)
{
	static const struct lie twice = { .name = "twice", .again = true };
	struct liar *liar = test->priv;
	struct asking *first = asking_new(test, BRAID_OP_READ);
	struct asking *next = asking_new(test, BRAID_OP_READ);
	struct braid_remote *remote;

	liar->lie = &twice;
	remote = reach(test);
	braid_remote_submit(remote, &first->request);
	KUNIT_EXPECT_TRUE(test, answered(first));
	KUNIT_EXPECT_EQ(test, first->request.error, 0);
	/* The data belongs to the application by now. */
	memset(page_address(first->page[0]), 0, PAGE_SIZE);
	/* Either this request comes first or the end of the connection. */
	braid_remote_submit(remote, &next->request);
	KUNIT_EXPECT_TRUE(test, answered(next));
	KUNIT_EXPECT_EQ(test, next->request.error, -ENOTCONN);
	braid_remote_put(remote);
	KUNIT_EXPECT_EQ(test, atomic_read(&first->answers), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&next->answers), 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(first->page[0]), 0, PAGE_SIZE));
}

/* An application that writes into the pages it reads into harms only itself. */
static void reader_may_scribble(struct kunit *test)
{
	static const struct lie slow = { .name = "slow", .slow = true };
	struct liar *liar = test->priv;
	struct asking *read = asking_new(test, BRAID_OP_READ);
	struct braid_remote *remote;
	unsigned long until = soon();
	u8 *data = page_address(read->page[0]);

	liar->lie = &slow;
	remote = reach(test);
	braid_remote_submit(remote, &read->request);
	while (READ_ONCE(data[PAGE_SIZE - 1]) != FILL && time_before(jiffies, until))
		msleep(20);
	KUNIT_EXPECT_EQ(test, data[PAGE_SIZE - 1], FILL);
	memset(data, 0, PAGE_SIZE);
	complete(&liar->go);
	KUNIT_EXPECT_TRUE(test, answered(read));
	KUNIT_EXPECT_EQ(test, read->request.error, 0);
	braid_remote_put(remote);
}

static int liar_begin(struct kunit *test)
{
	struct liar *liar = kunit_kzalloc(test, sizeof(*liar), GFP_KERNEL);

	test->priv = liar;
	if (!liar)
		return -ENOMEM;
	init_completion(&liar->go);
	liar->payload = kunit_kzalloc(test, READ_SIZE + 4096, GFP_KERNEL);
	if (!liar->payload)
		return -ENOMEM;
	memset(liar->payload, FILL, READ_SIZE + 4096);
	loopback(&liar->address, PORT, &liar->secrets);
	liar->listening = braid_sock_listen(&suite_node, &liar->address);
	if (IS_ERR(liar->listening))
		return PTR_ERR(liar->listening);
	liar->task = kthread_run(liar_thread, liar, "liar");
	if (!IS_ERR(liar->task))
		return 0;
	braid_sock_release(&suite_node, liar->listening);
	return PTR_ERR(liar->task);
}

static void liar_end(struct kunit *test)
{
	struct liar *liar = test->priv;
	int i;

	kernel_sock_shutdown(liar->listening, SHUT_RDWR);
	for (i = 0; i < 2; i++)
		if (READ_ONCE(liar->sock[i]))
			kernel_sock_shutdown(liar->sock[i], SHUT_RDWR);
	kthread_stop(liar->task);
	for (i = 0; i < 2; i++)
		if (liar->sock[i])
			braid_sock_release(&suite_node, liar->sock[i]);
	braid_sock_release(&suite_node, liar->listening);
	KUNIT_EXPECT_EQ(test, suite_node.users, 0u);
}

static int suite_begin(struct kunit_suite *suite)
{
	return braid_conn_module_init();
}

static void suite_end(struct kunit_suite *suite)
{
	braid_conn_module_exit();
}

static struct kunit_case answer_cases[] = {
	KUNIT_CASE(truth_is_taken),
	KUNIT_CASE_PARAM(lie_answers_nothing, lie_gen_params),
	KUNIT_CASE(second_answer_is_a_lie),
	KUNIT_CASE(reader_may_scribble),
	{}
};

static struct kunit_suite answer_suite = {
	.name = "braid_answer",
	.suite_init = suite_begin,
	.suite_exit = suite_end,
	.init = liar_begin,
	.exit = liar_end,
	.test_cases = answer_cases,
};

kunit_test_suite(answer_suite);

MODULE_DESCRIPTION("braid: tests of a writer whose target lies");
MODULE_LICENSE("GPL");
