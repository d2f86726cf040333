/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a device's interrupt condition, told as a story of wires: a
 * model drives a line; a gate lets it through or not; a user has an eventfd.
 */
#ifndef _UNIT_IRQ_ORACLE_H
#define _UNIT_IRQ_ORACLE_H

#include <linux/types.h>

enum irq_user { USES_NOTHING, USES_INTX, USES_MSI };

/**
 * struct irq_oracle - all that decides who is signalled
 * @user: what the user has set up
 * @fd: the eventfd, or -1
 * @line: the interrupt condition
 * @masked: INTx is masked
 * @unsent: MSI: the rise has not been told
 * @disintx: COMMAND.INTX_DISABLE
 * @master: COMMAND.MASTER
 * @asleep: D3hot
 * @signals: how often each eventfd (by its number) was signalled
 */
struct irq_oracle {
	enum irq_user user;
	int fd;
	bool line;
	bool masked;
	bool unsent;
	bool disintx;
	bool master;
	bool asleep;
	unsigned int signals[32];
};

void irq_oracle_line(struct irq_oracle *oracle, bool line);
void irq_oracle_command(struct irq_oracle *oracle, bool disintx, bool master);
void irq_oracle_sleep(struct irq_oracle *oracle, bool asleep);
void irq_oracle_reset(struct irq_oracle *oracle);
void irq_oracle_leave(struct irq_oracle *oracle);

/* These answer as SET_IRQS does: 0 or a negative errno. */
int irq_oracle_bind(struct irq_oracle *oracle, enum irq_user user, int fd,
		    int fd_error);
int irq_oracle_disable(struct irq_oracle *oracle, enum irq_user user);
int irq_oracle_loopback(struct irq_oracle *oracle, enum irq_user user);
int irq_oracle_mask(struct irq_oracle *oracle);
int irq_oracle_unmask(struct irq_oracle *oracle);

#endif /* _UNIT_IRQ_ORACLE_H */
