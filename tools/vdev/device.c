// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What concerns the device as a whole: information, reset, features. Answers
 * are those that a VFIO device file gives.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "commands.h"
#include "server_private.h"

int handle_get_info(struct client *client, const struct message *message,
		    struct reply *reply)
{
	struct vfio_user_device_info info;

	memcpy(&info, message->body, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VDEV_NUM_REGIONS;
	info.num_irqs = VDEV_NUM_IRQS;
	reply_add(reply, &info, sizeof(info));
	return 0;
}

int handle_reset(struct client *client, const struct message *message,
		 struct reply *reply)
{
	vdev_reset(client->server->vdev);
	return 0;
}

/* Malformed requests are refused as such, before the feature is looked for. */
int handle_feature(struct client *client, const struct message *message,
		   struct reply *reply)
{
	const u32 actions = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET |
			    VFIO_DEVICE_FEATURE_PROBE;
	struct vfio_device_feature feature;
	u32 action;

	memcpy(&feature, message->body, sizeof(feature));
	action = feature.flags & ~VFIO_DEVICE_FEATURE_MASK;
	if (feature.argsz < sizeof(feature) || (action & ~actions))
		return -EINVAL;
	if (action == (VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET))
		return -EINVAL;
	return -ENOTTY;
}
