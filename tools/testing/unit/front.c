// SPDX-License-Identifier: GPL-2.0-only
/*
 * See front.h.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/vfio.h>
#include <stdlib.h>

#include "front.h"
#include "registry.h"
#include "unit.h"

#define START_OF_TIME	1000000000ULL
#define PMCSR		0x44

struct vdev_trigger {
	struct vdev *vdev;
	struct front *front;
	int fd;
};

/* Services */

static u64 fake_now(struct vdev *vdev)
{
	struct front *front = vdev->front_data;

	return front->now;
}

static void fake_alarm(struct vdev *vdev, u64 deadline)
{
	struct front *front = vdev->front_data;

	lockdep_assert_held(&vdev->lock);
	front->alarm = deadline;
}

static struct vdev_trigger *fake_trigger_get(struct vdev *vdev, int fd)
{
	struct front *front = vdev->front_data;
	struct vdev_trigger *trigger;

	EXPECT(fd >= 0);
	if (fd == PLAIN_FILE_FD)
		return ERR_PTR(-EINVAL);
	if (fd < EVENTFD(0) || fd >= EVENTFD(NR_EVENTFDS))
		return ERR_PTR(-EBADF);
	trigger = malloc(sizeof(*trigger));
	EXPECT(trigger);
	*trigger = (struct vdev_trigger) {
		.vdev = vdev, .front = front, .fd = fd,
	};
	front->triggers++;
	return trigger;
}

static void fake_trigger_put(struct vdev_trigger *trigger)
{
	trigger->front->triggers--;
	free(trigger);
}

static void fake_trigger_signal(struct vdev_trigger *trigger)
{
	lockdep_assert_held(&trigger->vdev->lock);
	trigger->front->signals[trigger->fd - EVENTFD(0)]++;
}

static int fake_unmask_bind(struct vdev *vdev, int fd)
{
	struct front *front = vdev->front_data;

	lockdep_assert_not_held(&vdev->lock);
	EXPECT(fd >= -1);
	if (fd < 0) {
		front->unmask_drops += front->unmask_fd >= 0;
		front->unmask_fd = -1;
		return 0;
	}
	if (fd == PLAIN_FILE_FD)
		return -EINVAL;
	if (fd < EVENTFD(0) || fd >= EVENTFD(NR_EVENTFDS))
		return -EBADF;
	if (front->unmask_fd >= 0)
		return -EBUSY;
	front->unmask_fd = fd;
	return 0;
}

static void fake_kick(struct vdev *vdev)
{
	struct front *front = vdev->front_data;

	lockdep_assert_held(&vdev->lock);
	front->kicks++;
}

static const struct vdev_front_ops fake_ops = {
	.now		= fake_now,
	.alarm		= fake_alarm,
	.trigger_get	= fake_trigger_get,
	.trigger_put	= fake_trigger_put,
	.trigger_signal	= fake_trigger_signal,
	.unmask_bind	= fake_unmask_bind,
	.kick		= fake_kick,
	.dma		= fake_dma,
	.mem_copy	= fake_mem_copy,
	.mem_decode	= fake_mem_decode,
	.mem_clear	= fake_mem_clear,
};

/* Life */

struct front *front_create(const struct vdev_family *family,
			   const struct vdev_model *model)
{
	struct front *front = calloc(1, sizeof(*front));
	struct vdev *vdev;

	EXPECT(front);
	front->now = START_OF_TIME;
	front->alarm = VDEV_TIME_NEVER;
	front->unmask_fd = -1;
	device_memory_init(front);

	vdev = vdev_create(family, model, &fake_ops, front);
	if (IS_ERR(vdev)) {
		free(front);
		return ERR_CAST(vdev);
	}
	front->vdev = vdev;
	return front;
}

struct front *front_create_type(const char *type)
{
	const struct vdev_family *family;
	const struct vdev_model *model = vdev_find_model(type, &family);

	if (!model)
		unit_fail(__FILE__, __LINE__, "no model %s", type);
	return front_create(family, model);
}

struct front *front_open(const char *type)
{
	struct front *front = front_create_type(type);

	EXPECT(!IS_ERR(front));
	vdev_open(front->vdev);
	return front;
}

void front_close(struct front *front)
{
	vdev_close(front->vdev);
	EXPECT_EQ(front->triggers, 0);
	EXPECT_EQ(front->unmask_fd, -1);
	front_destroy(front);
}

void front_destroy(struct front *front)
{
	vdev_destroy(front->vdev);
	/* what one user left there would be the next one's to see */
	EXPECT(list_empty(&front->memory.pages));
	free(front);
}

