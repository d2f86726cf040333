// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Interrupts: information and SET_IRQS. Requests are checked as the kernel
 * checks those of a VFIO device file, see its <linux/vfio.h>.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "server_private.h"

static_assert((int)VDEV_IRQ_INTX == VFIO_PCI_INTX_IRQ_INDEX, "as VFIO");
static_assert((int)VDEV_IRQ_MSI == VFIO_PCI_MSI_IRQ_INDEX, "as VFIO");
static_assert((int)VDEV_IRQ_MSIX == VFIO_PCI_MSIX_IRQ_INDEX, "as VFIO");
static_assert((int)VDEV_IRQ_ERR == VFIO_PCI_ERR_IRQ_INDEX, "as VFIO");
static_assert((int)VDEV_IRQ_REQ == VFIO_PCI_REQ_IRQ_INDEX, "as VFIO");
static_assert((int)VDEV_NUM_IRQS == VFIO_PCI_NUM_IRQS, "as VFIO");

int handle_get_irq_info(struct client *client, const struct message *message,
			struct reply *reply)
{
	struct vfio_irq_info info;

	memcpy(&info, message->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VDEV_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.count = vdev_irq_count(client->server->vdev, info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	if (info.count && info.index == VDEV_IRQ_INTX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	else if (info.count && info.index != VDEV_IRQ_MSIX)
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	reply_add(reply, &info, sizeof(info));
	return 0;
}

/* @left: how much data came with the request. 0 or -EINVAL. */
static int check_request(const struct vdev *vdev,
			 const struct vfio_irq_set *set, size_t left)
{
	const u32 known = VFIO_IRQ_SET_DATA_TYPE_MASK |
			  VFIO_IRQ_SET_ACTION_TYPE_MASK;
	unsigned int nr_irqs;

	if (set->argsz < sizeof(*set) || set->argsz - sizeof(*set) > left)
		return -EINVAL;
	if (set->index >= VDEV_NUM_IRQS || (set->flags & ~known))
		return -EINVAL;
	nr_irqs = vdev_irq_count(vdev, set->index);
	if (set->start >= nr_irqs || set->count > nr_irqs - set->start)
		return -EINVAL;

	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return set->argsz - sizeof(*set) < set->count ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/*
 * The file descriptors are not in the data, they come beside the message: one
 * for each interrupt, or none at all, which stands for -1 for each. A client
 * that has more of them than go with a message, or some and not others, sends
 * several messages.
 */
static int set_eventfds(struct vdev *vdev, const struct vfio_irq_set *set,
			const struct message *message)
{
	unsigned int i;
	s32 *fds;
	int ret = 0;

	if (message->nr_fds && message->nr_fds != set->count)
		return -EINVAL;
	if (set->index == VDEV_IRQ_MSI)
		ret = vdev_msi_extend(vdev, set->start, set->count);
	if (ret)
		return ret;
	fds = calloc(max(set->count, 1U), sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	for (i = 0; i < set->count; i++)
		fds[i] = message->nr_fds ? message->fds[i] : -1;
	ret = vdev_set_irqs(vdev, set->flags, set->index, set->start,
			    set->count, fds);
	free(fds);
	return ret;
}

int handle_set_irqs(struct client *client, const struct message *message,
		    struct reply *reply)
{
	struct vdev *vdev = client->server->vdev;
	struct vfio_irq_set set;
	int ret;

	memcpy(&set, message->body, sizeof(set));
	ret = check_request(vdev, &set, message->size - sizeof(set));
	if (ret)
		return ret;
	if (set.flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return set_eventfds(vdev, &set, message);
	if (message->nr_fds)
		return -EINVAL;
	return vdev_set_irqs(vdev, set.flags, set.index, set.start, set.count,
			     message->body + sizeof(set));
}
