// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device in the hands of several threads, as in a virtual machine monitor:
 * virtual CPUs, a thread that sets interrupts up, an unmask eventfd, a clock.
 *
 * The mutex and ASAN find what they can; -fsanitize=thread finds the rest.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <pthread.h>

#include "random.h"
#include "suites.h"
#include "uart.h"
#include "unit.h"

#define ROUNDS		20000

struct machine {
	struct front *front;
	struct mutex irq_gate;	/* a front serialises vdev_set_irqs() */
};

static void *virtual_cpu(void *arg)
{
	struct machine *machine = arg;
	struct front *front = machine->front;
	unsigned int i, port;

	random_seed((unsigned long)pthread_self());
	for (i = 0; i < ROUNDS; i++) {
		port = random_below(2);
		switch (random_below(8)) {
		case 0:
			config_write(front, PCI_COMMAND, 2, random_u64());
			break;
		case 1:
			power_state(front, random_one_in(4) ? 3 : 0);
			break;
		case 2:
		case 3:
			uart_read(front, port, random_below(8));
			break;
		default:
			uart_write(front, port, random_below(5), random_u64());
		}
	}
	return NULL;
}

static void *user(void *arg)
{
	struct machine *machine = arg;
	struct front *front = machine->front;
	unsigned int i, index;

	random_seed(1);
	for (i = 0; i < ROUNDS; i++) {
		index = random_one_in(2) ? VDEV_IRQ_INTX : VDEV_IRQ_MSI;
		mutex_lock(&machine->irq_gate);
		switch (random_below(8)) {
		case 0:
			irq_bind(front, index, EVENTFD(random_below(8)));
			break;
		case 1:
			irq_disable(front, index);
			break;
		case 2:
			intx_bind_unmask(front, EVENTFD(0));
			break;
		case 3:
			intx_bind_unmask(front, -1);
			break;
		case 4:
			intx_mask(front);
			break;
		case 5:
			irq_bind(front, VDEV_IRQ_REQ, EVENTFD(1));
			break;
		default:
			intx_unmask(front);
		}
		mutex_unlock(&machine->irq_gate);
		if (random_one_in(100))
			vdev_reset(front->vdev);
	}
	return NULL;
}

/* Both come from contexts of their own, whatever the user is doing. */
static void *clock_and_unmask(void *arg)
{
	struct machine *machine = arg;
	struct vdev *vdev = machine->front->vdev;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		mutex_lock(&vdev->lock);
		machine->front->now += 100000;
		mutex_unlock(&vdev->lock);
		vdev_alarm(vdev);
		vdev_intx_unmask(vdev);
		vdev_request(vdev);
	}
	return NULL;
}

static void share_a_device(void)
{
	void *(*const runs[])(void *) = {
		virtual_cpu, virtual_cpu, user, clock_and_unmask,
	};
	struct machine machine = { .front = uart_open("mtty-2", "cross") };
	pthread_t threads[ARRAY_SIZE(runs)];
	unsigned int i;

	mutex_init(&machine.irq_gate);
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		EXPECT(!pthread_create(&threads[i], NULL, runs[i], &machine));
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		pthread_join(threads[i], NULL);
	mutex_destroy(&machine.irq_gate);
	front_close(machine.front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(share_a_device),
	{ }
};

const struct unit_suite threads_suite = { "threads", cases };