void front_advance(struct front *front, u64 ns)
{
	u64 end = front->now + ns;

	while (front->alarm <= end) {
		front->now = max(front->now, front->alarm);
		front->alarm = VDEV_TIME_NEVER;
		vdev_alarm(front->vdev);
		/* what is due now has been called, so time can go on */
		EXPECT(front->alarm > front->now);
	}
	front->now = end;
}

/* Accesses */

u64 front_read(struct front *front, unsigned int region, u32 offset,
	       unsigned int width)
{
	EXPECT(offset % width == 0);
	EXPECT(offset + width <= vdev_region_size(front->vdev, region));
	/* a front moves no more than it was asked for */
	return vdev_read(front->vdev, region, offset, width) &
	       (~0ULL >> (64 - 8 * width));
}

void front_write(struct front *front, unsigned int region, u32 offset,
		 unsigned int width, u64 value)
{
	EXPECT(offset % width == 0);
	EXPECT(offset + width <= vdev_region_size(front->vdev, region));
	vdev_write(front->vdev, region, offset, width, value);
}

u32 config_read(struct front *front, u32 offset, unsigned int width)
{
	return front_read(front, VDEV_REGION_CONFIG, offset, width);
}

void config_write(struct front *front, u32 offset, unsigned int width,
		  u32 value)
{
	front_write(front, VDEV_REGION_CONFIG, offset, width, value);
}

void command_set(struct front *front, u16 bits)
{
	config_write(front, PCI_COMMAND, 2,
		     config_read(front, PCI_COMMAND, 2) | bits);
}

void command_clear(struct front *front, u16 bits)
{
	config_write(front, PCI_COMMAND, 2,
		     config_read(front, PCI_COMMAND, 2) & ~bits);
}

void power_state(struct front *front, unsigned int state)
{
	config_write(front, PMCSR, 2, state);
}

/* Interrupts */

int front_set_irqs(struct front *front, u32 flags, unsigned int index,
		   unsigned int start, unsigned int count, const void *data)
{
	unsigned int nr = vdev_irq_count(front->vdev, index);

	if (start >= nr || start + count > nr)
		return -EINVAL;
	return vdev_set_irqs(front->vdev, flags, index, start, count, data);
}

int irq_bind_block(struct front *front, unsigned int index, unsigned int start,
		   unsigned int count, const s32 *fds)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_TRIGGER, index, start, count,
			      fds);
}

int irq_bind(struct front *front, unsigned int index, int fd)
{
	s32 data = fd;

	return irq_bind_block(front, index, 0, 1, &data);
}

int irq_disable(struct front *front, unsigned int index)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, index, 0, 0, NULL);
}

int irq_loopback(struct front *front, unsigned int index)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, index, 0, 1, NULL);
}

int intx_mask(struct front *front)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_MASK, VDEV_IRQ_INTX, 0, 1,
			      NULL);
}

int intx_unmask(struct front *front)
{
	return front_set_irqs(front, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_UNMASK, VDEV_IRQ_INTX, 0, 1,
			      NULL);
}

int intx_bind_unmask(struct front *front, int fd)
{
	s32 data = fd;

	return front_set_irqs(front, VFIO_IRQ_SET_DATA_EVENTFD |
			      VFIO_IRQ_SET_ACTION_UNMASK, VDEV_IRQ_INTX, 0, 1,
			      &data);
}

void front_signal_unmask(struct front *front, int fd)
{
	if (front->unmask_fd == fd)
		vdev_intx_unmask(front->vdev);
}

unsigned int front_signals(struct front *front, int fd)
{
	unsigned int *counter = &front->signals[fd - EVENTFD(0)];
	unsigned int signals = *counter;

	*counter = 0;
	return signals;
}

void model_irq(struct front *front, bool asserted)
{
	mutex_lock(&front->vdev->lock);
	vdev_irq(front->vdev, asserted);
	mutex_unlock(&front->vdev->lock);
}

bool model_msi(struct front *front, unsigned int vector)
{
	bool sent;

	mutex_lock(&front->vdev->lock);
	sent = vdev_msi(front->vdev, vector);
	mutex_unlock(&front->vdev->lock);
	return sent;
}

/* Jobs */

bool front_run_jobs(struct front *front)
{
	bool kicked;

	mutex_lock(&front->vdev->lock);
	kicked = front->kicks;
	front->kicks = 0;
	mutex_unlock(&front->vdev->lock);
	if (kicked)
		vdev_run_jobs(front->vdev);
	return kicked;
}
