// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device in the hands of several threads, as in a virtual machine monitor:
 * virtual CPUs, a thread that sets interrupts up, an unmask eventfd, a clock,
 * a worker for jobs.
 *
 * The mutex and ASAN find what they can; -fsanitize=thread finds the rest.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <pthread.h>

#include "gadget.h"
#include "random.h"
#include "suites.h"
#include "uart.h"
#include "unit.h"

#define ROUNDS		20000

struct machine {
	struct front *front;
	struct mutex irq_gate;	/* a front serialises vdev_set_irqs() */
	pthread_barrier_t start; /* or the first would be done before the last */
	bool over;		/* nobody makes work for a worker any more */
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

/* A device with memory and jobs */

static void *driver(void *arg)
{
	struct machine *machine = arg;
	struct front *front = machine->front;
	unsigned int i;

	random_seed((unsigned long)pthread_self());
	pthread_barrier_wait(&machine->start);
	for (i = 0; i < ROUNDS; i++) {
		switch (random_below(16)) {
		case 0:
			config_write(front, PCI_COMMAND, 2, random_u64());
			break;
		case 1:
			power_state(front, random_one_in(4) ? 3 : 0);
			break;
		case 2:
			/* function level reset, once in a while */
			config_write(front, 0x78, 2,
				     random_one_in(32) ? 0x8000 : 0);
			break;
		case 3:
		case 4:
			front_write(front, 0, 0x4000 + 8 * random_below(256), 8,
				    random_u64());
			break;
		case 5:
			front_read(front, 2, 0x8000, 8);
			break;
		case 6:
			front_write(front, 2, GADGET_LEVEL, 4, random_u64());
			break;
		case 7:
			front_write(front, 2, GADGET_MESSAGE, 4,
				    random_below(70));
			break;
		case 8:
		case 9:
			command_set(front, 6);
			power_state(front, 0);
			break;
		default:
			front_write(front, 2, GADGET_DOORBELL, 4,
				    random_below(GADGET_JOBS));
		}
	}
	return NULL;
}

static void *binder(void *arg)
{
	static const s32 fds[] = { EVENTFD(0), -1, EVENTFD(2), EVENTFD(3) };
	struct machine *machine = arg;
	struct front *front = machine->front;
	unsigned int i, index;

	random_seed(2);
	pthread_barrier_wait(&machine->start);
	for (i = 0; i < ROUNDS; i++) {
		index = random_one_in(2) ? VDEV_IRQ_MSIX : random_below(2);
		mutex_lock(&machine->irq_gate);
		if (random_one_in(4))
			irq_disable(front, index);
		else
			irq_bind_block(front, index, random_below(8),
				       random_below(4), fds);
		mutex_unlock(&machine->irq_gate);
		if (random_one_in(256))
			vdev_reset(front->vdev);
	}
	return NULL;
}

static void *worker(void *arg)
{
	struct machine *machine = arg;

	pthread_barrier_wait(&machine->start);
	while (!__atomic_load_n(&machine->over, __ATOMIC_RELAXED))
		front_run_jobs(machine->front);
	return NULL;
}

/* Two workers: a front need not see to it that there is but one. */
static void share_memory_and_jobs(void)
{
	void *(*const runs[])(void *) = {
		driver, driver, binder, worker, worker,
	};
	struct machine machine = { .front = gadget_open() };
	struct front *front = machine.front;
	pthread_t threads[ARRAY_SIZE(runs)];
	unsigned int i;

	user_map(front, 0x1000, 1);
	user_map(front, 0x2000, 2);
	mutex_init(&machine.irq_gate);
	pthread_barrier_init(&machine.start, NULL, ARRAY_SIZE(runs));
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		EXPECT(!pthread_create(&threads[i], NULL, runs[i], &machine));
	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		/* there is work for as long as the others make some */
		if (runs[i] == worker)
			__atomic_store_n(&machine.over, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
	}
	pthread_barrier_destroy(&machine.start);
	mutex_destroy(&machine.irq_gate);

	/* and after all that it works */
	config_write(front, 0x78, 2, 0x8000);
	command_set(front, PCI_COMMAND_MASTER);
	front->user.accesses = 0;
	gadget_queue(front, 0);
	EXPECT(front_run_jobs(front));
	EXPECT_EQ(front->user.accesses, 4);
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(share_a_device),
	UNIT_CASE(share_memory_and_jobs),
	{ }
};

const struct unit_suite threads_suite = { "threads", cases };
