// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open, reset, close: nothing of one user reaches the next. The class is that
 * of device models which keep FIFO, registers or eventfds across users.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "config_oracle.h"
#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/must.h"
#include "lib/subject.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK

FIXTURE(user)
{
	struct subject subject;
	struct vfio_dev *dev;
	int event;
};

FIXTURE_VARIANT(user)
{
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(user, container)
{
	.path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(user, iommufd)
{
	.path = DEV_PATH_IOMMUFD,
};

FIXTURE_SETUP(user)
{
	int ret = subject_find(&self->subject, SUBJECT_PORTS_1);
	const char *why;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, variant->path);
	if (why)
		SKIP(return, "%s", why);
	self->dev = &self->subject.dev;
	self->event = event_new();
	ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc, variant->path));
}

FIXTURE_TEARDOWN(user)
{
	close(self->event);
	subject_close(&self->subject);
}

/* Leaves something in every place that keeps something. */
static void make_a_mess(struct vfio_dev *dev, unsigned int ports)
{
	__u8 buf[CONFIG_SIZE];
	unsigned int port;

	memset(buf, 0xff, sizeof(buf));
	/* ... but for the power state, or the UARTs were out of reach */
	dev_write(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, 0x44, 0);
	dev_write(dev, VFIO_PCI_CONFIG_REGION_INDEX, buf, 0xb8, 0x48);
	for (port = 0; port < ports; port++) {
		uart_out(dev, port, UART_LCR, UART_LCR_WLEN8);
		uart_set_divisor(dev, port, 0x4567);
		uart_out(dev, port, UART_FCR, UART_FCR_ENABLE_FIFO |
			 UART_FCR_TRIGGER_14);
		uart_send(dev, port, "secret of the user", 18);
		uart_out(dev, port, UART_MCR, UART_MCR_RTS | UART_MCR_OUT2);
		uart_out(dev, port, UART_IER, 0x0f);
		uart_out(dev, port, UART_SCR, 0xee);
		uart_out(dev, port, UART_LCR, 0x7b);
	}
	config_write8(dev, 0x44, 3);
}

static const struct { __u8 reg, val; } power_on[] = {
	{ UART_LSR, UART_LSR_THRE | UART_LSR_TEMT }, { UART_IER, 0 },
	{ UART_IIR, UART_IIR_NO_INT }, { UART_LCR, 0 }, { UART_MCR, 0 },
	{ UART_MSR, 0 }, { UART_SCR, 0 },
};

/* Whether everything is as after power-on; it switches decoding on. */
static bool is_clean(struct __test_metadata *_metadata, struct vfio_dev *dev,
		     unsigned int ports)
{
	struct config_oracle oracle;
	__u8 seen[CONFIG_SIZE];
	unsigned int i, port;
	bool clean;

	config_oracle_init(&oracle, ports);
	config_snapshot(dev, seen);
	i = config_oracle_compare(&oracle, seen);
	clean = i == ORACLE_SIZE;
	if (!clean)
		TH_LOG("config 0x%02x is 0x%02x", i, seen[i]);

	mtty_decode(dev);
	for (port = 0; port < ports; port++) {
		for (i = 0; i < ARRAY_SIZE(power_on); i++) {
			__u8 val = uart_in(dev, port, power_on[i].reg);

			if (val == power_on[i].val)
				continue;
			TH_LOG("port %u register %u is 0x%02x", port,
			       power_on[i].reg, val);
			clean = false;
		}
		uart_out(dev, port, UART_LCR, UART_LCR_DLAB);
		if (uart_in(dev, port, UART_DLL) != 12 ||
		    uart_in(dev, port, UART_DLM)) {
			TH_LOG("divisor of port %u", port);
			clean = false;
		}
		uart_out(dev, port, UART_LCR, 0);
	}
	return clean;
}

/* Whether an interrupt can be had; leaves INTx off. */
static bool irq_works(struct vfio_dev *dev)
{
	int event = event_new();
	bool works;

	if (irq_bind(dev, INTX, event))
		return false;
	mtty_raise(dev, 0);
	works = event_wait(event) == 1;
	mtty_lower(dev, 0);
	irq_disable(dev, INTX);
	close(event);
	return works;
}

/* VFIO_DEVICE_RESET leaves nothing behind. */
TEST_F(user, reset_is_complete)
{
	EXPECT_TRUE(is_clean(_metadata, self->dev, self->subject.ports));
	make_a_mess(self->dev, self->subject.ports);
	ASSERT_EQ(0, dev_reset(self->dev));
	EXPECT_TRUE(is_clean(_metadata, self->dev, self->subject.ports));
	EXPECT_TRUE(irq_works(self->dev));
}

/* Neither does a close; no reset is needed after an open. */
TEST_F(user, close_is_complete)
{
	make_a_mess(self->dev, self->subject.ports);
	dev_close(self->dev);
	ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc, variant->path));
	EXPECT_TRUE(is_clean(_metadata, self->dev, self->subject.ports));
	EXPECT_TRUE(irq_works(self->dev));
}

