// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * VERSION: what protocol client and server speak, and how much of what each
 * can take. It opens the device.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include <linux/kernel.h>

#include "commands.h"
#include "report.h"
#include "server_private.h"

/* A number is a positive integer where it is given. 0 or -EINVAL. */
static int get_number(const json_t *capabilities, const char *name,
		      json_int_t *value)
{
	json_t *number = json_object_get(capabilities, name);

	if (!number)
		return 0;
	if (!json_is_integer(number) || json_integer_value(number) <= 0) {
		report("client's capability %s is no positive integer", name);
		return -EINVAL;
	}
	*value = json_integer_value(number);
	return 0;
}

static int get_bool(const json_t *capabilities, const char *name, bool *value)
{
	json_t *boolean = json_object_get(capabilities, name);

	if (!boolean)
		return 0;
	if (!json_is_boolean(boolean)) {
		report("client's capability %s is neither true nor false",
		       name);
		return -EINVAL;
	}
	*value = json_is_true(boolean);
	return 0;
}

/*
 * The client's capabilities. Only what a server needs is looked at: what else
 * there is may be of a newer protocol.
 */
static int use_capabilities(struct client *client, const json_t *root,
			    bool *write_multiple)
{
	const json_t *capabilities = json_object_get(root, "capabilities");
	json_int_t max_data_xfer_size = MAX_DATA_XFER_SIZE;
	json_int_t max_msg_fds = 1;
	int ret;

	if (json_is_object(root) && !capabilities)
		return 0;
	if (!json_is_object(capabilities)) {
		report("client's capabilities are no JSON object");
		return -EINVAL;
	}
	ret = get_number(capabilities, "max_msg_fds", &max_msg_fds);
	if (!ret)
		ret = get_number(capabilities, "max_data_xfer_size",
				 &max_data_xfer_size);
	if (!ret)
		ret = get_bool(capabilities, "write_multiple", write_multiple);
	if (ret)
		return ret;
	client->max_data_xfer_size = min_t(u64, max_data_xfer_size,
					   MAX_DATA_XFER_SIZE);
	return 0;
}

/* @text ends with a NUL that @size counts. */
static json_t *parse(const u8 *text, size_t size)
{
	json_error_t error;
	json_t *root;

	if (text[size - 1]) {
		report("client's version data does not end with a NUL");
		return NULL;
	}
	root = json_loadb((const char *)text, size - 1, JSON_REJECT_DUPLICATES,
			  &error);
	if (!root)
		report("client's version data is no JSON: byte %d: %s",
		       error.position, error.text);
	return root;
}

static int reply_capabilities(struct reply *reply, bool write_multiple)
{
	char *room = (char *)reply->body + reply->size;
	size_t size;
	json_t *root;

	root = json_pack("{s:{s:i,s:i,s:i,s:i}}", "capabilities",
			 "max_msg_fds", MAX_MSG_FDS,
			 "max_data_xfer_size", MAX_DATA_XFER_SIZE,
			 "max_dma_maps", MAX_DMA_MAPS,
			 "pgsizes", DMA_PAGE_SIZE);
	if (!root)
		return -ENOMEM;
	/* the protocol wants no capability in the reply that was not offered */
	if (write_multiple)
		json_object_set_new(json_object_get(root, "capabilities"),
				    "write_multiple", json_true());

	/* Compact: QEMU takes no longer a reply than its own message was. */
	size = json_dumpb(root, room, MAX_BODY_SIZE - reply->size - 1,
			  JSON_COMPACT);
	json_decref(root);
	if (!size)
		return -ENOMEM;
	room[size] = '\0';
	reply->size += size + 1;
	return 0;
}

/* A client that sends no capabilities expects none. */
static int negotiate(struct client *client, const u8 *text, size_t size,
		     struct reply *reply)
{
	bool write_multiple = false;
	json_t *root;
	int ret;

	if (!size)
		return 0;
	root = parse(text, size);
	if (!root)
		return -EINVAL;
	ret = use_capabilities(client, root, &write_multiple);
	json_decref(root);
	return ret ? ret : reply_capabilities(reply, write_multiple);
}

int handle_version(struct client *client, const struct message *message,
		   struct reply *reply)
{
	struct vfio_user_version version;
	int ret;

	memcpy(&version, message->body, sizeof(version));
	if (version.major != VFIO_USER_MAJOR) {
		report("client speaks vfio-user %u.%u, this server %u.0 to %u.%u",
		       version.major, version.minor, VFIO_USER_MAJOR,
		       VFIO_USER_MAJOR, VFIO_USER_MINOR);
		return -EINVAL;
	}
	version.minor = min_t(u16, version.minor, VFIO_USER_MINOR);
	reply_add(reply, &version, sizeof(version));
	ret = negotiate(client, message->body + sizeof(version),
			message->size - sizeof(version), reply);
	if (ret)
		return ret;

	vdev_open(client->server->vdev);
	client->negotiated = true;
	return 0;
}
