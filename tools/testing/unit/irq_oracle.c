// SPDX-License-Identifier: GPL-2.0-only
/*
 * See irq_oracle.h.
 */
#include <linux/errno.h>

#include "irq_oracle.h"

static void signal_user(struct irq_oracle *oracle)
{
	if (oracle->fd >= 0)
		oracle->signals[oracle->fd]++;
}

/* Whatever changed: is there something to tell, and may it be told? */
static void settle(struct irq_oracle *oracle)
{
	if (!oracle->line || oracle->asleep || oracle->fd < 0)
		return;
	if (oracle->user == USES_INTX && !oracle->disintx && !oracle->masked) {
		oracle->masked = true;
		signal_user(oracle);
	}
	if (oracle->user == USES_MSI && oracle->master && oracle->unsent) {
		oracle->unsent = false;
		signal_user(oracle);
	}
}

void irq_oracle_line(struct irq_oracle *oracle, bool line)
{
	if (line && !oracle->line)
		oracle->unsent = true;
	oracle->line = line;
	settle(oracle);
}

void irq_oracle_command(struct irq_oracle *oracle, bool disintx, bool master)
{
	if (oracle->disintx && !disintx)
		oracle->masked = false;
	oracle->disintx = disintx;
	oracle->master = master;
	settle(oracle);
}

void irq_oracle_sleep(struct irq_oracle *oracle, bool asleep)
{
	oracle->asleep = asleep;
	settle(oracle);
}

void irq_oracle_reset(struct irq_oracle *oracle)
{
	irq_oracle_line(oracle, false);
	irq_oracle_command(oracle, false, false);
	irq_oracle_sleep(oracle, false);
}

void irq_oracle_leave(struct irq_oracle *oracle)
{
	oracle->user = USES_NOTHING;
	oracle->fd = -1;
}

int irq_oracle_bind(struct irq_oracle *oracle, enum irq_user user, int fd,
		    int fd_error)
{
	bool fresh = oracle->user == USES_NOTHING;

	if (!fresh && oracle->user != user)
		return -EINVAL;
	if (fd_error) {
		/* vfio-pci gives a MSI's old eventfd up first */
		if (user == USES_MSI && !fresh)
			oracle->fd = -1;
		return fd_error;
	}
	if (fresh) {
		oracle->user = user;
		oracle->masked = false;
		oracle->unsent = true;
	}
	oracle->fd = fd;
	settle(oracle);
	return 0;
}

int irq_oracle_disable(struct irq_oracle *oracle, enum irq_user user)
{
	if (oracle->user != user)
		return -EINVAL;
	irq_oracle_leave(oracle);
	return 0;
}

int irq_oracle_loopback(struct irq_oracle *oracle, enum irq_user user)
{
	if (oracle->user != user)
		return -EINVAL;
	if (user == USES_MSI || !oracle->disintx)
		signal_user(oracle);
	return 0;
}

int irq_oracle_mask(struct irq_oracle *oracle)
{
	if (oracle->user != USES_INTX)
		return -EINVAL;
	oracle->masked = true;
	return 0;
}

int irq_oracle_unmask(struct irq_oracle *oracle)
{
	if (oracle->user != USES_INTX)
		return -EINVAL;
	if (!oracle->disintx)
		oracle->masked = false;
	settle(oracle);
	return 0;
}
