// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reading who the device is whose state the stream has: one like this?
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "read.h"

/* Of a text shown in a reason. */
#define SHOWN			48

/* The fields that are known, at their ids. */
static const struct {
	u8 type;
	const char *name;
} known_fields[] = {
	[VFIO_MIG_ID_MODEL] = { VFIO_MIG_TEXT, "model" },
	[VFIO_MIG_ID_VERSION] = { VFIO_MIG_TEXT, "version" },
	[VFIO_MIG_ID_PARAMETERS] = { VFIO_MIG_TEXT, "parameters" },
	[VFIO_MIG_ID_AREAS] = { VFIO_MIG_U64, "areas" },
};

#define NR_KNOWN		ARRAY_SIZE(known_fields)

static bool text_valid(const struct vmig_taken *taken, bool lines)
{
	u32 i;

	for (i = 0; i < taken->length; i++)
		if ((taken->data[i] < ' ' || taken->data[i] > '~') &&
		    !(lines && taken->data[i] == '\n'))
			return false;
	return true;
}

static int check_known(struct vmig_reader *reader,
		       const struct vmig_taken *taken)
{
	const char *name = known_fields[taken->id].name;

	if (taken->type != known_fields[taken->id].type)
		return vmig_refuse(reader, -EINVAL,
				   "the identity's %s is of type %u, not %u",
				   name, taken->type,
				   known_fields[taken->id].type);
	if (!taken->length)
		return vmig_refuse(reader, -EINVAL,
				   "the identity's %s is empty", name);
	if (taken->type == VFIO_MIG_TEXT &&
	    !text_valid(taken, taken->id == VFIO_MIG_ID_PARAMETERS))
		return vmig_refuse(reader, -EINVAL,
				   "the identity's %s is no text", name);
	return 0;
}

static int check_text(struct vmig_reader *reader,
		      const struct vmig_taken *taken, const char *here)
{
	if (taken->length == strlen(here) &&
	    !memcmp(taken->data, here, taken->length))
		return 0;
	return vmig_refuse(reader, -EINVAL,
			   "the stream's %s is \"%.*s\", this device's is \"%.*s\"",
			   known_fields[taken->id].name,
			   (int)min_t(u32, taken->length, SHOWN),
			   taken->length ? (const char *)taken->data : "",
			   SHOWN, here);
}

static int check_parameters(struct vmig_reader *reader,
			    const struct vmig_taken *taken)
{
	const char * const *here = reader->desc->parameters;
	const char *line = (const char *)taken->data, *end;
	u32 left = taken->length;
	u32 length;

	for (; left; left -= length + 1, line = end + 1) {
		end = memchr(line, '\n', left);
		if (!end)
			return vmig_refuse(reader, -EINVAL,
					   "the identity's last parameter is no line");
		length = end - line;
		if (!here || !*here)
			return vmig_refuse(reader, -EINVAL,
					   "the stream's device has \"%.*s\", this one has no such parameter",
					   (int)min_t(u32, length, SHOWN),
					   line);
		if (length != strlen(*here) || memcmp(line, *here, length))
			return vmig_refuse(reader, -EINVAL,
					   "the stream's device has \"%.*s\", this one has \"%.*s\"",
					   (int)min_t(u32, length, SHOWN),
					   line, SHOWN, *here);
		here++;
	}
	if (here && *here)
		return vmig_refuse(reader, -EINVAL,
				   "this device has \"%.*s\", the stream's has no such parameter",
				   SHOWN, *here);
	return 0;
}

static int check_areas(struct vmig_reader *reader,
		       const struct vmig_taken *taken)
{
	const struct vmig_area *here = reader->desc->areas;
	unsigned int nr = reader->desc->nr_areas;
	__le64 area[2];
	unsigned int i;

	if (taken->length != nr * sizeof(area))
		return vmig_refuse(reader, -EINVAL,
				   "the stream has %u bytes of areas, not %zu for the %u of this device",
				   taken->length, nr * sizeof(area), nr);
	for (i = 0; i < nr; i++, here++) {
		memcpy(area, taken->data + i * sizeof(area), sizeof(area));
		if (le64_to_cpu(area[0]) == here->id &&
		    le64_to_cpu(area[1]) == here->size)
			continue;
		return vmig_refuse(reader, -EINVAL,
				   "the stream has area %llu of 0x%llx bytes, this device has %u (%.24s) of 0x%llx",
				   le64_to_cpu(area[0]), le64_to_cpu(area[1]),
				   here->id, here->name, here->size);
	}
	return 0;
}

/* Is it this device? Fields that are absent have no elements. */
static int check_identity(struct vmig_reader *reader,
			  const struct vmig_taken *fields)
{
	int ret;

	ret = check_text(reader, &fields[VFIO_MIG_ID_MODEL],
			 reader->desc->model);
	if (!ret)
		ret = check_text(reader, &fields[VFIO_MIG_ID_VERSION],
				 reader->desc->version);
	if (!ret)
		ret = check_parameters(reader,
				       &fields[VFIO_MIG_ID_PARAMETERS]);
	if (!ret)
		ret = check_areas(reader, &fields[VFIO_MIG_ID_AREAS]);
	return ret;
}

/* Keep the field in @fields if it is known. */
static int keep_field(struct vmig_reader *reader,
		      const struct vmig_taken *taken,
		      struct vmig_taken *fields)
{
	if (!taken->id || taken->id >= NR_KNOWN) {
		if (taken->flags & VFIO_MIG_OPTIONAL)
			return 0;
		return vmig_refuse(reader, -EINVAL,
				   "the identity has field %u, which is unknown and not optional",
				   taken->id);
	}
	fields[taken->id] = *taken;
	return check_known(reader, taken);
}

int vmig_take_identity(struct vmig_reader *reader)
{
	struct vmig_taken fields[NR_KNOWN] = {};
	struct vmig_taken taken;
	unsigned int i;
	int last = -1;
	u32 at = 0;
	int ret;

	for (i = 0; i < NR_KNOWN; i++)
		fields[i].id = i;
	while ((ret = vmig_take_field(reader, &at, &taken)) > 0) {
		if (taken.id <= last)
			return vmig_refuse(reader, -EINVAL,
					   "the identity has field %u after field %d",
					   taken.id, last);
		last = taken.id;
		ret = keep_field(reader, &taken, fields);
		if (ret)
			return ret;
	}
	if (!ret)
		ret = check_identity(reader, fields);
	reader->identified = !ret;
	return ret;
}