/* The next user may come by the other path. */
TEST_F(user, close_then_other_path)
{
	enum dev_path other = variant->path == DEV_PATH_IOMMUFD ?
		DEV_PATH_CONTAINER : DEV_PATH_IOMMUFD;
	const char *why;

	why = dev_path_lacks(&self->subject.loc, other);
	if (why)
		SKIP(return, "%s", why);
	make_a_mess(self->dev, self->subject.ports);
	dev_close(self->dev);
	ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc, other));
	EXPECT_TRUE(is_clean(_metadata, self->dev, self->subject.ports));
}

enum irq_state { OFF, INTX_IDLE, INTX_PENDING, INTX_MASKED, INTX_UNMASK_FD,
		 INTX_NO_FD, MSI_IDLE, MSI_PENDING, MSI_OWED, NUM_IRQ_STATES };

static void set_up_irq(struct vfio_dev *dev, enum irq_state state, int event,
		       int unmask)
{
	config_command(dev, PCI_COMMAND_INTX_DISABLE,
		       PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	if (state == OFF)
		return;
	if (state == MSI_OWED)
		config_command(dev, PCI_COMMAND_MASTER, 0);
	must(!irq_bind(dev, state >= MSI_IDLE ? MSI : INTX,
		       state == INTX_NO_FD ? -1 : event), "irq set-up");
	if (state == INTX_MASKED)
		irq_mask(dev);
	if (state == INTX_UNMASK_FD)
		irq_eventfd(dev, INTX, UNMASK, unmask);
	if (state != INTX_IDLE && state != MSI_IDLE)
		mtty_raise(dev, 0);
}

/* Close in every state of the interrupts; the old eventfds hear no more. */
TEST_F(user, close_in_every_irq_state)
{
	enum irq_state state;
	int unmask;

	for (state = OFF; state < NUM_IRQ_STATES; state++) {
		unmask = event_new();
		set_up_irq(self->dev, state, self->event, unmask);
		dev_close(self->dev);
		event_take(self->event);
		event_send(unmask);

		ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
				      variant->path));
		EXPECT_TRUE(is_clean(_metadata, self->dev,
				     self->subject.ports)) {
			TH_LOG("after irq state %u", state);
		}
		/* nothing is set up: a loopback is refused */
		EXPECT_EQ(-EINVAL, irq_none(self->dev, INTX,
					    VFIO_IRQ_SET_ACTION_TRIGGER));
		EXPECT_TRUE(irq_works(self->dev));
		EXPECT_EQ(0, event_take(self->event));
		/* the old unmask eventfd was let go: its count is unread */
		EXPECT_EQ(1, event_take(unmask));
		close(unmask);
	}
}

/* Reset in every state of the interrupts; what was set up stays set up. */
TEST_F(user, reset_in_every_irq_state)
{
	enum irq_state state;
	int unmask;

	for (state = OFF; state < NUM_IRQ_STATES; state++) {
		unmask = event_new();
		set_up_irq(self->dev, state, self->event, unmask);
		ASSERT_EQ(0, dev_reset(self->dev));
		event_take(self->event);
		EXPECT_TRUE(is_clean(_metadata, self->dev,
				     self->subject.ports)) {
			TH_LOG("after irq state %u", state);
		}
		EXPECT_EQ(0, event_stray(self->event));
		if (state != OFF)
			EXPECT_EQ(0, irq_disable(self->dev, state >= MSI_IDLE ?
						 MSI : INTX));
		EXPECT_TRUE(irq_works(self->dev));
		close(unmask);
	}
}

/* A time-out that runs when the device is closed is not the next user's. */
TEST_F(user, close_with_a_running_timeout)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		mtty_decode(self->dev);
		uart_set_divisor(self->dev, 0, i & 1 ? 1 : 60);
		uart_out(self->dev, 0, UART_FCR, UART_FCR_ENABLE_FIFO |
			 UART_FCR_TRIGGER_14);
		uart_out(self->dev, 0, UART_IER, UART_IER_RDI);
		uart_out(self->dev, 0, UART_TX, 'a');
		dev_close(self->dev);
		ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
				      variant->path));
		/*
		 * It may have been fast enough to come before the close, of
		 * which a server learns when it looks.
		 */
		event_take(self->event);
		ASSERT_EQ(0, irq_bind(self->dev, INTX, self->event));
		mtty_decode(self->dev);
		uart_out(self->dev, 0, UART_IER, UART_IER_RDI);
		ASSERT_EQ(0, event_wait_ms(self->event, 10));
		ASSERT_EQ(UART_IIR_NO_INT, uart_in(self->dev, 0, UART_IIR));
	}
}

/* fork(2): the device is open until the last descriptor is closed. */
TEST_F(user, fork_keeps_it_open)
{
	int to_child[2], status;
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(to_child));
	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_SCR, 0x61);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(to_child[1]);
		/* until the parent has closed its own */
		if (read(to_child[0], &byte, 1) < 0)
			_exit(1);
		_exit(uart_in(self->dev, 0, UART_SCR) != 0x61);
	}
	close(to_child[0]);
	/* the child changes nothing by having it, nor the parent by closing */
	EXPECT_EQ(0x61, uart_in(self->dev, 0, UART_SCR));
	dev_close(self->dev);
	EXPECT_GT(0, dev_open(self->dev, &self->subject.loc, variant->path));
	close(to_child[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc, variant->path));
	EXPECT_TRUE(is_clean(_metadata, self->dev, self->subject.ports));
}

/* kill -9 of the user is a close like any other. */
TEST_F(user, killed_owner)
{
	enum irq_state state;
	int ready[2], status, unmask;
	pid_t child;
	char byte;

	dev_close(self->dev);
	for (state = OFF; state < NUM_IRQ_STATES; state++) {
		unmask = event_new();
		ASSERT_EQ(0, pipe(ready));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			if (dev_open(self->dev, &self->subject.loc,
				     variant->path))
				_exit(1);
			make_a_mess(self->dev, self->subject.ports);
			config_power_state(self->dev, 0);
			set_up_irq(self->dev, state, self->event, unmask);
			if (write(ready[1], "r", 1) == 1)
				pause();
			_exit(1);
		}
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		close(ready[0]);
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		event_take(self->event);

		ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
				      variant->path));
		EXPECT_TRUE(is_clean(_metadata, self->dev,
				     self->subject.ports)) {
			TH_LOG("after irq state %u", state);
		}
		EXPECT_TRUE(irq_works(self->dev));
		EXPECT_EQ(0, event_take(self->event));
		dev_close(self->dev);
		close(unmask);
	}
}

FIXTURE(two_files)
{
	struct subject subject;
	struct vfio_dev *dev;
	struct vfio_dev second;
};

FIXTURE_SETUP(two_files)
{
	int ret = subject_find(&self->subject, SUBJECT_PORTS_1);
	const char *why;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	why = dev_path_lacks(&self->subject.loc, DEV_PATH_CONTAINER);
	if (why)
		SKIP(return, "%s", why);
	self->dev = &self->subject.dev;
	ASSERT_EQ(0, dev_open(self->dev, &self->subject.loc,
			      DEV_PATH_CONTAINER));
	ASSERT_EQ(0, dev_open_second(self->dev, &self->second));
}

FIXTURE_TEARDOWN(two_files)
{
	dev_close(&self->second);
	subject_close(&self->subject);
}

/* VFIO_GROUP_GET_DEVICE_FD twice: two files of one device. */
TEST_F(two_files, share_the_device)
{
	int event = event_new();

	mtty_decode(self->dev);
	uart_out(&self->second, 0, UART_SCR, 0x12);
	EXPECT_EQ(0x12, uart_in(self->dev, 0, UART_SCR));
	ASSERT_EQ(0, irq_bind(&self->second, INTX, event));
	EXPECT_EQ(0, irq_none(self->dev, INTX, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(1, event_wait(event));
	EXPECT_EQ(0, dev_reset(&self->second));
	EXPECT_EQ(0, config_read16(self->dev, PCI_COMMAND));
	close(event);
}

/* Opening another file is no power cycle, closing one of two neither. */
TEST_F(two_files, only_the_last_close_counts)
{
	int event = event_new();

	mtty_decode(self->dev);
	uart_out(self->dev, 0, UART_SCR, 0x34);
	ASSERT_EQ(0, irq_bind(self->dev, INTX, event));
	dev_close(&self->second);
	EXPECT_EQ(0x34, uart_in(self->dev, 0, UART_SCR));
	ASSERT_EQ(0, dev_open_second(self->dev, &self->second));
	EXPECT_EQ(0x34, uart_in(&self->second, 0, UART_SCR));

	/* the file that set up the interrupt goes; the interrupt stays */
	close(self->dev->fd);
	self->dev->fd = -1;
	EXPECT_EQ(0x34, uart_in(&self->second, 0, UART_SCR));
	mtty_raise(&self->second, 0);
	EXPECT_EQ(1, event_wait(event));

	dev_close(&self->second);
	ASSERT_EQ(0, dev_open_second(self->dev, &self->second));
	EXPECT_TRUE(is_clean(_metadata, &self->second, self->subject.ports));
	EXPECT_EQ(0, event_take(event));
	close(event);
}

/* A device file outlives the descriptors of its group and container. */
TEST_F(two_files, group_and_container_closed_first)
{
	mtty_decode(self->dev);
	close(self->dev->group_fd);
	close(self->dev->iommu_fd);
	self->dev->group_fd = -1;
	self->dev->iommu_fd = -1;
	uart_out(self->dev, 0, UART_SCR, 0x56);
	EXPECT_EQ(0x56, uart_in(&self->second, 0, UART_SCR));
	EXPECT_TRUE(irq_works(self->dev));
}

TEST_HARNESS_MAIN
